"""World, and one region."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, not_found
from control_plane.console.web.views import region as region_view
from control_plane.console.web.views import world as world_view
from control_plane.console.web.views.parts import Crumb
from control_plane.console.web.views.release import named
from control_plane.domain.words import RegionId

ACTIVITY = 12


def router(site: Site) -> APIRouter:
    """`/` and `/regions/{id}`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)
    deps = site.deps

    @routes.get("/")
    async def world(request: Request) -> Response:
        viewer, now = await site.viewer(request), deps.clock.now()
        today = await deps.spend.spend(now - timedelta(days=1), now + timedelta(seconds=1), timedelta(minutes=30))
        regions = await deps.fleet.regions()
        rollouts = named(await deps.rollouts.rollouts(), await deps.releases.releases())
        view = world_view.build(regions, rollouts, await deps.fleet.activity(ACTIVITY), today, viewer.person, now)
        place = Place("world", "World", (Crumb("World"),), ("regions", "rollouts", "reports", "releases", "evidence"))
        return await site.page(request, viewer, place, "world.html", view=view)

    @routes.get("/regions/{region_id}")
    async def region(request: Request, region_id: str) -> Response:
        viewer, now = await site.viewer(request), deps.clock.now()
        found = next((r for r in await deps.fleet.regions() if r.id == region_id), None)
        if found is None:
            raise not_found(f"Region {region_id}")
        left = await deps.fleet.left(RegionId(region_id), now - timedelta(days=1))
        view = region_view.build(found, left, viewer.person, now)
        place = Place("world", region_id, (Crumb("World", "/"), Crumb(region_id)), ("regions", "reports", "releases"))
        return await site.page(request, viewer, place, "region.html", view=view)

    return routes
