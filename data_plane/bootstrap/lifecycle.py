"""What every process of the region does alike: start its logs, wait for the schema, stop on a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from data_plane.bootstrap.logs import configure
from data_plane.database.revision import wait_for_revision
from data_plane.settings import RegionSettings, SettingsError

STARTED = "process_started"
STOPPED = "process_stopped"
REFUSED = "process_refused"
FAILED = "process_failed"

Serve = Callable[[RegionSettings, asyncio.Event], Awaitable[None]]


class ProcessRefusedError(Exception):
    """The process must not run in this state; the message says what to do. Exit code 1."""


def run(process: str, role: str, settings: RegionSettings, serve: Serve) -> int:
    """Runs `serve(settings, stop)` as a process of the region.

    Waits until the database has the schema that this code needs, calls `serve`, and sets `stop` on SIGTERM or SIGINT;
    `serve` then has 10 seconds to return. Gives the exit code.
    """
    log = configure(process, settings.region.id)
    try:
        uvloop.run(_supervised(role, settings, serve))
    except (ProcessRefusedError, SettingsError) as error:
        log.error(REFUSED, reason=str(error))  # noqa: TRY400 -- the reason is the message; a traceback adds nothing
        return 1
    except Exception:
        log.exception(FAILED)
        return 1
    return 0


async def _supervised(role: str, settings: RegionSettings, serve: Serve) -> None:
    log = structlog.get_logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not await wait_for_revision(settings.dsn(role), stop):
        return
    log.info(STARTED)
    await serve(settings, stop)
    log.info(STOPPED)
