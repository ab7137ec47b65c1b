"""The outbox: reports are made on a fixed schedule, stored exactly as they leave, and sent until the centre has them.

Rules:

1. A report is made at a boundary of the schedule and covers every ledger index since the one before it: no gap, no
   overlap, whatever happened in between.
2. Its bytes, digest, signature and the indices that it carries over are stored in one transaction with the CONTENT
   entry that accounts for them, before anything is sent.
3. What was stored is sent as it is, in order, until the centre acknowledges it; the centre knows it by its digest.
4. Each stored report is also written to a file outside PostgreSQL. Where a file has a sequence that the database lacks,
   the database is an older copy, and nothing more is made until the officer decides.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract.privacy import Floor
from data_plane.privacy import store_reports
from data_plane.privacy.accounts import Accounts, Period, period_of
from data_plane.privacy.copies import Copies
from data_plane.privacy.errors import GapError
from data_plane.privacy.ports import Boundary, Clock, LedgerReader, Machines
from data_plane.privacy.rebuild import Rebuilder
from data_plane.privacy.report import SIGNED_PREFIX, TYPE, Heading, compose, partition
from data_plane.privacy.store_reports import StoredReport
from data_plane.privacy.vocabulary import Vocabularies


@dataclass(frozen=True)
class Schedule:
    """What the officer set: how often, under which floor, how much."""

    region: str
    every_seconds: int
    floor: Floor
    profile: str


@dataclass(frozen=True)
class Parts:
    """What the outbox works with."""

    ledger: LedgerReader
    machines: Machines
    accounts: Accounts
    rebuilder: Rebuilder
    vocabularies: Vocabularies
    copies: Copies


class Outbox:
    """Makes reports and keeps them."""

    def __init__(
        self, pool: asyncpg.Pool, schedule: Schedule, key: Ed25519PrivateKey, clock: Clock, parts: Parts
    ) -> None:
        self._pool = pool
        self._schedule = schedule
        self._key = key
        self._clock = clock
        self._parts = parts

    async def copy_all(self) -> None:
        """Writes the copy that a kill between storing and copying left out."""
        last = await store_reports.last(self._pool)
        if last is not None:
            await asyncio.to_thread(self._parts.copies.keep, last)

    async def due(self) -> Period | None:
        """The period that a report must cover now, or none: from the last report's end to the newest boundary."""
        every = self._schedule.every_seconds
        newest = period_of(self._clock(), every).start
        last = await store_reports.last(self._pool)
        start = newest - timedelta(seconds=every) if last is None else last.period_end
        return Period(start, newest) if newest > start else None

    def next_boundary(self) -> datetime:
        """When the schedule's present period ends."""
        return period_of(self._clock(), self._schedule.every_seconds).end

    async def older_copy(self) -> bool:
        """Whether the database lacks reports that are known to have left."""
        last = await store_reports.last(self._pool)
        return self._parts.copies.newest() > (0 if last is None else last.sequence)

    async def make(self, period: Period, least: int = 1) -> StoredReport:
        """Makes and stores the next report, with a sequence of at least `least` (the centre's, where it was accepted).

        Raises:
            GapError: the ledger is behind what was reported.
            ForbiddenValueError, ReportError: the report may not leave as it is; nothing is stored.
        """
        boundary = await self._parts.ledger.boundary()
        last = await store_reports.last(self._pool)
        first = 0 if last is None else last.next
        if boundary.size < first:
            raise GapError("the ledger is shorter than what was reported from it")
        report = await self._compose(period, boundary, first, max(least, 1 if last is None else last.sequence + 1))
        await asyncio.to_thread(self._parts.copies.keep, report)
        return report

    async def _compose(self, period: Period, boundary: Boundary, first: int, sequence: int) -> StoredReport:
        schedule, parts = self._schedule, self._parts
        entries = await parts.ledger.entries(first, boundary.size)
        carried = await parts.ledger.some(await store_reports.carried(self._pool))
        # Off the event loop: a busy period must not silence the link while its entries are counted.
        body = await asyncio.to_thread(
            partition, entries, carried, parts.vocabularies, schedule.floor, schedule.profile
        )
        seconds = int((period.end - period.start).total_seconds())
        heading = Heading(
            region=schedule.region,
            sequence=sequence,
            period_start=int(period.start.timestamp()),
            period_end=int(period.end.timestamp()),
            first=first,
            next=boundary.size,
            size=boundary.size,
            root=boundary.root,
            floor=schedule.floor,
            profile=schedule.profile,
        )
        outgoing = compose(parts.rebuilder, heading, body, await parts.machines.lines(seconds))
        report = StoredReport(
            sequence=sequence,
            first=first,
            next=boundary.size,
            carried=body.carried,
            checkpoint_size=boundary.size,
            period_start=period.start,
            period_end=period.end,
            body=outgoing.body,
            digest=hashlib.sha256(outgoing.body).digest(),
            signature=self._key.sign(SIGNED_PREFIX + outgoing.body),
            made_at=self._clock(),
            acked_at=None,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await store_reports.insert(connection, report)
            await parts.accounts.content(connection, outgoing, period, sequence)
        return report

    async def adopt(self) -> int:
        """Takes reports that left before the database was restored back into it; gives how many. Rule 4's way out."""
        last = await store_reports.last(self._pool)
        known = 0 if last is None else last.sequence
        taken = self._parts.copies.after(known)
        async with self._pool.acquire() as connection, connection.transaction():
            for report in taken:
                await store_reports.insert(connection, report)
                await connection.execute(
                    "INSERT INTO egress_object (digest, type, bytes, at) VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT DO NOTHING",
                    report.digest,
                    TYPE,
                    report.body,
                    report.made_at,
                )
        return len(taken)
