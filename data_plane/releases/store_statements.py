"""The table `statement`: consents and vetoes as signed. The admin API writes it with the ledger entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"


@dataclass(frozen=True)
class StoredStatement:
    """A statement as signed."""

    sequence: int
    manifest: str
    kind: str
    reason: str | None
    envelope: bytes
    at: datetime


async def next_sequence(database: Database) -> int:
    """The sequence that the next statement must have."""
    return int(await database.fetchval("SELECT coalesce(max(sequence), 0) + 1 FROM statement"))


async def about(database: Database, manifest: str) -> list[StoredStatement]:
    """Statements about a manifest, in order."""
    rows = await database.fetch(
        "SELECT sequence, manifest, kind, reason, envelope, at FROM statement WHERE manifest = $1 ORDER BY sequence",
        manifest,
    )
    return [StoredStatement(**dict(row)) for row in rows]


async def newest(database: Database, limit: int = 100) -> list[StoredStatement]:
    """Statements, newest first."""
    rows = await database.fetch(
        "SELECT sequence, manifest, kind, reason, envelope, at FROM statement ORDER BY sequence DESC LIMIT $1", limit
    )
    return [StoredStatement(**dict(row)) for row in rows]
