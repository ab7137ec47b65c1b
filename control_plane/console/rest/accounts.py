"""`/spend`, `/left`, `/trust` and `/log`: what the centre knows, to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from control_plane.console.rest import documents
from control_plane.console.rest.deps import Anyone, Rest
from control_plane.console.rest.documents import Document
from control_plane.domain.errors import InvalidError
from control_plane.domain.spend import SpendQuery, dimensions


def router() -> APIRouter:
    """The routes of these resources."""
    routes = APIRouter(tags=["accounts"])
    routes.add_api_route("/spend", spent, methods=["GET"])
    routes.add_api_route("/left", left, methods=["GET"])
    routes.add_api_route("/trust", trusted, methods=["GET"])
    routes.add_api_route("/log", logged, methods=["GET"])
    return routes


async def spent(
    rest: Rest,
    _user: Anyone,
    group_by: str = "region",
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to")] = None,
) -> Document:
    """Tokens, requests and cost, grouped by some of the registered dimensions."""
    if any(edge is not None and edge.tzinfo is None for edge in (since, until)):
        raise InvalidError("time-zone", "A time needs its zone.", "2026-11-22T00:00:00Z")
    query = SpendQuery(group_by=dimensions(group_by), since=since, until=until)
    return documents.spend(await rest.spend.read(query))


async def left(rest: Rest, _user: Anyone, hours: Annotated[int, Query(ge=1, le=24 * 90)] = 24) -> Document:
    """What each region sent."""
    return {"regions": documents.left(await rest.left.read(timedelta(hours=hours)))}


async def trusted(rest: Rest, _user: Anyone) -> Document:
    """What a verifier is to trust, as the centre knows it."""
    return documents.trust(await rest.trust.read())


async def logged(
    rest: Rest,
    _user: Anyone,
    first: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Document:
    """The centre's own log: `next` is the cursor of the next page, null at the end."""
    entries = await rest.journal.entries(first, limit)
    after = entries[-1].index + 1 if len(entries) == limit else None
    checkpoint = (await rest.journal.checkpoint()).decode()
    return {"checkpoint": checkpoint, "entries": [documents.entry(one) for one in entries], "next": after}
