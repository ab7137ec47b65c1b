"""Read tokens: 256 random bits shown once, kept as a hash, for one scope, until they expire."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

PREFIX = "bwe_"
ENTRIES = "entries"


def bundle_scope(grant: str) -> str:
    """The scope of the token that downloads one granted bundle."""
    return f"bundle:{grant}"


async def issue(connection: asyncpg.Pool | asyncpg.Connection, scope: str, expires: datetime) -> str:
    """Make a token for `scope`; only its SHA-256 is stored."""
    token = PREFIX + secrets.token_urlsafe(32)
    await connection.execute(
        "INSERT INTO read_token (hash, scope, expires_at) VALUES ($1, $2, $3)", _hash(token), scope, expires
    )
    return token


async def permits(pool: asyncpg.Pool, token: str, scope: str, now: datetime) -> bool:
    """Whether the token carries the scope and has not expired."""
    found = await pool.fetchval(
        "SELECT 1 FROM read_token WHERE hash = $1 AND scope = $2 AND expires_at > $3", _hash(token), scope, now
    )
    return found is not None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def redeem(pool: asyncpg.Pool, token: str, scope: str, now: datetime) -> bool:
    """Use a token up: true for one caller, however many bring it."""
    used = await pool.fetchval(
        "DELETE FROM read_token WHERE hash = $1 AND scope = $2 AND expires_at > $3 RETURNING 1",
        _hash(token),
        scope,
        now,
    )
    return used is not None


async def forget_expired(pool: asyncpg.Pool, now: datetime) -> None:
    """Delete tokens that open nothing any more."""
    await pool.execute("DELETE FROM read_token WHERE expires_at <= $1", now)
