"""The officer's way in: a link that works once, given to whoever owns the region's files."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from bailiwick.contract.times import format_time
from data_plane.console.context import Ctx
from data_plane.console.public import officer
from data_plane.evidence import tokens

router = APIRouter(prefix="/officer")
LIFE = timedelta(minutes=10)


@router.post("/link", status_code=HTTPStatus.CREATED)
async def link(context: Ctx) -> dict[str, Any]:
    """Make a link to the officer's pages; it signs in one browser, within ten minutes."""
    expires = context.now() + LIFE
    token = await tokens.issue(context.pool, officer.LINK, expires)
    console = context.settings.console
    return {
        "url": f"http://{console.host}:{console.port}/officer/sign-in/{token}",
        "expires_at": format_time(expires),
    }
