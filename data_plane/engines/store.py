"""Engine states in the region's database, where the console, the agent and `bailiwick engine list` read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import structlog

from data_plane.engines.states import EngineStatus

UNWRITTEN = "engine_state_not_written"
UPSERT = """
INSERT INTO engine_state (model, kind, url, state, reason, restarts, since, seen)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (model) DO UPDATE SET kind = $2, url = $3, state = $4, reason = $5, restarts = $6, since = $7, seen = $8
"""


class DatabaseSink:
    """Writes states; a database that is away costs a log line and nothing else."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._away = False

    async def write(self, status: EngineStatus) -> None:
        """Writes one state."""
        spec = status.spec
        now = datetime.now(UTC)
        try:
            await self._pool.execute(
                UPSERT, spec.model, spec.kind, spec.url, status.state, status.reason, status.restarts, status.since, now
            )
            self._away = False
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if not self._away:
                structlog.get_logger().warning(UNWRITTEN, reason=type(error).__name__)
            self._away = True

    async def forget_others(self, models: Sequence[str]) -> None:
        """Removes engines that the settings no longer name."""
        await self._pool.execute("DELETE FROM engine_state WHERE NOT model = ANY($1::text[])", list(models))


async def listed(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """All engines by model: model, kind, url, state, reason, restarts, since, seen."""
    rows: list[asyncpg.Record] = await connection.fetch("SELECT * FROM engine_state ORDER BY model")
    return rows
