"""Enrolment: the invitation is handed to the agent, which alone talks to the centre."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from bailiwick.contract import canonical
from bailiwick.contract.enrolment import Invitation
from data_plane.console.context import Context, Ctx
from data_plane.console.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

router = APIRouter(prefix="/enrolment")


class Handed(BaseModel):
    """An invitation as the centre printed it."""

    model_config = ConfigDict(extra="forbid")

    invitation: str


@router.post("")
async def hand_over(handed: Handed, context: Ctx) -> dict[str, Any]:
    """Check that the invitation is for this region and leave it for the agent."""
    invitation = Invitation.decode(handed.invitation)
    region = context.settings.region
    if (invitation.region, invitation.jurisdiction) != (region.id, region.jurisdiction):
        raise Problem(
            HTTPStatus.CONFLICT,
            "other-region",
            f"the invitation is for {invitation.region} ({invitation.jurisdiction}), not for {region.id}",
            f"ask central operations for one for {region.id} ({region.jurisdiction})",
        )
    if invitation.expires <= context.now():
        raise Problem(
            HTTPStatus.CONFLICT,
            "invitation-expired",
            "the invitation has expired",
            "ask central operations for a new one",
        )
    _write(context.settings.data_dir / "agent" / "invitation.json", canonical.dumps({"invitation": handed.invitation}))
    return {"region": region.id, "state": "handed-over", "detail": "the agent enrols with it now"}


@router.get("")
async def state(context: Ctx) -> dict[str, Any]:
    """How far the enrolment is."""
    return await enrolment_state(context)


async def enrolment_state(context: Context) -> dict[str, Any]:
    """The agent's word on enrolment; an invitation still in its folder is not taken up yet."""
    row = await context.pool.fetchrow("SELECT enrolment, code FROM link_state WHERE id = 1")
    known = row["enrolment"] if row else "none"
    if known in {"none", "enrolled"} and (context.settings.data_dir / "agent" / "invitation.json").exists():
        known = "handed-over"
    return {"region": context.settings.region.id, "state": known, "detail": (row["code"] or "") if row else ""}


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
