"""Composes the region's console: one application on its address, one on the admin socket."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog
import uvicorn

from data_plane.bootstrap.lifecycle import run
from data_plane.console.app import admin_app, public_app
from data_plane.console.context import Context
from data_plane.database.pool import open_pool
from data_plane.evidence import grants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from data_plane.settings import RegionSettings

ROLE = "bw_console"
GRACE_SECONDS = 5
STATEMENT_SECONDS = 600.0
EXPIRE_SECONDS = 60.0
UNEXPIRED = "evidence_expiry_waits"
_QUIET: Final[dict[str, Any]] = {
    "log_config": None,
    "access_log": False,
    "timeout_graceful_shutdown": GRACE_SECONDS,
    "server_header": False,
}


def main(settings: RegionSettings) -> int:
    """Run until told to stop."""
    return run("console", ROLE, settings, _serve)


async def _serve(settings: RegionSettings, stop: asyncio.Event) -> None:
    pool = await open_pool(settings.dsn(ROLE), name="console", statement_seconds=STATEMENT_SECONDS)
    context = Context(settings, pool)
    public = _Server(
        uvicorn.Config(public_app(context), **_QUIET, host=settings.console.host, port=settings.console.port)
    )
    admin = _Server(uvicorn.Config(admin_app(context), **_QUIET))
    await grants.clear(settings, pool)
    private = _private_socket(settings.admin_socket)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(public.serve())
            tasks.create_task(admin.serve(sockets=[private]))
            expiring = tasks.create_task(_expire(context))
            await stop.wait()
            expiring.cancel()
            public.should_exit = admin.should_exit = True
    finally:
        await pool.close()
        private.close()
        settings.admin_socket.unlink(missing_ok=True)


async def _expire(context: Context) -> None:
    """Ends grants soon after their time; what fails is tried again in the next round."""
    while True:
        try:
            await grants.expire(context.settings, context.pool, context.now())
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            structlog.get_logger().warning(UNEXPIRED, error=type(error).__name__)
        await asyncio.sleep(EXPIRE_SECONDS)


class _Server(uvicorn.Server):
    """A server among others in one process: the process's own handlers take the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _private_socket(path: Path) -> socket.socket:
    """A listening socket that nobody but the owner of the region's files can open, at any moment of its life."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(128)
    return listener
