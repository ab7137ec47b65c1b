"""The ledger process's work: lead, number, seal on a fixed clock, answer boundaries; begin again after an outage."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from bailiwick.contract.merkle import Frontier
from bailiwick.contract.note import SignerKey
from data_plane.database.pool import connect
from data_plane.ledger import anchor as anchors
from data_plane.ledger import events
from data_plane.ledger.anchor import Anchor
from data_plane.ledger.errors import TreeRefusedError
from data_plane.ledger.publisher import Publisher, resume_tiles
from data_plane.ledger.sequencer import AT_ONCE, Sequencer, halt, take_leadership
from data_plane.ledger.tile_files import TileFiles

LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
TICK_SECONDS = 0.2
LOOK = (
    "SELECT EXISTS (SELECT FROM ledger_entry WHERE idx IS NULL) AS pending, "
    "coalesce(array_agg(id ORDER BY id), '{}') AS asked, coalesce(array_agg(multiple ORDER BY id), '{}') AS multiples "
    "FROM boundary WHERE size IS NULL"
)
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """Where the ledger's parts are: database, tiles, anchor, and the key that signs."""

    dsn: str
    tiles: Path
    anchor: Path
    signer: SignerKey


class Leader:
    """Runs until told to stop; waits while another leads."""

    def __init__(self, place: LedgerPlace, seal_seconds: float, clock: Callable[[], datetime]) -> None:
        self._place = place
        self._seal_seconds = seal_seconds
        self._clock = clock
        self._log = structlog.get_logger()

    async def run(self, stop: asyncio.Event) -> None:
        """Leads, or waits to.

        Raises:
            TreeRefusedError: the database holds a smaller or different tree; the message says what to do.
        """
        waiting = False
        while not stop.is_set():
            connection: asyncpg.Connection | None = None
            try:
                connection = await connect(self._place.dsn, name="bailiwick ledger", statement_seconds=120.0)
                waiting = not await self._lead(connection, stop, quiet=waiting)
            except LOST as error:
                self._log.warning(events.LOST, reason=type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await _pause(stop, RETRY_SECONDS)

    async def _lead(self, connection: asyncpg.Connection, stop: asyncio.Event, *, quiet: bool) -> bool:
        if not await take_leadership(connection):
            if not quiet:
                self._log.info(events.WAITING)
            return False
        try:
            sequencer, publisher = await self._start(connection)
            await halt(connection, None)
            self._log.info(events.LEADING, size=sequencer.tree.size)
            await self._work(connection, sequencer, publisher, stop)
        except TreeRefusedError as error:
            await halt(connection, str(error))
            raise
        return True

    async def _start(self, connection: asyncpg.Connection) -> tuple[Sequencer, Publisher]:
        place = self._place
        anchor = anchors.read(place.anchor)
        sequencer = await Sequencer.lead(connection, anchor, str(place.anchor))
        if anchor is None:
            anchor = Anchor.of(Frontier())
            anchors.write(place.anchor, anchor)
        writer = await resume_tiles(connection, TileFiles(place.tiles), anchor, sequencer.tree)
        return sequencer, Publisher(TileFiles(place.tiles), place.anchor, place.signer, writer)

    async def _work(
        self, connection: asyncpg.Connection, sequencer: Sequencer, publisher: Publisher, stop: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        next_seal = loop.time()
        while True:
            last = stop.is_set()
            look = await connection.fetchrow(LOOK)
            if look["pending"]:
                await self._number(sequencer, publisher)
            for asked, multiple in zip(look["asked"], look["multiples"], strict=True):
                await self._number(sequencer, publisher, multiple)
                await publisher.seal(connection, sequencer.tree, self._clock(), [asked])
            if last or loop.time() >= next_seal:
                await publisher.seal(connection, sequencer.tree, self._clock())
                # A fixed clock: a seal that was late does not move the ones after it.
                next_seal += self._seal_seconds * max(1, -(-(loop.time() - next_seal) // self._seal_seconds))
            if last:
                return
            await _pause(stop, min(TICK_SECONDS, self._seal_seconds))

    async def _number(self, sequencer: Sequencer, publisher: Publisher, multiple: int = 1) -> None:
        while True:
            numbered = await sequencer.number(self._clock(), multiple)
            publisher.extend(numbered)
            if len(numbered.bodies) < AT_ONCE:
                return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
