"""What every process of the centre does alike: start its logs, wait for the schema, stop on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from control_plane.authority.keyfiles import KeyFileError
from control_plane.bootstrap.logs import configure
from control_plane.bootstrap.passwords import dsn
from control_plane.registry.engine import open_engine
from control_plane.registry.migrate import needed_revision, present_revision
from control_plane.settings import CentreSettings, SettingsError

STARTED = "process_started"
STOPPED = "process_stopped"
REFUSED = "process_refused"
FAILED = "process_failed"
WAITING = "waiting_for_schema"
POLL_SECONDS = 0.25

Serve = Callable[[CentreSettings, AsyncEngine, asyncio.Event], Awaitable[None]]


class ProcessRefusedError(Exception):
    """The process must not run in this state; the message says what to do. Exit code 1."""


def run(process: str, role: str, settings: CentreSettings, serve: Serve) -> int:
    """Run `serve(settings, engine, stop)` as a process of the centre; gives the exit code.

    Waits until the database has the schema that this code needs, opens the pool of `role`, calls `serve`, and sets
    `stop` on SIGTERM or SIGINT; `serve` then has 10 seconds to return.
    """
    log = configure(process)
    try:
        uvloop.run(_supervised(process, role, settings, serve))
    except (ProcessRefusedError, SettingsError, KeyFileError) as error:
        log.error(REFUSED, reason=str(error))  # noqa: TRY400 - the reason is the message; a traceback adds nothing
        return 1
    except Exception:
        log.exception(FAILED)
        return 1
    return 0


async def _supervised(process: str, role: str, settings: CentreSettings, serve: Serve) -> None:
    log = structlog.get_logger().bind(process=process)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = open_engine(dsn(settings, role), settings.database.pool)
    try:
        if not await wait_for_revision(engine, stop):
            return
        log.info(STARTED)
        await serve(settings, engine, stop)
        log.info(STOPPED)
    finally:
        await engine.dispose()


async def wait_for_revision(engine: AsyncEngine, stop: asyncio.Event) -> bool:
    """Wait until the database has at least the schema this code needs; false when `stop` came first."""
    log = structlog.get_logger()
    needed = needed_revision()
    said = ""
    while not stop.is_set():
        try:
            async with engine.connect() as connection:
                present = await connection.run_sync(present_revision)
            reason = f"has {present or 'nothing'}, needs {needed}"
        except (SQLAlchemyError, OSError):
            present, reason = None, "the database cannot be reached"
        if present is not None and present >= needed:
            return True
        if reason != said:
            said = reason
            log.info(WAITING, reason=reason)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)
    return False
