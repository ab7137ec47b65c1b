"""The officer's decision in a conflict with the centre."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from data_plane.console.context import Ctx
from data_plane.console.problems import Problem

router = APIRouter(prefix="/agent")


class Resume(BaseModel):
    """Whose sequence of reports holds."""

    model_config = ConfigDict(extra="forbid")

    accept: Literal["centre", "region"]


@router.post("/resume")
async def resume(asked: Resume, context: Ctx) -> dict[str, Any]:
    """Leave the decision for the agent, which records it and goes on."""
    done = await context.pool.execute(
        "UPDATE link_state SET resume = $1 WHERE id = 1 AND conflict IS NOT NULL", asked.accept
    )
    if done == "UPDATE 0":
        raise Problem(
            HTTPStatus.CONFLICT, "no-conflict", "there is no conflict to end", "`bailiwick status` shows the state"
        )
    return {"accepted": asked.accept, "state": "resuming"}
