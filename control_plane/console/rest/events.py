"""`GET /events`: server-sent events that name what changed, until the client leaves or the process stops."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent

from control_plane.console.rest.deps import Anyone, Rest, RestDeps

PING_SECONDS = 15


def router() -> APIRouter:
    """The route of this resource."""
    routes = APIRouter(tags=["events"])
    routes.add_api_route("/events", events, methods=["GET"], response_class=EventSourceResponse)
    return routes


async def events(rest: Rest, _user: Anyone) -> EventSourceResponse:
    """Topics as they change: regions, rollouts, releases, reports, evidence."""
    return EventSourceResponse(_messages(rest), ping=PING_SECONDS, headers={"Cache-Control": "no-store"})


async def _messages(rest: RestDeps) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="ready", data="{}")
    async for topic in rest.changes.watch():
        yield ServerSentEvent(event=topic, data="{}")
