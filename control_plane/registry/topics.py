"""Hears what changed: one connection that listens, for everyone in the process who waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

import psycopg
import structlog
from psycopg import sql

LOST = "topics_lost"
CHANNELS = ("region", "fleet", "shown")
RETRY_SECONDS = 1.0
ALL_TOPICS = ("regions", "rollouts", "releases", "reports", "evidence")
# What pages read again, by (channel, payload); an empty payload stands for any.
TOPICS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("region", ""): ("regions", "evidence"),
        ("shown", "rollout"): ("rollouts",),
        ("shown", "release"): ("releases",),
        ("shown", "report"): ("reports",),
        ("shown", "region"): ("regions",),
    }
)


class TopicFeed:
    """Listens while `run` runs. Missed notices are made up for by a general one after each reconnection."""

    def __init__(self, dsn: str) -> None:
        """`dsn`: a libpq address of a service role."""
        self._dsn = dsn
        self._rung = asyncio.Condition()
        self._count = 0
        self._watchers: set[asyncio.Queue[str | None]] = set()
        self._stopped = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`, through any loss of the database; then end all who watch."""
        log = structlog.get_logger()
        waiter = asyncio.create_task(stop.wait())
        while not stop.is_set():
            listener = asyncio.create_task(self._listen())
            await asyncio.wait({listener, waiter}, return_when=asyncio.FIRST_COMPLETED)
            if not listener.done():
                listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                try:
                    await listener
                except (psycopg.Error, OSError) as error:
                    log.warning(LOST, error=type(error).__name__)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
        self._stopped = True
        for queue in tuple(self._watchers):
            queue.put_nowait(None)
        await self._ring()

    async def wait(self, seconds: float) -> None:
        """Return when something changed, at the latest after `seconds`."""
        async with self._rung:
            before = self._count
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait_for(lambda: self._count != before), seconds)

    async def watch(self) -> AsyncIterator[str]:
        """Topics as they change; ends when the process stops."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1000)
        if self._stopped:
            return
        self._watchers.add(queue)
        try:
            while (topic := await queue.get()) is not None:
                yield topic
        finally:
            self._watchers.discard(queue)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
            for channel in CHANNELS:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            await self._tell(ALL_TOPICS)
            async for notice in connection.notifies():
                topics = TOPICS.get((notice.channel, notice.payload)) or TOPICS.get((notice.channel, ""), ())
                await self._tell(topics)

    async def _tell(self, topics: tuple[str, ...]) -> None:
        for queue in self._watchers:
            for topic in topics:
                if not queue.full():
                    queue.put_nowait(topic)
        await self._ring()

    async def _ring(self) -> None:
        async with self._rung:
            self._count += 1
            self._rung.notify_all()
