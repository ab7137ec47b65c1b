"""Gates and requests for evidence in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.fleet import EvidenceRequest, Gate
from control_plane.domain.words import RegionId
from control_plane.registry.tables_people import EvidenceRow, GateRow


def gate_of(row: GateRow) -> Gate:
    """The gate that a row keeps."""
    return Gate(
        id=row.id,
        region=RegionId(row.region),
        manifest=row.manifest,
        window_seconds=row.window_seconds,
        min_requests=row.min_requests,
        max_error_permille=row.max_error_permille,
        requested_at=row.requested_at,
        rollout=row.rollout,
        verdict=row.verdict,
        reason=row.reason,
        answered_at=row.answered_at,
    )


def evidence_of(row: EvidenceRow) -> EvidenceRequest:
    """The request that a row keeps."""
    return EvidenceRequest(
        id=row.id,
        region=RegionId(row.region),
        first=row.first,
        next=row.next,
        recipient=row.recipient,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        phase=row.phase,
        bundle=row.bundle,
        built_first=row.built_first,
        built_next=row.built_next,
        updated_at=row.updated_at,
    )


class SqlGates:
    """Gates that regions evaluate."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ask(self, gate: Gate) -> None:
        """Record a question; a known id is left as it is."""
        new = insert(GateRow).values(
            id=gate.id,
            region=gate.region,
            manifest=gate.manifest,
            window_seconds=gate.window_seconds,
            min_requests=gate.min_requests,
            max_error_permille=gate.max_error_permille,
            requested_at=gate.requested_at,
            rollout=gate.rollout,
            verdict="",
            reason="",
        )
        await self._session.execute(new.on_conflict_do_nothing())

    async def get(self, gate: bytes) -> Gate | None:
        """The gate with its answer."""
        row = await self._session.get(GateRow, gate, populate_existing=True)
        return None if row is None else gate_of(row)

    async def answer(self, gate: bytes, verdict: str, reason: str, at: datetime) -> bool:
        """Record the answer; only the first counts."""
        still_open = col(GateRow.id) == gate, col(GateRow.verdict) == ""
        change = update(GateRow).where(*still_open).values(verdict=verdict, reason=reason, answered_at=at)
        return await self._session.scalar(change.returning(col(GateRow.id))) is not None

    async def recent(self, limit: int) -> Sequence[Gate]:
        """Newest first."""
        wanted = select(GateRow).order_by(col(GateRow.requested_at).desc(), col(GateRow.id)).limit(limit)
        return [gate_of(row) for row in await self._session.scalars(wanted)]


class SqlEvidence:
    """Requests for evidence."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, request: EvidenceRequest) -> None:
        """Record a request; a known id is left as it is."""
        new = insert(EvidenceRow).values(
            id=request.id,
            region=request.region,
            first=request.first,
            next=request.next,
            recipient=request.recipient,
            requested_by=request.requested_by,
            requested_at=request.requested_at,
            expires_at=request.expires_at,
            phase=request.phase,
            bundle=request.bundle,
            built_first=request.built_first,
            built_next=request.built_next,
        )
        await self._session.execute(new.on_conflict_do_nothing())

    async def get(self, request: bytes) -> EvidenceRequest | None:
        """One request."""
        row = await self._session.get(EvidenceRow, request, populate_existing=True)
        return None if row is None else evidence_of(row)

    async def all(self) -> Sequence[EvidenceRequest]:
        """Newest first."""
        wanted = select(EvidenceRow).order_by(col(EvidenceRow.requested_at).desc(), col(EvidenceRow.id))
        rows = await self._session.scalars(wanted.execution_options(populate_existing=True))
        return [evidence_of(row) for row in rows]

    async def advance(self, request: EvidenceRequest) -> None:
        """Keep the request's new phase and bundle."""
        change = update(EvidenceRow).where(col(EvidenceRow.id) == request.id)
        await self._session.execute(
            change.values(
                phase=request.phase,
                bundle=request.bundle,
                built_first=request.built_first,
                built_next=request.built_next,
                updated_at=request.updated_at,
            )
        )
