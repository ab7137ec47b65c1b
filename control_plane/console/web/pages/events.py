"""Live updates: server-sent events that name what changed; the page reads itself again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from control_plane.console.web import formats
from control_plane.console.web.ports import Changes, Clock
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import SignInNeededError, Site

GATHER = 0.4
BEAT = 5.0
TOPICS = frozenset({"regions", "rollouts", "reports", "evidence", "releases"})


def router(site: Site) -> APIRouter:
    """`/events`: one event per topic and gathering time, and a beat with the centre's time."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)

    @routes.get("/events")
    async def events(request: Request) -> Response:
        try:
            await site.viewer(request)
        except SignInNeededError:
            return Response(status_code=401, headers={"Cache-Control": "no-store"})
        stream = messages(site.deps.changes, site.deps.clock)
        return EventSourceResponse(stream, ping=3600, headers={"Cache-Control": "no-store"})

    return routes


async def messages(changes: Changes, clock: Clock) -> AsyncIterator[ServerSentEvent]:
    """Topics are gathered for `GATHER` seconds, so that a burst makes a page read once."""
    queue: asyncio.Queue[str] = asyncio.Queue(maxsize=256)
    task = asyncio.create_task(_pump(changes, queue))
    try:
        yield _beat(clock)
        while not task.done():
            topics = await _gathered(queue)
            for topic in sorted(topics & TOPICS):
                yield ServerSentEvent(data=formats.iso(clock.now()), event=topic)
            yield _beat(clock)
    finally:
        task.cancel()


async def _pump(changes: Changes, queue: asyncio.Queue[str]) -> None:
    """Pass topics on; a last empty one when the process stops, so that the stream ends at once."""
    async for topic in changes.watch():
        if not queue.full():
            queue.put_nowait(topic)
    await queue.put("")


async def _gathered(queue: asyncio.Queue[str]) -> set[str]:
    """What changed until `GATHER` after the first change; empty after `BEAT` seconds of quiet."""
    try:
        topics = {await asyncio.wait_for(queue.get(), BEAT)}
    except TimeoutError:
        return set()
    await asyncio.sleep(GATHER)
    while not queue.empty():
        topics.add(queue.get_nowait())
    return topics


def _beat(clock: Clock) -> ServerSentEvent:
    return ServerSentEvent(data=formats.iso(clock.now()), event="beat")
