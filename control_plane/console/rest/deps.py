"""What the REST part is made of, and who is asking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request

from control_plane.domain.errors import ForbiddenError, UnauthenticatedError
from control_plane.domain.people import SecretKind, User, UserRole
from control_plane.domain.words import UserId
from control_plane.services.evidence import Evidence
from control_plane.services.invitations import Invitations
from control_plane.services.journal import Journal
from control_plane.services.left import LeftReader
from control_plane.services.ports import Registry
from control_plane.services.regions import Regions
from control_plane.services.releases import Releases
from control_plane.services.rollout_ports import Orchestrator
from control_plane.services.rollouts import Rollouts
from control_plane.services.spend import SpendReader
from control_plane.services.trust import TrustReader
from control_plane.services.users import Users, require

TRUSTED = "bailiwick.trusted"
AS_HEADER = "X-Bailiwick-As"
OWNER = "owner"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Topics(Protocol):
    """Tells what changed."""

    def watch(self) -> AsyncIterator[str]:
        """Topics as they change. MUST end when the process stops."""
        ...


@dataclass(frozen=True)
class RestDeps:
    """The use cases behind REST. `session` reads a browser's cookie: the user's id, or None.

    `answers` has connections of its own: a write that carries a key holds one while its use case waits for another.
    """

    answers: Registry
    regions: Regions
    invitations: Invitations
    releases: Releases
    rollouts: Rollouts
    spend: SpendReader
    evidence: Evidence
    left: LeftReader
    trust: TrustReader
    users: Users
    journal: Journal
    orchestrator: Orchestrator
    changes: Topics
    clock: Callable[[], datetime]
    session: Callable[[str], str | None]
    cookie: str


def deps(request: Request) -> RestDeps:
    """The use cases of this application."""
    return cast("RestDeps", request.app.state.rest)


async def authenticate(request: Request) -> User:
    """Who asks: the admin socket's word, a bearer token, or a browser's session. Raises UnauthenticatedError."""
    known = getattr(request.state, "user", None)
    if isinstance(known, User):
        return known
    found = await _found(request, deps(request))
    request.state.user = found
    return found


async def _found(request: Request, parts: RestDeps) -> User:
    if request.scope.get(TRUSTED) is True:
        return await _acting(request, parts)
    header = request.headers.get("authorization", "")
    if header:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("scheme", "Only bearer tokens are taken.", "`bailiwick user token`.")
        return await parts.users.authenticate(secret.strip(), SecretKind.TOKEN)
    cookie = request.cookies.get(parts.cookie)
    user = parts.session(cookie) if cookie else None
    if user is None:
        raise UnauthenticatedError("sign-in", "Nobody is signed in.", "Send a token: `bailiwick user token USER`.")
    _refuse_foreign(request)
    return await parts.users.get(user)


async def _acting(request: Request, parts: RestDeps) -> User:
    """Over the admin socket the operating system's owner speaks, for whichever user it names."""
    name = request.headers.get(AS_HEADER)
    if name:
        return await parts.users.get(name)
    return User(UserId(OWNER), "the owner of this machine", frozenset(UserRole), parts.clock())


def _refuse_foreign(request: Request) -> None:
    """A browser's session counts for writes only from pages of this very site."""
    if request.method in SAFE:
        return
    origin = request.headers.get("origin", "")
    if urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ForbiddenError("foreign-origin", "The request did not come from this site.", "Use a token in scripts.")


def operations(user: Annotated[User, Depends(authenticate)]) -> User:
    """Only central operations."""
    require(user, UserRole.OPERATIONS)
    return user


def named(user: Annotated[User, Depends(operations)]) -> User:
    """A named person of central operations: approvals are never given by a machine's owner as such."""
    if user.id == OWNER:
        raise ForbiddenError("named-person", "An approval is given by a named person.", "Say who: --as USER.")
    return user


def auditors(user: Annotated[User, Depends(authenticate)]) -> User:
    """Auditors, and central operations on their behalf."""
    require(user, UserRole.AUDITOR, UserRole.OPERATIONS)
    return user


Rest = Annotated[RestDeps, Depends(deps)]
Anyone = Annotated[User, Depends(authenticate)]
Operator = Annotated[User, Depends(operations)]
Approver = Annotated[User, Depends(named)]
Auditor = Annotated[User, Depends(auditors)]
