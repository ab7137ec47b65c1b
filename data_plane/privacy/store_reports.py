"""The tables `report` and `report_carry`: what was made, sent and held back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
COLUMNS = (
    "sequence, first_idx, next_idx, carried, checkpoint_size, period_start, period_end, body, digest, signature,"
    " made_at, acked_at"
)


@dataclass(frozen=True)
class StoredReport:
    """A report as it leaves. `carried` are the indices below `next` that no report has released."""

    sequence: int
    first: int
    next: int
    carried: tuple[int, ...]
    checkpoint_size: int
    period_start: datetime
    period_end: datetime
    body: bytes
    digest: bytes
    signature: bytes
    made_at: datetime
    acked_at: datetime | None


async def insert(connection: asyncpg.Connection, report: StoredReport) -> None:
    """Stores a report and replaces what is carried, within the caller's transaction."""
    await connection.execute(
        f"INSERT INTO report ({COLUMNS}) VALUES"  # noqa: S608 -- constants
        " ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12)",
        report.sequence,
        report.first,
        report.next,
        json.dumps(list(report.carried)),
        report.checkpoint_size,
        report.period_start,
        report.period_end,
        report.body,
        report.digest,
        report.signature,
        report.made_at,
        report.acked_at,
    )
    await connection.execute("DELETE FROM report_carry WHERE NOT idx = ANY($1::bigint[])", list(report.carried))
    await connection.execute(
        "INSERT INTO report_carry (idx) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING", list(report.carried)
    )


async def last(database: Database) -> StoredReport | None:
    """The newest report."""
    row = await database.fetchrow(f"SELECT {COLUMNS} FROM report ORDER BY sequence DESC LIMIT 1")  # noqa: S608 -- constants
    return None if row is None else _report(row)


async def get(database: Database, sequence: int) -> StoredReport | None:
    """One report."""
    row = await database.fetchrow(
        f"SELECT {COLUMNS} FROM report WHERE sequence = $1",  # noqa: S608 -- constants
        sequence,
    )
    return None if row is None else _report(row)


async def newest(database: Database, limit: int = 100) -> list[StoredReport]:
    """Reports, newest first."""
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM report ORDER BY sequence DESC LIMIT $1",  # noqa: S608 -- constants
        limit,
    )
    return [_report(row) for row in rows]


async def between(database: Database, first: int, following: int) -> list[StoredReport]:
    """Reports whose range of ledger indices lies within [first, following), in order."""
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM report WHERE first_idx >= $1 AND next_idx <= $2 ORDER BY sequence",  # noqa: S608 -- constants
        first,
        following,
    )
    return [_report(row) for row in rows]


async def unacknowledged(database: Database, limit: int = 64) -> list[int]:
    """Sequences that the centre has not acknowledged yet, in order."""
    rows = await database.fetch("SELECT sequence FROM report WHERE acked_at IS NULL ORDER BY sequence LIMIT $1", limit)
    return [row["sequence"] for row in rows]


async def acknowledge(database: Database, sequence: int, now: datetime) -> None:
    """The centre has this report."""
    await database.execute("UPDATE report SET acked_at = $2 WHERE sequence = $1 AND acked_at IS NULL", sequence, now)


async def reopen(database: Database, sequence: int) -> int:
    """The centre lacks reports from `sequence` on (it was restored): they are to be sent again; gives how many."""
    done = await database.execute(
        "UPDATE report SET acked_at = NULL WHERE sequence >= $1 AND acked_at IS NOT NULL", sequence
    )
    return int(str(done).rpartition(" ")[2])


async def supersede(database: Database, sequence: int, now: datetime) -> None:
    """The officer accepted the centre's sequence: what waits below it is not sent any more."""
    await database.execute("UPDATE report SET acked_at = $2 WHERE sequence < $1 AND acked_at IS NULL", sequence, now)


async def carried(database: Database) -> list[int]:
    """The indices of entries that no report has released."""
    rows = await database.fetch("SELECT idx FROM report_carry ORDER BY idx")
    return [row["idx"] for row in rows]


def _report(row: asyncpg.Record) -> StoredReport:
    return StoredReport(
        sequence=row["sequence"],
        first=row["first_idx"],
        next=row["next_idx"],
        carried=tuple(json.loads(row["carried"])),
        checkpoint_size=row["checkpoint_size"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        body=row["body"],
        digest=row["digest"],
        signature=row["signature"],
        made_at=row["made_at"],
        acked_at=row["acked_at"],
    )
