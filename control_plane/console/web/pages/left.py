"""What left each region."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, not_found
from control_plane.console.web.views import left as left_view
from control_plane.console.web.views.parts import Crumb, Link
from control_plane.domain.words import RegionId


def router(site: Site) -> APIRouter:
    """`/left` (the first region) and `/left/{region}`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)

    @routes.get("/left")
    async def first(request: Request) -> Response:
        return await _show(site, request, "")

    @routes.get("/left/{region_id}")
    async def one(request: Request, region_id: str) -> Response:
        return await _show(site, request, region_id)

    return routes


async def _show(site: Site, request: Request, region_id: str) -> Response:
    viewer, deps = await site.viewer(request), site.deps
    names = tuple(r.id for r in await deps.fleet.regions())
    chosen = region_id or (names[0] if names else "")
    left = await deps.fleet.left(RegionId(chosen), deps.clock.now() - timedelta(days=1)) if chosen in names else None
    if chosen and left is None:
        raise not_found(f"Region {chosen}", (Link("What left", "/left"),))
    view = left_view.build(left) if left else None
    title = "What left" + (f" {chosen}" if region_id else "")
    crumbs = (Crumb("What left", "/left"), Crumb(chosen)) if region_id else (Crumb("What left"),)
    return await site.page(
        request, viewer, Place("left", title, crumbs, ("reports", "regions")), "left.html", view=view, regions=names
    )
