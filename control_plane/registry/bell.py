"""PostgreSQL's LISTEN: hears at once what other processes committed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from psycopg import AsyncConnection, OperationalError, sql

LOST = "bell_lost"
RETRY_SECONDS = 1.0
_TURN_SECONDS = 0.5  # how long a stop may have to wait


async def listen(dsn: str, channel: str, ring: Callable[[str], None], stop: asyncio.Event) -> None:
    """Call `ring(payload)` for each notification until `stop`; connects again by itself, and then rings once with "".

    Whoever listens MUST poll too: what is committed while the connection is down rings nobody.
    """
    log = structlog.get_logger()
    while not stop.is_set():
        try:
            async with await AsyncConnection.connect(dsn, autocommit=True, connect_timeout=5) as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                ring("")
                while not stop.is_set():
                    async for note in connection.notifies(timeout=_TURN_SECONDS, stop_after=1):
                        ring(note.payload)
        except (OperationalError, OSError) as error:
            log.warning(LOST, channel=channel, error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
