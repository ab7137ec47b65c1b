"""Releases: list and detail."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, not_found
from control_plane.console.web.views import release as release_view
from control_plane.console.web.views.parts import Crumb, Link

TOPICS = ("releases", "regions")


def router(site: Site) -> APIRouter:
    """`/releases` and `/releases/{version}`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)
    deps = site.deps

    @routes.get("/releases")
    async def index(request: Request) -> Response:
        viewer, found = await site.viewer(request), await deps.releases.releases()
        place = Place("releases", "Releases", (Crumb("Releases"),), TOPICS)
        return await site.page(
            request, viewer, place, "releases.html", rows=release_view.rows(found), lede=release_view.list_lede(found)
        )

    @routes.get("/releases/{version}")
    async def detail(request: Request, version: str) -> Response:
        viewer = await site.viewer(request)
        found = (
            await deps.releases.release(int(version))
            if version.isascii() and version.isdigit() and len(version) < 10
            else None
        )
        if found is None:
            raise not_found(f"Release {version}", (Link("All releases", "/releases"),))
        title = f"Release {version}"
        place = Place("releases", title, (Crumb("Releases", "/releases"), Crumb(title)), TOPICS)
        return await site.page(request, viewer, place, "release.html", view=release_view.build(found))

    return routes
