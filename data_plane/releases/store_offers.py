"""The table `offer`: releases that the centre published for this region."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
COLUMNS = "manifest, version, state, reason, gated, manifest_body, seen_at, updated_at"


class OfferState(StrEnum):
    """How far an offer has come."""

    OFFERED = "offered"
    AWAITING_CONSENT = "awaiting-consent"
    CONSENTED = "consented"
    VETOED = "vetoed"
    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"


@dataclass(frozen=True)
class Offer:
    """One offer. `gated` names the classes whose change needs consent; `body` is the manifest once it has verified."""

    manifest: str
    version: int
    state: str
    reason: str | None
    gated: tuple[str, ...]
    body: bytes | None
    seen_at: datetime
    updated_at: datetime


async def put(database: Database, offer: Offer) -> None:
    """Writes an offer; `seen_at` stays as it was first."""
    await database.execute(
        f"INSERT INTO offer ({COLUMNS}) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)"  # noqa: S608 -- constants
        " ON CONFLICT (manifest) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state,"
        " reason = EXCLUDED.reason, gated = EXCLUDED.gated, updated_at = EXCLUDED.updated_at,"
        " manifest_body = coalesce(EXCLUDED.manifest_body, offer.manifest_body)",
        offer.manifest,
        offer.version,
        offer.state,
        offer.reason,
        json.dumps(list(offer.gated)),
        offer.body,
        offer.seen_at,
        offer.updated_at,
    )


async def get(database: Database, manifest: str) -> Offer | None:
    """The offer of a manifest (`sha256:<hex>`)."""
    row = await database.fetchrow(f"SELECT {COLUMNS} FROM offer WHERE manifest = $1", manifest)  # noqa: S608 -- constants
    return None if row is None else _offer(row)


async def by_version(database: Database, version: int) -> list[Offer]:
    """All offers with a version number: honest centres make one, others may make several."""
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM offer WHERE version = $1 ORDER BY seen_at LIMIT 16",  # noqa: S608 -- constants
        version,
    )
    return [_offer(row) for row in rows]


async def newest(database: Database, limit: int = 100) -> list[Offer]:
    """Offers, newest version first."""
    rows = await database.fetch(
        f"SELECT {COLUMNS} FROM offer ORDER BY version DESC, seen_at DESC LIMIT $1",  # noqa: S608 -- constants
        limit,
    )
    return [_offer(row) for row in rows]


async def move(database: Database, manifest: str, state: OfferState, reason: str | None, now: datetime) -> bool:
    """Moves an offer to another state; true when that changed anything."""
    done = await database.execute(
        "UPDATE offer SET state = $2, reason = $3, updated_at = $4"
        " WHERE manifest = $1 AND (state, reason) IS DISTINCT FROM ($2, $3)",
        manifest,
        state.value,
        reason,
        now,
    )
    return str(done) == "UPDATE 1"


def _offer(row: asyncpg.Record) -> Offer:
    return Offer(
        manifest=row["manifest"],
        version=row["version"],
        state=row["state"],
        reason=row["reason"],
        gated=tuple(json.loads(row["gated"])),
        body=row["manifest_body"],
        seen_at=row["seen_at"],
        updated_at=row["updated_at"],
    )
