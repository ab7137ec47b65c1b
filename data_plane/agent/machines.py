"""Lines of the bill that do not depend on use: engines provisioned, space taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from bailiwick.metrics.v1 import metrics_pb2
from data_plane.privacy.ports import Machine

MIB = 1 << 20


class RegionMachines:
    """Engines as the settings provision them; space of the database and of the folders beside it."""

    def __init__(self, pool: asyncpg.Pool, engines: Sequence[str], folders: Sequence[Path]) -> None:
        self._pool = pool
        self._engines = engines
        self._folders = folders

    async def lines(self, seconds: int) -> Sequence[Machine]:
        """One line per model, for all its engines, and one for storage."""
        counts: Mapping[str, int] = {model: self._engines.count(model) for model in sorted(set(self._engines))}
        lines = [Machine(metrics_pb2.MACHINE_MEASURE_ENGINE_SECONDS, model, n * seconds) for model, n in counts.items()]
        taken = int(await self._pool.fetchval("SELECT pg_database_size(current_database())"))
        taken += await asyncio.to_thread(_size, self._folders)
        return [*lines, Machine(metrics_pb2.MACHINE_MEASURE_STORAGE_MIB, "", -(-taken // MIB))]


def _size(folders: Sequence[Path]) -> int:
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                total += path.lstat().st_size
            except OSError:  # gone, or not ours to see
                continue
    return total
