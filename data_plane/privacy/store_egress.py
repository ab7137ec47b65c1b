"""What left, as the officer reads it: contents by digest, the running control accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"


@dataclass(frozen=True)
class EgressObject:
    """A CONTENT message, exactly as it left."""

    digest: bytes
    type: str
    body: bytes
    at: datetime


@dataclass(frozen=True)
class ControlAccount:
    """The account of one type of CONTROL or ENROLMENT messages in one period; `closed` once the ledger has it."""

    klass: str
    type: str
    period_start: datetime
    period_end: datetime
    count: int
    size: int
    rolling: bytes
    closed: bool


async def get(database: Database, digest: bytes) -> EgressObject | None:
    """One content by its SHA-256."""
    row = await database.fetchrow("SELECT digest, type, bytes AS body, at FROM egress_object WHERE digest = $1", digest)
    return None if row is None else EgressObject(**dict(row))


async def newest(database: Database, limit: int = 100) -> list[EgressObject]:
    """Contents, newest first."""
    rows = await database.fetch(
        "SELECT digest, type, bytes AS body, at FROM egress_object ORDER BY at DESC LIMIT $1", limit
    )
    return [EgressObject(**dict(row)) for row in rows]


async def accounts(database: Database, limit: int = 100) -> list[ControlAccount]:
    """Control accounts, newest first; the open ones are still counting."""
    rows = await database.fetch(
        "SELECT class AS klass, type, period_start, period_end, count, bytes AS size, rolling, closed"
        " FROM control_period ORDER BY period_start DESC, class, type LIMIT $1",
        limit,
    )
    return [ControlAccount(**dict(row)) for row in rows]
