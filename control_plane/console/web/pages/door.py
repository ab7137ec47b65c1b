"""Signing in by a one-time link, and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from control_plane.console.web.routing import page_route
from control_plane.console.web.session import COOKIE, LIFE
from control_plane.console.web.site import Message, Site

MAX_TOKEN = 200
SIGN_IN = Message(
    "Sign in",
    "This console opens with a one-time link. It is made where the centre runs, for one person, and works once.",
    "Nobody is signed in",
    "Make a link on the centre's machine and open it in this browser.",
    state="awaiting-person",
    cmd="bailiwick user link NAME",
    links=(),
    alert=False,
)
EXPIRED = Message(
    "This link does not work any more",
    "A sign-in link works once and for a short time. It was used before, it is too old, or it is not complete.",
    "Not signed in",
    "Make a new one on the centre's machine. Nothing else changed: a used link tells nobody anything.",
    state="expired",
    cmd="bailiwick user link NAME",
    links=(),
    problem="LINK-SPENT",
)


def target(path: str) -> str:
    """Where to go after signing in: a path of this console, never another site."""
    plain = (
        path.startswith("/") and not path.startswith(("//", "/\\", "/login")) and path.isascii() and path.isprintable()
    )
    return path if plain and '"' not in path and ";" not in path else "/"


def router(site: Site) -> APIRouter:
    """`/login` and `/logout`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)

    @routes.get("/login")
    async def login(request: Request, token: str = "", next: str = "/") -> Response:  # noqa: A002 - the query parameter's name
        if not token:
            return site.message(request, 401, SIGN_IN)
        person = await site.deps.accounts.redeem(token) if len(token) <= MAX_TOKEN else None
        if person is None:
            return site.message(request, 403, EXPIRED)
        answer = site.signed_in(person.display, target(next))
        answer.set_cookie(
            COOKIE,
            site.sessions.issue(person.name, site.deps.clock.now()),
            max_age=int(LIFE.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=site.deps.secure_cookie,
            path="/",
        )
        return answer

    @routes.post("/logout")
    async def logout(request: Request) -> Response:
        viewer = await site.viewer(request)
        await site.form(request, viewer)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=site.deps.secure_cookie)
        return answer

    return routes
