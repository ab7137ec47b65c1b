"""API keys in the database: made, listed, rotated and revoked, each change a ledger entry in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from bailiwick.contract.ledger_entry import Key, KeyAction
from data_plane.access import keys
from data_plane.access.errors import InvalidKeyError, KeyRevokedError, UnknownKeyError
from data_plane.access.keys import ApiKey, NewKey
from data_plane.access.table import SELECT, from_row
from data_plane.ledger import commitments
from data_plane.ledger.append import append

MAX_NAME = 100
INSERT = (
    "INSERT INTO api_key (id, hash, name, tags, service, premium, key_commit, created_at, changed_at, expires_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)"
)


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a new key should be. A tag that is left out permits every registered value."""

    name: str
    tags: Mapping[str, Sequence[str]]
    service: bool = False
    premium: bool = False
    expires_at: datetime | None = None


class KeyStore:
    """Keys of one region. Each method runs on the caller's connection, in a transaction of its own."""

    def __init__(self, pepper: bytes, vocabulary: Mapping[str, Sequence[str]]) -> None:
        self._pepper = pepper
        self._vocabulary = vocabulary

    async def create(self, connection: asyncpg.Connection, request: KeyRequest, now: datetime) -> tuple[ApiKey, NewKey]:
        """Makes a key; the token in the second value is shown once.

        Raises:
            InvalidKeyError: a tag or value is not registered.
        """
        self._check(request)
        new = keys.make(self._pepper)
        tags = {name: list(values) for name, values in request.tags.items() if values}
        async with connection.transaction():
            commit = await commitments.create(connection, new.id)
            await connection.execute(
                INSERT,
                new.id,
                new.hash,
                request.name,
                json.dumps(tags),
                request.service,
                request.premium,
                commit,
                now,
                request.expires_at,
            )
            await self._record(connection, "created", commit, tags, now, service=request.service)
        return await self.get(connection, new.id), new

    async def listed(self, connection: asyncpg.Connection) -> list[ApiKey]:
        """All keys, newest first."""
        return [from_row(row) for row in await connection.fetch(f"{SELECT} ORDER BY created_at DESC, id")]

    async def get(self, connection: asyncpg.Connection, key_id: str) -> ApiKey:
        """One key.

        Raises:
            UnknownKeyError: there is none.
        """
        row = await connection.fetchrow(f"{SELECT} WHERE id = $1", key_id)
        if row is None:
            raise UnknownKeyError(f"no key has the id {key_id[:32]!r}")
        return from_row(row)

    async def revoke(self, connection: asyncpg.Connection, key_id: str, now: datetime) -> ApiKey:
        """Ends a key; every worker refuses it within a second. Revoking again changes nothing.

        Raises:
            UnknownKeyError: there is none.
        """
        async with connection.transaction():
            key = await self._locked(connection, key_id)
            if key.revoked_at is None:
                await connection.execute("UPDATE api_key SET revoked_at = $2 WHERE id = $1", key_id, now)
                await self._record(connection, "revoked", key.commit, key.tags, now, service=key.service)
        return await self.get(connection, key_id)

    async def rotate(self, connection: asyncpg.Connection, key_id: str, now: datetime) -> tuple[ApiKey, NewKey]:
        """Replaces the secret; the old one is refused within a second.

        Raises:
            UnknownKeyError: there is no such key.
            KeyRevokedError: a revoked key stays revoked.
        """
        async with connection.transaction():
            key = await self._locked(connection, key_id)
            if key.revoked_at is not None:
                raise KeyRevokedError(f"the key {key_id} was revoked; make a new one")
            new = keys.make(self._pepper, key_id)
            await connection.execute("UPDATE api_key SET hash = $2 WHERE id = $1", key_id, new.hash)
            await self._record(connection, "rotated", key.commit, key.tags, now, service=key.service)
        return await self.get(connection, key_id), new

    async def _locked(self, connection: asyncpg.Connection, key_id: str) -> ApiKey:
        row = await connection.fetchrow(f"{SELECT} WHERE id = $1 FOR UPDATE", key_id)
        if row is None:
            raise UnknownKeyError(f"no key has the id {key_id[:32]!r}")
        return from_row(row)

    async def _record(
        self,
        connection: asyncpg.Connection,
        action: KeyAction,
        commit: str,
        tags: Mapping[str, Sequence[str]],
        now: datetime,
        *,
        service: bool,
    ) -> None:
        teams = tags.get("team", ())
        team = teams[0] if len(teams) == 1 else ""
        await append(connection, Key(at=now, action=action, key=commit, team=team, service=service))

    def _check(self, request: KeyRequest) -> None:
        if len(request.name) > MAX_NAME or not request.name.isprintable():
            raise InvalidKeyError(f"a key's name has at most {MAX_NAME} printable signs")
        for name, values in request.tags.items():
            registered = self._vocabulary.get(name)
            if registered is None:
                raise InvalidKeyError(f"there is no tag {name[:32]!r}; the tags are {', '.join(self._vocabulary)}")
            for value in values:
                if value not in registered:
                    raise InvalidKeyError(
                        f"{value[:64]!r} is not a registered value of {name}; registered are: {', '.join(registered)}"
                    )
