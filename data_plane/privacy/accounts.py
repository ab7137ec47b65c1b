"""The account of everything that leaves, kept before it leaves.

- CONTENT: the exact bytes by digest and one `egress` entry each, in the transaction that decides to send.
- CONTROL and ENROLMENT: per type and period a count, a sum of bytes and a rolling hash h = SHA-256(h || SHA-256(bytes))
  from 32 zero bytes, written before each message; a period that has ended becomes one `egress` entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import asyncpg

from bailiwick.contract.ledger_entry import Egress, EgressClass
from bailiwick.privacy.v1 import privacy_pb2
from data_plane.privacy.errors import PrivacyError
from data_plane.privacy.ports import Append, Clock
from data_plane.privacy.rebuild import Outgoing

ZERO = bytes(32)
CLASSES: Mapping[int, EgressClass] = MappingProxyType(
    {privacy_pb2.MESSAGE_CLASS_CONTROL: "control", privacy_pb2.MESSAGE_CLASS_ENROLMENT: "enrolment"}
)
TRIES = 4


@dataclass(frozen=True)
class Period:
    """A stretch of the schedule, end exclusive."""

    start: datetime
    end: datetime


def period_of(moment: datetime, seconds: int) -> Period:
    """The period of `seconds` that holds `moment`; periods start at multiples of their length since the epoch."""
    whole = int(moment.timestamp())
    start = datetime.fromtimestamp(whole - whole % seconds, UTC)
    return Period(start, start + timedelta(seconds=seconds))


class Accounts:
    """Writes the account into the region's database and ledger.

    Args:
        pool: connections as the agent's role.
        append: how an entry gets into the ledger.
        clock: the present time.
        seconds: length of a period of the control account.
    """

    def __init__(self, pool: asyncpg.Pool, append: Append, clock: Clock, seconds: int) -> None:
        self._pool = pool
        self._append = append
        self._clock = clock
        self._seconds = seconds

    async def control(self, outgoing: Outgoing) -> None:
        """Accounts for a CONTROL or ENROLMENT message that is about to leave."""
        klass = CLASSES[outgoing.klass]
        period = period_of(self._clock(), self._seconds)
        for _ in range(TRIES):
            done = await self._pool.execute(
                "INSERT INTO control_period AS p (class, type, period_start, period_end, count, bytes, rolling)"
                " VALUES ($1, $2, $3, $4, 1, $5, sha256($6::bytea || $7::bytea))"
                " ON CONFLICT (class, type, period_start) DO UPDATE SET count = p.count + 1,"
                " bytes = p.bytes + EXCLUDED.bytes, rolling = sha256(p.rolling || $7::bytea) WHERE NOT p.closed",
                klass,
                outgoing.type_name,
                period.start,
                period.end,
                len(outgoing.body),
                ZERO,
                hashlib.sha256(outgoing.body).digest(),
            )
            if str(done) != "INSERT 0 0":
                return
            period = Period(period.end, period.end + timedelta(seconds=self._seconds))  # the clock was set back
        raise PrivacyError("no open period accounts for a control message")

    async def close(self, now: datetime) -> int:
        """Turns every period that has ended into its ledger entry; gives how many."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "UPDATE control_period SET closed = true WHERE NOT closed AND period_end <= $1 RETURNING *", now
            )
            for row in sorted(rows, key=lambda row: (row["period_start"], row["class"], row["type"])):
                entry = Egress(
                    at=now,
                    egress_class=row["class"],
                    type=row["type"],
                    count=row["count"],
                    bytes=row["bytes"],
                    digest=f"sha256:{row['rolling'].hex()}",
                    period_start=row["period_start"],
                    period_end=row["period_end"],
                )
                await self._append(connection, entry)
        return len(rows)

    async def content(
        self, connection: asyncpg.Connection, outgoing: Outgoing, period: Period, sequence: int | None = None
    ) -> bytes:
        """Accounts for a CONTENT message within the caller's transaction; gives its digest."""
        digest = hashlib.sha256(outgoing.body).digest()
        now = self._clock()
        stored = await connection.execute(
            "INSERT INTO egress_object (digest, type, bytes, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            digest,
            outgoing.type_name,
            outgoing.body,
            now,
        )
        if str(stored) == "INSERT 0 1":
            entry = Egress(
                at=now,
                egress_class="content",
                type=outgoing.type_name,
                count=1,
                bytes=len(outgoing.body),
                digest=f"sha256:{digest.hex()}",
                period_start=period.start,
                period_end=period.end,
                sequence=sequence,
            )
            await self._append(connection, entry)
        return digest
