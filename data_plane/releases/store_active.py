"""The row `active_release`: what the region runs. Gateway workers follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"


@dataclass(frozen=True)
class Active:
    """Digests are `sha256:<hex>`."""

    manifest: str
    version: int
    config: str
    policy: str
    code: str | None
    models: str | None
    generation: int
    applied_at: datetime


async def read(database: Database) -> Active | None:
    """What runs; none before the first release."""
    row = await database.fetchrow(
        "SELECT manifest, version, config, policy, code, models, generation, applied_at"
        " FROM active_release WHERE id = 1"
    )
    return None if row is None else Active(**dict(row))


async def write(connection: asyncpg.Connection, active: Active) -> None:
    """Switches, within the caller's transaction."""
    await connection.execute(
        "INSERT INTO active_release AS a (id, manifest, version, config, policy, code, models, generation, applied_at)"
        " VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET manifest = EXCLUDED.manifest,"
        " version = EXCLUDED.version, config = EXCLUDED.config, policy = EXCLUDED.policy, code = EXCLUDED.code,"
        " models = EXCLUDED.models, generation = EXCLUDED.generation, applied_at = EXCLUDED.applied_at",
        active.manifest,
        active.version,
        active.config,
        active.policy,
        active.code,
        active.models,
        active.generation,
        active.applied_at,
    )
