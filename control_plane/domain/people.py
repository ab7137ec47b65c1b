"""Users of the centre, their roles and their secrets (kept as hashes)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from control_plane.domain.words import UserId


class UserRole(StrEnum):
    """What a user may do at the centre."""

    VIEWER = "viewer"
    FINANCE = "finance"
    OPERATIONS = "operations"
    AUDITOR = "auditor"


class SecretKind(StrEnum):
    """A one-time link signs in once; a session is a browser's; a token is a script's."""

    LINK = "link"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a kind, not a secret


@dataclass(frozen=True)
class User:
    """A named user of the centre."""

    id: UserId
    name: str
    roles: frozenset[UserRole]
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True)
class UserSecret:
    """A link, session or token as kept: SHA-256 of the secret only."""

    hash: bytes
    user: UserId
    kind: SecretKind
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
