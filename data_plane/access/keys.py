"""API keys as values: `bw_<id>_<secret>`, of which only a keyed hash is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

PREFIX = "bw"
MAX_TOKEN = 128


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `token` is shown once and kept nowhere."""

    id: str
    token: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of a key.

    `tags` holds the permitted values per tag: one fixes it, several leave the choice to the request, none means every
    registered value. `commit` is the salted commitment to the id that ledger entries carry. `revision` grows with every
    change of the key.
    """

    id: str
    hash: bytes
    name: str
    tags: Mapping[str, tuple[str, ...]]
    service: bool
    premium: bool
    commit: str
    revision: int
    created_at: datetime
    revoked_at: datetime | None
    expires_at: datetime | None


def make(pepper: bytes, key_id: str | None = None) -> NewKey:
    """A new secret, for a new id or (when rotating) a known one."""
    key_id = key_id or secrets.token_hex(6)
    secret = secrets.token_urlsafe(32).replace("-", "A").replace("_", "B")
    return NewKey(key_id, f"{PREFIX}_{key_id}_{secret}", digest(pepper, key_id, secret))


def digest(pepper: bytes, key_id: str, secret: str) -> bytes:
    """HMAC-SHA-256 of id and secret under the region's own key: a copy of the table opens nothing."""
    return hmac.digest(pepper, f"{key_id}.{secret}".encode(), hashlib.sha256)


def split(token: str) -> tuple[str, str] | None:
    """Id and secret of a token, or None where it is not shaped like one."""
    if len(token) > MAX_TOKEN or not token.isascii():
        return None
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX or not parts[1] or not parts[2]:
        return None
    return parts[1], parts[2]
