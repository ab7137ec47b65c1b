"""Reports of the regions in PostgreSQL: the exact bytes, and their cells in columns."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.reports import Cell, KeptReport, Report
from control_plane.domain.words import RegionId
from control_plane.registry.tables_reports import CellRow, MachineRow, ReportRow


class SqlReports:
    """Reports as sent, and their cells."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, region: RegionId) -> KeptReport | None:
        """The region's last report."""
        wanted = select(ReportRow).where(col(ReportRow.region) == region)
        row = await self._session.scalar(wanted.order_by(col(ReportRow.sequence).desc()).limit(1))
        return None if row is None else _kept(row)

    async def get(self, region: RegionId, sequence: int) -> KeptReport | None:
        """One report without its bytes."""
        row = await self._session.get(ReportRow, (region, sequence))
        return None if row is None else _kept(row)

    async def body(self, region: RegionId, sequence: int) -> tuple[bytes, bytes] | None:
        """(exact bytes, signature) of a report."""
        row = await self._session.get(ReportRow, (region, sequence))
        return None if row is None else (row.body, row.signature)

    async def add(self, report: Report, body: bytes, signature: bytes, at: datetime) -> None:
        """Keep a report and its cells."""
        start = datetime.fromtimestamp(report.period_start, UTC)
        end = datetime.fromtimestamp(report.period_end, UTC)
        await self._session.execute(
            insert(ReportRow).values(
                region=report.region,
                sequence=report.sequence,
                digest=hashlib.sha256(body).digest(),
                body=body,
                signature=signature,
                period_start=start,
                period_end=end,
                first_index=report.first_index,
                next_index=report.next_index,
                ledger_size=report.ledger_size,
                ledger_root=report.ledger_root,
                k=report.k,
                p_permille=report.p_permille,
                profile=report.profile,
                received_at=at,
            )
        )
        place = {"region": report.region, "sequence": report.sequence, "period_start": start}
        cells = [
            {**place, "position": position, "period_end": end, **_columns(cell)}
            for position, cell in enumerate(report.cells)
        ]
        machines = [
            {**place, "position": position, "measure": line.measure, "model": line.model, "amount": line.amount}
            for position, line in enumerate(report.machines)
        ]
        if cells:
            await self._session.execute(insert(CellRow), cells)
        if machines:
            await self._session.execute(insert(MachineRow), machines)

    async def recent(self, region: RegionId | None, limit: int, before: int | None = None) -> Sequence[KeptReport]:
        """Newest first, with sequences below `before` where it is given."""
        order = col(ReportRow.received_at).desc(), col(ReportRow.region), col(ReportRow.sequence).desc()
        wanted = select(ReportRow).order_by(*order).limit(limit)
        if region is not None:
            wanted = wanted.where(col(ReportRow.region) == region)
        if before is not None:
            wanted = wanted.where(col(ReportRow.sequence) < before)
        return [_kept(row) for row in await self._session.scalars(wanted)]


def _columns(cell: Cell) -> dict[str, object]:
    return {
        "cost_centre": cell.cost_centre,
        "team": cell.team,
        "project": cell.project,
        "product": cell.product,
        "use_case": cell.use_case,
        "model": cell.model,
        "environment": cell.environment,
        "tier": cell.tier,
        "service": cell.service,
        "requests": cell.requests,
        "refused": cell.refused,
        "outcomes": [[word, count] for word, count in cell.outcomes],
        "refusals": [[word, count] for word, count in cell.refusals],
        "prompt_tokens": cell.prompt_tokens,
        "cached_tokens": cell.cached_tokens,
        "output_tokens": cell.output_tokens,
        "reasoning_tokens": cell.reasoning_tokens,
        "cost_micro": cell.cost_micro,
        "currency": cell.currency,
        "first_token_ms": list(cell.first_token_ms),
        "total_ms": list(cell.total_ms),
    }


def _kept(row: ReportRow) -> KeptReport:
    return KeptReport(
        region=RegionId(row.region),
        sequence=row.sequence,
        digest=row.digest,
        size=len(row.body),
        period_start=row.period_start,
        period_end=row.period_end,
        first_index=row.first_index,
        next_index=row.next_index,
        ledger_size=row.ledger_size,
        ledger_root=row.ledger_root,
        profile=row.profile,
        k=row.k,
        p_permille=row.p_permille,
        received_at=row.received_at,
    )
