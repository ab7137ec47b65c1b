"""Which schema this code needs, and waiting for it: services start before, between and after migrations."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import asyncpg
import structlog

WAITING = "waiting_for_schema"
UNREACHABLE = "database_unreachable"
POLL_SECONDS = 0.25
SAY_EVERY = 20


def migrations() -> Path:
    """The folder of Alembic's environment."""
    return Path(__file__).parent / "migrations"


def needed_revision() -> str:
    """The newest revision that this code knows. Revisions are numbered, so their order is the order of their names.

    Services ask without loading Alembic, which would double the time that they take to start.
    """
    return max(path.name.partition("_")[0] for path in (migrations() / "versions").glob("[0-9]*_*.py"))


async def present_revision(dsn: str) -> str | None:
    """The revision of the database; none before the first migration.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached, or not by this role.
    """
    connection = await asyncpg.connect(dsn, timeout=5.0)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        found: str | None = await connection.fetchval("SELECT max(version_num) FROM alembic_version")
        return found
    finally:
        await connection.close()


async def wait_for_revision(dsn: str, stop: asyncio.Event) -> bool:
    """Waits until the database has at least the schema this code needs; false when `stop` came first."""
    log = structlog.get_logger()
    needed = needed_revision()
    turn = 0
    while not stop.is_set():
        event, present = WAITING, None
        try:
            present = await present_revision(dsn)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            event = UNREACHABLE
        if present is not None and present >= needed:
            return True
        if turn % SAY_EVERY == 0:
            log.info(event, needed=needed, present=present)
        turn += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)
    return False
