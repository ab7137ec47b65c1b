"""Cosigned checkpoints of regions, and the centre's own log, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.ledger import LogEntry, LogHead, Witnessed
from control_plane.domain.words import RegionId
from control_plane.registry.tables_reports import CheckpointRow, LogEntryRow, LogHeadRow


def _witnessed(row: CheckpointRow) -> Witnessed:
    return Witnessed(RegionId(row.region), row.size, row.root, row.note, row.cosignature, row.at)


class SqlWitness:
    """Checkpoints that were cosigned."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, region: RegionId) -> Witnessed | None:
        """The largest one of a region."""
        wanted = select(CheckpointRow).where(col(CheckpointRow.region) == region)
        newest = wanted.order_by(col(CheckpointRow.size).desc()).limit(1)
        row = await self._session.scalar(newest.execution_options(populate_existing=True))
        return None if row is None else _witnessed(row)

    async def add(self, checkpoint: Witnessed) -> None:
        """Keep one; the same size again replaces its cosignature only."""
        new = insert(CheckpointRow).values(
            region=checkpoint.region,
            size=checkpoint.size,
            root=checkpoint.root,
            note=checkpoint.note,
            cosignature=checkpoint.cosignature,
            at=checkpoint.at,
        )
        again = {"cosignature": checkpoint.cosignature, "at": checkpoint.at}
        await self._session.execute(new.on_conflict_do_update(index_elements=["region", "size"], set_=again))

    async def all_newest(self) -> Sequence[Witnessed]:
        """The largest one of each region."""
        place = tuple_(col(CheckpointRow.region), col(CheckpointRow.size))
        newest = select(CheckpointRow.region, func.max(CheckpointRow.size)).group_by(col(CheckpointRow.region))
        wanted = select(CheckpointRow).where(place.in_(newest)).order_by(col(CheckpointRow.region))
        rows = await self._session.scalars(wanted.execution_options(populate_existing=True))
        return [_witnessed(row) for row in rows]


class SqlLog:
    """The centre's own Merkle log."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_head(self) -> LogHead:
        """The head, held until the transaction ends."""
        wanted = select(LogHeadRow).where(col(LogHeadRow.id) == 1).with_for_update()
        row = (await self._session.scalars(wanted.execution_options(populate_existing=True))).one()
        return LogHead(row.size, tuple(row.hashes))

    async def append(self, body: bytes, leaf: bytes, head: LogHead, at: datetime) -> None:
        """Add the entry at index `head.size - 1` and make `head` the head."""
        await self._session.execute(insert(LogEntryRow).values(idx=head.size - 1, body=body, leaf=leaf, at=at))
        change = update(LogHeadRow).where(col(LogHeadRow.id) == 1)
        await self._session.execute(change.values(size=head.size, hashes=list(head.hashes)))

    async def head(self) -> LogHead:
        """The head as last committed."""
        wanted = select(LogHeadRow).where(col(LogHeadRow.id) == 1)
        row = (await self._session.scalars(wanted.execution_options(populate_existing=True))).one()
        return LogHead(row.size, tuple(row.hashes))

    async def entries(self, first: int, limit: int) -> Sequence[LogEntry]:
        """Entries from an index on."""
        wanted = select(LogEntryRow).where(col(LogEntryRow.idx) >= first)
        rows = await self._session.scalars(wanted.order_by(col(LogEntryRow.idx)).limit(limit))
        return [LogEntry(row.idx, row.body, row.at) for row in rows]

    async def newest(self, limit: int) -> Sequence[LogEntry]:
        """The last entries, newest first."""
        rows = await self._session.scalars(select(LogEntryRow).order_by(col(LogEntryRow.idx).desc()).limit(limit))
        return [LogEntry(row.idx, row.body, row.at) for row in rows]

    async def leaves(self, first: int, limit: int) -> Sequence[bytes]:
        """Leaf hashes from an index on."""
        wanted = select(LogEntryRow.leaf).where(col(LogEntryRow.idx) >= first)
        return list(await self._session.scalars(wanted.order_by(col(LogEntryRow.idx)).limit(limit)))
