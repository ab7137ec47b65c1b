"""Settling what dead workers left open: at the full reservation, flagged `estimated` and `killed`, exactly once.

A worker counts as dead when its life sign is older than the grace time (counted from the server's start, if that is
later) *and* its advisory lock can be taken. Whoever takes it first recovers; the settlement itself deletes the open
row, so even two recoverers, or a worker wrongly taken for dead, cannot settle twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import asyncpg
import structlog

from bailiwick.contract.ledger_entry import Admission, Settlement, decode
from data_plane.metering import entries, events
from data_plane.metering.postgres import METER
from data_plane.metering.worker import lock_key

GRACE_SECONDS = 3.0
AT_ONCE = 500

DEAD = (
    "SELECT DISTINCT o.worker FROM open_admission o LEFT JOIN worker w ON w.id = o.worker "
    "WHERE o.worker <> $1 AND (w.id IS NULL OR w.state = 'stopped' OR "
    "greatest(w.seen, pg_postmaster_start_time()) < now() - make_interval(secs => $2))"
)
OPEN = (
    "SELECT o.number, o.amount, o.pots, o.person, o.day, o.service, o.tags, o.tier, e.body FROM open_admission o "
    "JOIN ledger_entry e ON e.number = o.number AND e.kind = 'admission' WHERE o.worker = $1 ORDER BY o.number LIMIT $2"
)


async def recover(
    connection: asyncpg.Connection, clock: Callable[[], datetime], worker: str = "", grace: float = GRACE_SECONDS
) -> int:
    """Settles the open admissions of dead workers, other than `worker` itself; gives how many were settled.

    Raises:
        OSError, asyncpg.PostgresError: the database went away; whatever was settled stays settled.
    """
    total = 0
    for row in await connection.fetch(DEAD, worker, grace):
        while settled := await _recover_some(connection, row["worker"], clock()):
            total += settled
    if total:
        structlog.get_logger().warning(events.RECOVERED, settlements=total)
    return total


async def _recover_some(connection: asyncpg.Connection, dead: str, now: datetime) -> int:
    async with connection.transaction():
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock_key(dead)):
            return 0
        rows = await connection.fetch(OPEN, dead, AT_ONCE)
        if not rows:
            return 0
        bodies = [_settlement(row, now) for row in rows]
        none: list[object] = []
        written = await connection.fetchrow(
            METER,
            *(now, "", 0, 0),
            *([none] * 11),
            *([row["number"] for row in rows], [row["amount"] for row in rows], bodies),
            *([none] * 5),
        )
        return len(written["settled"])


def _settlement(row: asyncpg.Record, now: datetime) -> bytes:
    admission = decode(row["body"])
    if not isinstance(admission, Admission):
        raise TypeError(f"the entry of admission {row['number']} is of another kind")
    return Settlement(
        at=now,
        number=row["number"],
        person=row["person"].hex(),
        service=row["service"],
        day=row["day"].isoformat(),
        tags=json.loads(row["tags"]),
        tier=row["tier"],
        model=admission.model,
        usage=entries.full_usage(admission),
        cost=row["amount"],
        currency=admission.currency,
        how="estimated",
        finish="killed",
        first_ms=0,
        total_ms=0,
        pots=tuple((pot, row["amount"]) for pot in row["pots"].split()),
    ).encode()
