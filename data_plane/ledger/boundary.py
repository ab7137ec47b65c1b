"""Report boundaries: a size that tells little, with a checkpoint exactly there.

A row in `boundary` asks; the sequencer numbers what waits, pads to the multiple, seals at once, and writes the size
into the row. Only the sequencer can do this without a gap between the last pad and the seal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from data_plane.ledger.errors import BoundaryError

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Boundary:
    """A sealed size: its root and its signed checkpoint."""

    size: int
    root: bytes
    note: bytes


async def request(connection: asyncpg.Connection, multiple: int, now: datetime) -> int:
    """Asks for a boundary at a multiple; gives the request's id, which survives a restart of anyone."""
    asked: int = await connection.fetchval(
        "INSERT INTO boundary (multiple, requested_at) VALUES ($1, $2) RETURNING id", multiple, now
    )
    return asked


async def answer(connection: asyncpg.Connection, asked: int) -> Boundary | None:
    """The boundary, once it is sealed."""
    row = await connection.fetchrow(
        "SELECT c.size, c.root, c.note FROM boundary b JOIN checkpoint c ON c.size = b.size WHERE b.id = $1", asked
    )
    return None if row is None else Boundary(*row)


async def wait(source: asyncpg.Pool | asyncpg.Connection, asked: int, patience: float) -> Boundary:
    """Waits for the boundary.

    Raises:
        BoundaryError: not within `patience` seconds; the request stands and may be asked after later.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while loop.time() < deadline:
        found = await answer(source, asked)
        if found is not None:
            return found
        await asyncio.sleep(POLL_SECONDS)
    raise BoundaryError(f"the sequencer has not answered boundary {asked}: is the ledger process running?")
