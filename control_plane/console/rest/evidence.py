"""`/evidence`: requests to regions. The bundle itself never comes here."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from control_plane.console.rest import documents
from control_plane.console.rest.deps import Anyone, Auditor, Rest
from control_plane.console.rest.documents import Document
from control_plane.console.rest.idempotency import IdempotentRoute
from control_plane.domain.words import region_id
from control_plane.services.evidence import EvidenceAsk


class EvidenceBody(BaseModel):
    """What is asked for, and the age recipient that the bundle shall be sealed to. `next` 0: up to the newest."""

    model_config = ConfigDict(extra="forbid")
    region: str = Field(max_length=32)
    recipient: str = Field(max_length=128)
    first: int = Field(default=0, ge=0)
    next: int = Field(default=0, ge=0)


def router() -> APIRouter:
    """The routes of this resource."""
    routes = APIRouter(tags=["evidence"], route_class=IdempotentRoute)
    routes.add_api_route("/evidence", listed, methods=["GET"])
    routes.add_api_route("/evidence", requested, methods=["POST"], status_code=201)
    routes.add_api_route("/evidence/{request}", shown, methods=["GET"])
    return routes


async def listed(rest: Rest, _user: Anyone) -> Document:
    """All requests, newest first."""
    return {"requests": [documents.evidence(one) for one in await rest.evidence.all()]}


async def shown(request: str, rest: Rest, _user: Anyone) -> Document:
    """One request."""
    return documents.evidence(await rest.evidence.get(request))


async def requested(body: EvidenceBody, rest: Rest, user: Auditor) -> Document:
    """Ask a region's officer for evidence."""
    ask = EvidenceAsk(region_id(body.region), body.recipient, body.first, body.next)
    return documents.evidence(await rest.evidence.request(ask, user.id))
