"""`/regions` and `/invitations`."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from control_plane.console.rest import documents
from control_plane.console.rest.deps import Anyone, Approver, Operator, Rest
from control_plane.console.rest.documents import Document
from control_plane.console.rest.idempotency import IdempotentRoute
from control_plane.domain.errors import StateError
from control_plane.domain.regions import approve_check
from control_plane.domain.words import jurisdiction, region_id
from control_plane.services.rollout_ports import OrderRefusedError


class InvitationBody(BaseModel):
    """A region to invite."""

    model_config = ConfigDict(extra="forbid")
    region: str = Field(max_length=32, examples=["eu-de"])
    jurisdiction: str = Field(max_length=8, examples=["EU"])


def router() -> APIRouter:
    """The routes of these resources. No idempotency key for invitations: the answer holds a secret, never kept."""
    routes = APIRouter(tags=["regions"], route_class=IdempotentRoute)
    secret = APIRouter(tags=["regions"])
    routes.add_api_route("/regions", listed, methods=["GET"])
    routes.add_api_route("/regions/{region}", shown, methods=["GET"])
    secret.add_api_route("/invitations", invited, methods=["POST"], status_code=201)
    routes.add_api_route("/regions/{region}/approve", approved, methods=["POST"])
    routes.add_api_route("/regions/{region}/revoke", revoked, methods=["POST"])
    routes.include_router(secret)
    return routes


async def listed(rest: Rest, _user: Anyone) -> Document:
    """All regions."""
    return {"regions": [documents.region(view) for view in await rest.regions.list()]}


async def shown(region: str, rest: Rest, _user: Anyone) -> Document:
    """One region."""
    return documents.region(await rest.regions.show(region_id(region)))


async def invited(body: InvitationBody, rest: Rest, user: Operator) -> Document:
    """Invite a region: a token that works once, for this region, for at most a day."""
    made = await rest.invitations.invite(region_id(body.region), jurisdiction(body.jurisdiction), user.id)
    return {"token": made.token, "region": made.region, "expires": documents.moment(made.expires_at)}


async def approved(region: str, rest: Rest, user: Approver) -> Document:
    """Let an enrolled region have its certificate."""
    view = await rest.regions.show(region_id(region))
    approve_check(view.region)
    try:
        await rest.orchestrator.decide_enrolment(region, view.region.jurisdiction, user.id, approved=True)
    except OrderRefusedError as error:
        raise StateError("order-refused", f"{error}.", error.fix) from error
    return documents.region(await rest.regions.show(view.region.id))


async def revoked(region: str, rest: Rest, user: Operator) -> Document:
    """Revoke a region's certificates. It serves on, but its link is cut."""
    serials = await rest.regions.revoke(region_id(region), user.id)
    return {"region": region, "revoked": list(serials)}
