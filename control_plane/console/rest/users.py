"""`/users`: who may sign in, and with what."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from control_plane.console.rest import documents
from control_plane.console.rest.deps import TRUSTED, Anyone, Operator, Rest
from control_plane.console.rest.documents import Document
from control_plane.domain.errors import ForbiddenError
from control_plane.domain.people import SecretKind, User
from control_plane.services.users import Issued


class UserBody(BaseModel):
    """A user. Officers are not users of the centre: they sign in at their region."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(max_length=32, examples=["amara"])
    name: str = Field(default="", max_length=64)
    roles: list[str] = Field(min_length=1, max_length=4, examples=[["operations"]])


def router() -> APIRouter:
    """The routes of this resource. No idempotency keys: answers hold secrets, which are never kept."""
    routes = APIRouter(tags=["users"])
    routes.add_api_route("/users", listed, methods=["GET"])
    routes.add_api_route("/users", added, methods=["POST"], status_code=201)
    routes.add_api_route("/users/{user_id}/link", link, methods=["POST"], status_code=201)
    routes.add_api_route("/users/{user_id}/token", token, methods=["POST"], status_code=201)
    routes.add_api_route("/me", myself, methods=["GET"])
    return routes


async def listed(rest: Rest, _user: Anyone) -> Document:
    """All users."""
    return {"users": [documents.user(one) for one in await rest.users.all()]}


async def myself(user: Anyone) -> Document:
    """Who asks."""
    return documents.user(user)


async def added(body: UserBody, rest: Rest, user: Operator) -> Document:
    """Add a user, or change a known one."""
    return documents.user(await rest.users.add(body.id, body.name or body.id, body.roles, user.id))


async def link(user_id: str, request: Request, rest: Rest, user: Operator) -> Document:
    """A one-time link that signs a person in."""
    _own(user_id, request, user)
    made = await rest.users.issue(user_id, SecretKind.LINK, user.id)
    public: str = request.app.state.public_url
    return {**_issued(made), "path": f"/login?token={made.secret}", "url": f"{public}/login?token={made.secret}"}


async def token(user_id: str, request: Request, rest: Rest, user: Operator) -> Document:
    """A token for scripts. It is shown once."""
    _own(user_id, request, user)
    made = await rest.users.issue(user_id, SecretKind.TOKEN, user.id)
    return {**_issued(made), "token": made.secret}


def _own(user_id: str, request: Request, user: User) -> None:
    """From afar a sign-in is made for oneself only: nobody can become the second person of an approval."""
    if request.scope.get(TRUSTED) is not True and user_id != user.id:
        raise ForbiddenError(
            "own-sign-in",
            "Another person's sign-in is made on the centre's machine only.",
            f"There: `bailiwick user link {user_id}`." if user_id.isalnum() else "",
        )


def _issued(made: Issued) -> Document:
    return {"user": made.user, "expires": documents.moment(made.expires_at)}
