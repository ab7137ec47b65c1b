"""Following the database: LISTEN for speed, a poll each second for certainty, on one connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import asyncpg
import structlog

LOST = "follow_connection_lost"
BACK = "follow_connection_back"
POLL_SECONDS = 0.8
AGAIN_SECONDS = 0.5

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Follower(Protocol):
    """Something in memory that must be as the database says."""

    @property
    def channel(self) -> str | None:
        """The channel that announces a change, or None where only the poll counts."""

    async def refresh(self, connection: asyncpg.Connection) -> None:
        """MUST be cheap when nothing changed; MAY be called at any time."""


async def follow(connect: Connect, followers: Sequence[Follower], stop: asyncio.Event) -> None:
    """Refreshes every follower at once, on each announcement and each poll, until `stop`; survives a lost database."""
    log = structlog.get_logger()
    lost = False
    while not stop.is_set():
        try:
            connection = await connect()
            try:
                if lost:
                    log.info(BACK)
                lost = False
                await _follow(connection, followers, stop)
            finally:
                await connection.close(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if not lost:
                log.warning(LOST, reason=type(error).__name__)
            lost = True
            await wait(stop, AGAIN_SECONDS)


async def _follow(connection: asyncpg.Connection, followers: Sequence[Follower], stop: asyncio.Event) -> None:
    wake = asyncio.Event()

    def woken(*_: object) -> None:
        wake.set()

    stopped = asyncio.ensure_future(stop.wait())
    stopped.add_done_callback(woken)
    connection.add_termination_listener(woken)
    for channel in {follower.channel for follower in followers} - {None}:
        await connection.add_listener(channel, woken)
    try:
        while not stop.is_set():
            wake.clear()
            for follower in followers:
                await follower.refresh(connection)
            await wait(wake, POLL_SECONDS)
    finally:
        stopped.cancel()


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set or the time is over."""
    if event.is_set():
        return
    task = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((task,), timeout=seconds)
    finally:
        task.cancel()
