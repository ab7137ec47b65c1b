"""Connection pools. A service never waits for a statement without end: the caller decides how long it may take."""

from __future__ import annotations

import asyncpg


async def open_pool(
    dsn: str, *, size: int = 4, name: str = "bailiwick", statement_seconds: float = 30.0
) -> asyncpg.Pool:
    """A pool of at most `size` connections; none is opened before it is needed.

    `name` appears in `pg_stat_activity`. Statements are cut after `statement_seconds` by the server.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=60.0,
        timeout=5.0,
        command_timeout=statement_seconds + 5.0,
        server_settings={"application_name": name, "statement_timeout": str(int(statement_seconds * 1000))},
    )


async def connect(dsn: str, *, name: str = "bailiwick", statement_seconds: float = 30.0) -> asyncpg.Connection:
    """One connection of its holder's own: for an advisory lock, for LISTEN, for the writer of a batch."""
    return await asyncpg.connect(
        dsn,
        timeout=5.0,
        command_timeout=statement_seconds + 5.0,
        server_settings={"application_name": name, "statement_timeout": str(int(statement_seconds * 1000))},
    )
