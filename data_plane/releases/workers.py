"""What the gateway workers say they serve: the only evidence of what the region really runs. Rules pure, one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TypeAlias

import asyncpg

Database: TypeAlias = "asyncpg.Connection | asyncpg.Pool"
ALIVE = timedelta(seconds=5)
SERVING = "serving"


class Health(Enum):
    """How the live workers stand to a release."""

    UNKNOWN = auto()
    ALL = auto()
    DIFFER = auto()


@dataclass(frozen=True)
class Worker:
    """A live gateway worker and the manifest that it serves."""

    manifest: str | None
    state: str


async def live(database: Database, now: datetime) -> list[Worker]:
    """Workers with a recent life sign."""
    rows = await database.fetch("SELECT manifest, state FROM worker WHERE seen > $1", now - ALIVE)
    return [Worker(row["manifest"], row["state"]) for row in rows]


def health(workers: Sequence[Worker], manifest: str | None) -> Health:
    """Whether every live worker serves `manifest`; unknown while none lives."""
    if not workers:
        return Health.UNKNOWN
    serve = all(worker.manifest == manifest and worker.state == SERVING for worker in workers)
    return Health.ALL if serve else Health.DIFFER


def served(workers: Sequence[Worker]) -> str | None:
    """The manifest that every live worker serves; none while they differ or none lives."""
    manifests = {worker.manifest for worker in workers if worker.state == SERVING}
    if len(manifests) != 1 or any(worker.state != SERVING for worker in workers):
        return None
    return next(iter(manifests))
