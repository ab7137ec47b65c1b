"""Users, how they sign in, and what their roles permit.

Secrets are 32 random bytes in base64url with a prefix per kind; only their SHA-256 is kept.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_plane.domain.errors import ForbiddenError, InvalidError, NotFoundError, StateError, UnauthenticatedError
from control_plane.domain.people import SecretKind, User, UserRole, UserSecret
from control_plane.domain.words import UserId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction

_ID = re.compile(r"[a-z][a-z0-9._-]{0,31}\Z")
_PREFIX = {SecretKind.LINK: "bwl_", SecretKind.SESSION: "bws_", SecretKind.TOKEN: "bwt_"}
_LIFE = {
    SecretKind.LINK: timedelta(minutes=15),
    SecretKind.SESSION: timedelta(hours=12),
    SecretKind.TOKEN: timedelta(days=90),
}
_MAX_NAME = 64


@dataclass(frozen=True)
class Issued:
    """A secret as handed over once."""

    secret: str
    user: UserId
    kind: SecretKind
    expires_at: datetime


class Users:
    """Users of the centre."""

    def __init__(self, registry: Registry, clock: Clock, random: Callable[[int], bytes]) -> None:
        self._registry = registry
        self._clock = clock
        self._random = random

    async def all(self) -> Sequence[User]:
        """All users, by id."""
        async with self._registry.begin() as tx:
            return await tx.users.all()

    async def get(self, user: str) -> User:
        """One user who may sign in. Raises NotFoundError."""
        async with self._registry.begin() as tx:
            return await self._user(tx, user)

    async def add(self, user: str, name: str, roles: Sequence[str], by: str) -> User:
        """Add a user, or give a known one a new name and new roles."""
        if not _ID.match(user):
            raise InvalidError("user-id", "That is no user id.", "Use lower-case letters, digits, dots and hyphens.")
        if not name or len(name) > _MAX_NAME or not name.isprintable():
            raise InvalidError("user-name", "That is no name to show.", f"1 to {_MAX_NAME} printable characters.")
        known = frozenset(_role(role) for role in roles)
        if not known:
            raise InvalidError("user-roles", "A user needs at least one role.", f"Choose among {_roles()}.")
        now = self._clock()
        async with self._registry.begin() as tx:
            before = await tx.users.get(UserId(user))
            saved = User(UserId(user), name, known, before.created_at if before else now)
            await tx.users.save(saved)
            await record(tx, "user.save", by, now, user=user, roles=",".join(sorted(known)))
        return saved

    async def issue(self, user: str, kind: SecretKind, by: str) -> Issued:
        """A link, session or token for a user. The secret is shown here and never again."""
        now = self._clock()
        raw = self._random(32)
        secret = _PREFIX[kind] + base64.urlsafe_b64encode(raw).decode().rstrip("=")
        async with self._registry.begin() as tx:
            known = await self._user(tx, user)
            expires = now + _LIFE[kind]
            await tx.users.add_secret(UserSecret(_hash(secret), known.id, kind, now, expires))
            if kind is not SecretKind.SESSION:
                await record(tx, f"user.{kind.value}", by, now, user=user)
        return Issued(secret, known.id, kind, expires)

    async def redeem(self, secret: str) -> User:
        """Use up a one-time link. Raises UnauthenticatedError when it is unknown, used or expired."""
        now = self._clock()
        async with self._registry.begin() as tx:
            found = await tx.users.lock_secret(_hash(secret), SecretKind.LINK)
            if found is None or found.used_at is not None or found.revoked_at is not None or found.expires_at <= now:
                raise UnauthenticatedError(
                    "link", "This link is unknown, used or expired.", "Ask for a new one: `bailiwick user link`."
                )
            await tx.users.spend_secret(found.hash, now, None)
            user = await self._user(tx, found.user)
            await record(tx, "user.sign-in", user.id, now, user=user.id)
            return user

    async def authenticate(self, secret: str, kind: SecretKind) -> User:
        """The user behind a session or token. Raises UnauthenticatedError."""
        now = self._clock()
        async with self._registry.begin() as tx:
            found = await tx.users.lock_secret(_hash(secret), kind)
            if found is None or found.revoked_at is not None or found.expires_at <= now:
                raise UnauthenticatedError(kind.value, f"This {kind.value} is unknown, revoked or expired.", "Sign in.")
            return await self._user(tx, found.user)

    async def revoke(self, secret: str) -> None:
        """End a session or a token."""
        async with self._registry.begin() as tx:
            await tx.users.spend_secret(_hash(secret), None, self._clock())

    async def _user(self, tx: Transaction, user: str) -> User:
        found = await tx.users.get(UserId(user))
        if found is None:
            raise NotFoundError("user", f"There is no user {_shown(user)}.", "See `bailiwick user list`.")
        if found.disabled_at is not None:
            raise StateError("user-disabled", f"The user {user} is disabled.")
        return found


def require(user: User, *roles: UserRole) -> None:
    """Raise ForbiddenError unless the user has one of the roles."""
    if not user.roles.intersection(roles):
        needed = " or ".join(role.value for role in roles)
        raise ForbiddenError(
            "role", f"{user.id} may not do this: it takes the role {needed}.", f"Ask someone in {needed}."
        )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _role(text: str) -> UserRole:
    try:
        return UserRole(text)
    except ValueError as error:
        raise InvalidError("user-roles", "That is no role.", f"Choose among {_roles()}.") from error


def _roles() -> str:
    return ", ".join(role.value for role in UserRole)


def _shown(user: str) -> str:
    return user if _ID.match(user) else "of that id"
