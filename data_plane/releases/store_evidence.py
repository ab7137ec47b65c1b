"""The table `evidence_request`: what auditors ask for by way of the centre. The officer decides, the agent reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
COLUMNS = (
    "id, first_idx, next_idx, recipient, expires, phase, bundle, bundle_first, bundle_next, received_at, updated_at"
)


class Phase(StrEnum):
    """How far a request has come."""

    RECEIVED = "received"
    GRANTED = "granted"
    REFUSED = "refused"
    BUILT = "built"
    DOWNLOADED = "downloaded"
    EXPIRED = "expired"


@dataclass(frozen=True)
class EvidenceRequest:
    """A request over ledger indices [first, next); `next` 0 asks up to the newest checkpoint. `id` is 32 hex digits."""

    id: str
    first: int
    next: int
    recipient: str
    expires: datetime
    phase: str
    bundle: bytes | None
    bundle_first: int | None
    bundle_next: int | None
    received_at: datetime
    updated_at: datetime


async def receive(database: Database, request: EvidenceRequest) -> bool:
    """Keeps a request that is not known yet; true when it is news."""
    done = await database.execute(
        "INSERT INTO evidence_request (id, first_idx, next_idx, recipient, expires, phase, received_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO NOTHING",
        request.id,
        request.first,
        request.next,
        request.recipient,
        request.expires,
        request.phase,
        request.received_at,
    )
    return str(done) == "INSERT 0 1"


async def newest(database: Database, limit: int = 100) -> list[EvidenceRequest]:
    """Requests, newest first."""
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM evidence_request ORDER BY received_at DESC LIMIT $1",  # noqa: S608 -- constants
        limit,
    )
    return [_request(row) for row in rows]


async def get(database: Database, identifier: str) -> EvidenceRequest | None:
    """One request."""
    row = await database.fetchrow(
        f"SELECT {COLUMNS} FROM evidence_request WHERE id = $1",  # noqa: S608 -- constants
        identifier,
    )
    return None if row is None else _request(row)


async def move(database: Database, identifier: str, phase: Phase, now: datetime) -> None:
    """Moves a request on; a trigger tells the agent."""
    await database.execute(
        "UPDATE evidence_request SET phase = $2, updated_at = $3 WHERE id = $1", identifier, phase.value, now
    )


async def built(database: Database, identifier: str, bundle: bytes, indices: tuple[int, int], now: datetime) -> None:
    """The bundle is built: the SHA-256 of its plain bytes, and the ledger indices [first, next) that it covers."""
    await database.execute(
        "UPDATE evidence_request SET phase = $2, bundle = $3, bundle_first = $4, bundle_next = $5, updated_at = $6"
        " WHERE id = $1",
        identifier,
        Phase.BUILT.value,
        bundle,
        indices[0],
        indices[1],
        now,
    )


def _request(row: asyncpg.Record) -> EvidenceRequest:
    values = dict(row)
    return EvidenceRequest(first=values.pop("first_idx"), next=values.pop("next_idx"), **values)
