"""Sums over the cells of all reports, in PostgreSQL. Integers throughout: numeric sums are brought back to bigint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.spend import Coverage, Dimension, MachineSum, SpendQuery, SpendRow
from control_plane.domain.words import RegionId
from control_plane.registry.tables_reports import CellRow, MachineRow, ReportRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _dimension(name: Dimension, bucket: timedelta) -> ColumnElement[str]:
    if name is Dimension.DAY:
        return func.to_char(func.timezone("UTC", col(CellRow.period_start)), "YYYY-MM-DD")
    if name is Dimension.PERIOD:
        return func.to_char(func.timezone("UTC", col(CellRow.period_start)), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    if name is Dimension.BUCKET:
        start = func.date_bin(bucket, col(CellRow.period_start), EPOCH)
        return func.to_char(func.timezone("UTC", start), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    if name is Dimension.SERVICE:
        return cast(col(CellRow.service), Text)
    column: ColumnElement[str] = CellRow.__table__.c[name.value]  # type: ignore[attr-defined] # set by SQLModel
    return column


def _sum(column: object) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


class SqlSpend:
    """Sums over the cells of all reports."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def sums(self, query: SpendQuery) -> Sequence[SpendRow]:
        """One row per key and currency, largest cost first."""
        keys = [_dimension(name, query.bucket) for name in query.group_by]
        measures = [
            _sum(CellRow.requests),
            _sum(CellRow.refused),
            _sum(CellRow.prompt_tokens),
            _sum(CellRow.cached_tokens),
            _sum(CellRow.output_tokens),
            _sum(CellRow.reasoning_tokens),
            _sum(CellRow.cost_micro),
        ]
        groups = [*keys, col(CellRow.currency)]
        wanted: Select[Any] = Select(*groups, *measures)
        for name, word in query.where:
            wanted = wanted.where(_dimension(name, query.bucket) == word)
        if query.since is not None:
            wanted = wanted.where(col(CellRow.period_start) >= query.since)
        if query.until is not None:
            wanted = wanted.where(col(CellRow.period_start) < query.until)
        wanted = wanted.group_by(*groups).order_by(measures[-1].desc(), *groups)
        width = len(keys)
        return [
            SpendRow(
                tuple(str(word) for word in row[:width]), str(row[width]), *(int(value) for value in row[width + 1 :])
            )
            for row in await self._session.execute(wanted)
        ]

    async def machines(self, query: SpendQuery) -> Sequence[MachineSum]:
        """Machine lines over the same time: seconds are summed, storage is the newest."""
        wanted = select(MachineRow).order_by(col(MachineRow.region), col(MachineRow.sequence))
        if query.since is not None:
            wanted = wanted.where(col(MachineRow.period_start) >= query.since)
        if query.until is not None:
            wanted = wanted.where(col(MachineRow.period_start) < query.until)
        sums: dict[tuple[str, str, str], int] = {}
        for row in await self._session.scalars(wanted):
            line = row.region, row.measure, row.model
            sums[line] = row.amount + (sums.get(line, 0) if row.measure == "engine-seconds" else 0)
        return [MachineSum(RegionId(line[0]), line[1], line[2], amount) for line, amount in sorted(sums.items())]

    async def coverage(self) -> Sequence[Coverage]:
        """How far each region's reports reach."""
        per_region = Select[Any](
            col(ReportRow.region), func.count(), func.min(ReportRow.period_start), func.max(ReportRow.sequence)
        ).group_by(col(ReportRow.region))
        found = []
        for row in await self._session.execute(per_region.order_by(col(ReportRow.region))):
            region, count, first, sequence = row
            last = await self._session.get(ReportRow, (region, sequence))
            if last is not None:
                found.append(
                    Coverage(
                        region=RegionId(region),
                        reports=count,
                        first_period=first,
                        last_period=last.period_end,
                        last_sequence=sequence,
                        profile=last.profile,
                        k=last.k,
                        p_permille=last.p_permille,
                    )
                )
        return found
