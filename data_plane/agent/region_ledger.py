"""The region's own ledger as the outbox and the witness need it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from data_plane.ledger import boundary
from data_plane.privacy.errors import GapError
from data_plane.privacy.ports import Boundary, Clock

PATIENCE = 30.0


class RegionLedger:
    """Reads through the agent's role."""

    def __init__(self, pool: asyncpg.Pool, multiple: int, clock: Clock) -> None:
        self._pool = pool
        self._multiple = multiple
        self._clock = clock
        self._asked: int | None = None

    async def boundary(self) -> Boundary:
        """Pads to the multiple; gives the checkpoint sealed there."""
        if self._asked is None:
            self._asked = await boundary.request(self._pool, self._multiple, self._clock())
        found = await boundary.wait(self._pool, self._asked, PATIENCE)
        self._asked = None
        return Boundary(found.size, found.root, found.note)

    async def entries(self, first: int, following: int) -> Sequence[tuple[int, bytes]]:
        """The settlements and refusals with indices in [first, following); every index in between must be there."""
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            there = await connection.fetchval(
                "SELECT count(*) FROM ledger_entry WHERE idx >= $1 AND idx < $2", first, following
            )
            if there != following - first:
                raise GapError("the ledger's rows have a gap below its checkpoint")
            rows = await connection.fetch(
                "SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 AND kind IN ('settlement', 'decision')"
                " ORDER BY idx",
                first,
                following,
            )
        return [(row["idx"], row["body"]) for row in rows]

    async def some(self, indices: Sequence[int]) -> Sequence[tuple[int, bytes]]:
        """The entries at `indices`."""
        rows = await self._pool.fetch(
            "SELECT idx, body FROM ledger_entry WHERE idx = ANY($1::bigint[]) ORDER BY idx", list(indices)
        )
        if len(rows) != len(indices):
            raise GapError("an entry that was carried over is missing")
        return [(row["idx"], row["body"]) for row in rows]
