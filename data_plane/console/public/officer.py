"""The officer's pages: what the region does, what is offered to it, all that left it, and who may have evidence.

1. Nothing is decided here. Consent needs the officer's key, which never comes near a server: the pages show commands.
2. A link signs in one browser once; following it changes nothing before its button is pressed, so that a preview of
   the link does not use it up.
3. The session is a random token in a cookie for these pages alone; the region keeps its hash.
4. The pages hold no script and no inline style, and may load nothing but their own style sheet.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from data_plane.console.admin import egress, evidence, offers, status
from data_plane.console.context import Context, Ctx
from data_plane.evidence import tokens

router = APIRouter(prefix="/officer", include_in_schema=False)

LINK = "officer-link"
SESSION = "officer-session"
COOKIE = "bailiwick_officer"
LIFE = timedelta(hours=8)
SECURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Values: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]


@router.get("/officer.css")
async def style() -> Response:
    """The one style sheet."""
    body = files("data_plane.console").joinpath("static/officer.css").read_bytes()
    return Response(body, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


@router.get("/sign-in/{token}")
async def ask(token: str, context: Ctx) -> HTMLResponse:
    """The page behind a link; its button signs in."""
    return _html(context, "sign_in.html.j2", HTTPStatus.OK, token=token)


@router.post("/sign-in/{token}")
async def sign_in(token: str, request: Request, context: Ctx) -> Response:
    """Use the link up, and begin a session."""
    now = context.now()
    if not await tokens.redeem(context.pool, token, LINK, now):
        return _signed_out(context)
    session = await tokens.issue(context.pool, SESSION, now + LIFE)
    answer = RedirectResponse("/officer", HTTPStatus.SEE_OTHER, SECURE)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=int(LIFE.total_seconds()),
        path="/officer",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, context: Ctx) -> Response:
    """End the session, here and in the region."""
    await tokens.redeem(context.pool, request.cookies.get(COOKIE, ""), SESSION, context.now())
    answer = _signed_out(context)
    answer.delete_cookie(COOKIE, path="/officer")
    return answer


@router.get("")
async def overview(request: Request, context: Ctx) -> HTMLResponse:
    """State, release, models, ledger, last report."""

    async def values() -> dict[str, Any]:
        return {"status": await status.status(context)}

    return await _page(request, context, "status.html.j2", values)


@router.get("/releases")
async def releases(request: Request, context: Ctx) -> HTMLResponse:
    """What is and was offered."""

    async def values() -> dict[str, Any]:
        return await offers.listed(context)

    return await _page(request, context, "releases.html.j2", values)


@router.get("/releases/{release}")
async def release(release: str, request: Request, context: Ctx) -> HTMLResponse:
    """What one release would change, and the commands that consent to it or refuse it."""

    async def values() -> dict[str, Any]:
        return {"offer": await offers.shown(release, context)}

    return await _page(request, context, "release.html.j2", values)


@router.get("/outbox")
async def outbox(request: Request, context: Ctx) -> HTMLResponse:
    """This is all that left."""

    async def values() -> dict[str, Any]:
        return await egress.listed(context)

    return await _page(request, context, "outbox.html.j2", values)


@router.get("/outbox/{digest}")
async def message(digest: str, request: Request, context: Ctx) -> HTMLResponse:
    """One message as it left, decoded."""

    async def values() -> dict[str, Any]:
        shown = await egress.shown(digest, context)
        return {"message": shown, "content": json.dumps(shown["content"], indent=2, ensure_ascii=False)}

    return await _page(request, context, "message.html.j2", values)


@router.get("/grants")
async def grants(request: Request, context: Ctx) -> HTMLResponse:
    """Requests for evidence, and what was granted."""

    async def values() -> dict[str, Any]:
        rows = await context.pool.fetch(
            "SELECT id, request, recipient, first_idx, next_idx, state, granted_at, expires_at, downloaded_at"
            " FROM evidence_grant ORDER BY granted_at DESC LIMIT 100"
        )
        return {**await evidence.requests(context), "grants": [dict(row) for row in rows]}

    return await _page(request, context, "grants.html.j2", values)


async def _page(request: Request, context: Context, name: str, values: Values) -> HTMLResponse:
    """A page for an officer who has signed in; nothing is read for anyone else."""
    if not await tokens.permits(context.pool, request.cookies.get(COOKIE, ""), SESSION, context.now()):
        return _signed_out(context)
    return _html(context, name, HTTPStatus.OK, **await values())


def _signed_out(context: Context) -> HTMLResponse:
    return _html(context, "signed_out.html.j2", HTTPStatus.UNAUTHORIZED, socket=str(context.settings.admin_socket))


def _html(context: Context, name: str, status_code: HTTPStatus, **values: Any) -> HTMLResponse:  # noqa: ANN401 -- a template's
    region = context.settings.region
    body = (
        _environment()
        .get_template(name)
        .render(region=region.id, jurisdiction=region.jurisdiction, page=name.partition(".")[0], **values)
    )
    return HTMLResponse(body, status_code, SECURE)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = PackageLoader("data_plane.console")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
