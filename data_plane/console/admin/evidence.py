"""Requests for evidence that reached the region, and the officer's grants."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.contract.times import format_time
from data_plane.console.context import Ctx
from data_plane.console.problems import Problem, not_found
from data_plane.evidence import grants
from data_plane.releases import store_evidence
from data_plane.releases.store_evidence import Phase

router = APIRouter(prefix="/evidence")


class NewGrant(BaseModel):
    """The officer's word: which request, sealed to whom, and for how long."""

    model_config = ConfigDict(extra="forbid")

    request: Annotated[str, Field(max_length=64)]
    recipient: Annotated[str, Field(pattern=r"^age1[02-9ac-hj-np-z]{58}$")]
    hours: Annotated[int, Field(ge=1, le=720)] = 24


@router.get("/requests")
async def requests(context: Ctx) -> dict[str, Any]:
    """Requests, newest first."""
    return {
        "requests": [
            {
                "id": request.id,
                "phase": request.phase,
                "first": request.first,
                "next": request.next,
                "recipient": request.recipient,
                "expires": format_time(request.expires),
            }
            for request in await store_evidence.newest(context.pool)
        ]
    }


@router.post("/grants", status_code=HTTPStatus.CREATED)
async def grant(asked: NewGrant, context: Ctx) -> dict[str, Any]:
    """Build the bundle, seal it to the recipient, offer it for download, and record the grant in the ledger."""
    request = await store_evidence.get(context.pool, asked.request)
    if request is None:
        raise not_found(f"no request {asked.request} reached this region", "`bailiwick evidence requests` lists them")
    now = context.now()
    if request.phase != Phase.RECEIVED or request.expires <= now:
        state = request.phase if request.phase != Phase.RECEIVED else "expired"
        raise Problem(HTTPStatus.CONFLICT, "not-open", f"the request is {state}", "ask for evidence anew")
    if request.recipient and request.recipient != asked.recipient:
        raise Problem(
            HTTPStatus.CONFLICT,
            "other-recipient",
            "the request names another recipient than the one given here",
            "confirm the auditor's recipient out of band, and grant with that one",
        )
    expires = now + timedelta(hours=asked.hours)
    built = await grants.build(context.settings, context.pool, request, asked.recipient, expires, now)
    console = context.settings.console
    return {
        "id": built.id,
        "request": asked.request,
        "bundle": built.digest,
        "first": built.first,
        "next": built.next,
        "url": f"http://{console.host}:{console.port}/bundles/{built.id}",
        "token": built.token,
        "expires_at": format_time(expires),
    }
