"""Salted commitments: what stands in the ledger in place of a value that someone may want erased."""

from __future__ import annotations

import secrets

import asyncpg

from bailiwick.contract.ledger_entry import commit

SALT_BYTES = 32


async def create(connection: asyncpg.Connection, value: str) -> str:
    """Commits to `value` with a new salt, kept in the caller's transaction; gives 64 hex digits."""
    salt = secrets.token_bytes(SALT_BYTES)
    made = commit(salt, value.encode())
    await connection.execute(
        "INSERT INTO salt (commit, salt, value) VALUES ($1, $2, $3)", bytes.fromhex(made), salt, value
    )
    return made


async def erase(connection: asyncpg.Connection, value: str) -> int:
    """Deletes every salt of `value`, and the value with it; gives how many. No proof changes."""
    done: str = await connection.execute("DELETE FROM salt WHERE value = $1", value)
    return int(done.rpartition(" ")[2])
