"""Step 2, key: all keys of the region in memory, so that checking one costs a hash and no query.

Rules:

1. A token passes only if its keyed hash equals the stored one, compared in constant time.
2. A revoked or expired key never passes; a change reaches every worker within a second (`KeyFollower`).
3. A table that was never loaded passes nothing.
"""

from __future__ import annotations

import enum
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from data_plane.access import keys
from data_plane.access.keys import ApiKey

CHANNEL = "api_key"
MAX_MEMO = 4096


class Denial(enum.Enum):
    """Why a token does not pass."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Denied:
    """A token that does not pass; `key` is known only where the secret was right."""

    why: Denial
    key: ApiKey | None = None


class KeyTable:
    """A snapshot of all keys, replaced as one object."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._keys: Mapping[str, ApiKey] = {}
        self._memo: dict[bytes, ApiKey] = {}

    def replace(self, found: Mapping[str, ApiKey]) -> None:
        """Puts a new snapshot in place."""
        self._keys = found
        self._memo = {}

    def check(self, authorization: bytes | None) -> ApiKey | Denied:
        """The key behind an `Authorization` header."""
        if authorization is None:
            return Denied(Denial.MISSING)
        # Keyed by a digest, so that no secret stays in memory longer than its request.
        memo = hmac.digest(self._pepper, authorization, "sha256")
        key = self._memo.get(memo)
        if key is None:
            checked = self._look_up(authorization)
            if isinstance(checked, Denied):
                return checked
            key = checked
            if len(self._memo) >= MAX_MEMO:
                self._memo.clear()
            self._memo[memo] = key
        if key.expires_at is not None and key.expires_at.timestamp() <= time.time():
            return Denied(Denial.EXPIRED, key)
        return key

    def _look_up(self, authorization: bytes) -> ApiKey | Denied:
        scheme, _, token = authorization.partition(b" ")
        parts = keys.split(token.decode("latin-1").strip()) if scheme.lower() == b"bearer" else None
        if parts is None:
            return Denied(Denial.MALFORMED)
        key_id, secret = parts
        key = self._keys.get(key_id)
        given = keys.digest(self._pepper, key_id, secret)
        if key is None or not hmac.compare_digest(given, key.hash):
            return Denied(Denial.UNKNOWN)
        if key.revoked_at is not None:
            return Denied(Denial.REVOKED, key)
        return key


class KeyFollower:
    """Keeps a `KeyTable` as the database says; asks cheaply whether anything changed."""

    channel = CHANNEL

    def __init__(self, table: KeyTable) -> None:
        self._table = table
        self._state: tuple[int, datetime | None] | None = None

    async def refresh(self, connection: asyncpg.Connection) -> None:
        """Loads all keys again if one was added or changed."""
        row = await connection.fetchrow("SELECT count(*), max(changed_at) FROM api_key")
        state = (row[0], row[1])
        if state == self._state:
            return
        rows = await connection.fetch(SELECT)
        self._table.replace({row["id"]: from_row(row) for row in rows})
        self._state = state


SELECT = (
    "SELECT id, hash, name, tags, service, premium, key_commit, revision, created_at, revoked_at, expires_at"
    " FROM api_key"
)


def from_row(row: asyncpg.Record) -> ApiKey:
    """A key as the database holds it."""
    tags = json.loads(row["tags"])
    return ApiKey(
        id=row["id"],
        hash=row["hash"],
        name=row["name"],
        tags={name: tuple(values) for name, values in tags.items()},
        service=row["service"],
        premium=row["premium"],
        commit=row["key_commit"],
        revision=row["revision"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
    )
