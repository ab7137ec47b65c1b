"""`/rollouts`."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from control_plane.console.rest import documents
from control_plane.console.rest.deps import Anyone, Approver, Operator, Rest, named
from control_plane.console.rest.documents import Document
from control_plane.console.rest.idempotency import IdempotentRoute
from control_plane.domain.rollouts import MAX_BAKE_SECONDS, Gate
from control_plane.services.rollout_ports import RolloutOrder
from control_plane.services.rollouts import VERBS, RolloutAsk


class StartBody(BaseModel):
    """A rollout to start. Without waves the release's first region is the canary."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1)
    waves: list[list[str]] = Field(default_factory=list, examples=[[["in-mh"], ["eu-de"]]])
    bake_seconds: int = Field(default=3600, ge=0, le=MAX_BAKE_SECONDS)
    min_requests: int = Field(default=0, ge=0, le=1_000_000)
    max_error_permille: int = Field(default=50, ge=0, le=1000)
    approvals: bool = True


class OrderBody(BaseModel):
    """A person's order. `bake_seconds`: how much longer to bake when resuming after a gate."""

    model_config = ConfigDict(extra="forbid")
    region: str = Field(default="", max_length=32)
    reason: str = Field(default="", max_length=500)
    bake_seconds: int = Field(default=0, ge=0, le=MAX_BAKE_SECONDS)


def router() -> APIRouter:
    """The routes of this resource."""
    routes = APIRouter(tags=["rollouts"], route_class=IdempotentRoute)
    routes.add_api_route("/rollouts", listed, methods=["GET"])
    routes.add_api_route("/rollouts", started, methods=["POST"], status_code=201)
    routes.add_api_route("/rollouts/{rollout}", shown, methods=["GET"])
    routes.add_api_route("/rollouts/{rollout}/approve", approved, methods=["POST"])
    routes.add_api_route(
        "/rollouts/{rollout}/{verb}", ordered, methods=["POST"], description=f"One of {', '.join(VERBS)}."
    )
    return routes


async def listed(rest: Rest, _user: Anyone) -> Document:
    """All rollouts, newest first."""
    return {"rollouts": [documents.rollout(one) for one in await rest.rollouts.all()]}


async def shown(rollout: str, rest: Rest, _user: Anyone) -> Document:
    """One rollout with its lanes and what happened."""
    return documents.rollout(await rest.rollouts.get(rollout))


async def started(body: StartBody, rest: Rest, user: Operator) -> Document:
    """Start a rollout of a published release."""
    if not body.approvals:
        named(user)
    gate = Gate(body.bake_seconds, body.min_requests, body.max_error_permille)
    waves = tuple(tuple(wave) for wave in body.waves)
    return documents.rollout(await rest.rollouts.start(RolloutAsk(body.version, waves, gate, body.approvals), user.id))


async def approved(rollout: str, body: OrderBody, rest: Rest, user: Approver) -> Document:
    """Approve the regions that wait, or one of them; whoever published the release may not."""
    return await ordered(rollout, "approve", body, rest, user)


async def ordered(rollout: str, verb: str, body: OrderBody, rest: Rest, user: Operator) -> Document:
    """Pause, resume, abort or roll back."""
    order = RolloutOrder(rollout, verb, user.id, body.reason, body.region, body.bake_seconds)
    return documents.rollout(await rest.rollouts.order(order))
