"""Requests for evidence that reached the region, and the officer's grants."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.contract.times import format_time
from data_plane.console import tokens
from data_plane.console.context import Ctx
from data_plane.console.problems import Problem, not_found
from data_plane.evidence import grants

router = APIRouter(prefix="/evidence")

NEWEST_FIRST = "SELECT * FROM evidence_request ORDER BY received_at DESC LIMIT 200"


class NewGrant(BaseModel):
    """The officer's word: which request, sealed to whom, and for how long."""

    model_config = ConfigDict(extra="forbid")

    request: Annotated[str, Field(max_length=64)]
    recipient: Annotated[str, Field(pattern=r"^age1[02-9ac-hj-np-z]{58}$")]
    hours: Annotated[int, Field(ge=1, le=720)] = 24


@router.get("/requests")
async def requests(context: Ctx) -> dict[str, Any]:
    """Requests, newest first."""
    rows = await context.pool.fetch(NEWEST_FIRST)
    return {
        "requests": [
            {
                "id": row["id"],
                "phase": row["phase"],
                "first": row["first_idx"],
                "next": row["next_idx"],
                "recipient": row["recipient"],
                "expires": format_time(row["expires"]),
            }
            for row in rows
        ]
    }


@router.post("/grants", status_code=HTTPStatus.CREATED)
async def grant(asked: NewGrant, context: Ctx) -> dict[str, Any]:
    """Build the bundle, seal it to the recipient, offer it for download, and record the grant in the ledger."""
    row = await context.pool.fetchrow("SELECT * FROM evidence_request WHERE id = $1", asked.request)
    if row is None:
        raise not_found(f"no request {asked.request} reached this region", "`bailiwick evidence requests` lists them")
    now = context.now()
    if row["phase"] != "received" or row["expires"] <= now:
        state = row["phase"] if row["phase"] != "received" else "expired"
        raise Problem(HTTPStatus.CONFLICT, "not-open", f"the request is {state}", "ask for evidence anew")
    if row["recipient"] and row["recipient"] != asked.recipient:
        raise Problem(
            HTTPStatus.CONFLICT,
            "other-recipient",
            "the request names another recipient than the one given here",
            "confirm the auditor's recipient out of band, and grant with that one",
        )
    expires = now + timedelta(hours=asked.hours)
    built = await grants.build(context.settings, context.pool, row, asked.recipient, now, expires)
    token = await tokens.issue(context.pool, tokens.bundle_scope(built.id), expires)
    console = context.settings.console
    return {
        "id": built.id,
        "request": asked.request,
        "bundle": built.digest,
        "first": built.first,
        "next": built.next,
        "url": f"http://{console.host}:{console.port}/bundles/{built.id}",
        "token": token,
        "expires_at": format_time(expires),
    }
