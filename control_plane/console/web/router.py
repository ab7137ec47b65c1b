"""The console's web part, ready to be put into the process's application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from control_plane.console.web.assets import STATIC, Assets
from control_plane.console.web.pages import door, enrolment, events, evidence, left, releases, rollouts, spend, world
from control_plane.console.web.ports import ConsoleDeps
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Site, not_found

PAGES = (door, events, world, enrolment, rollouts, releases, spend, evidence, left)
OTHERS = ("api/", "health/", "metrics", "static/")


def build_router(deps: ConsoleDeps, assets: Assets | None = None) -> APIRouter:
    """All pages. Include it last: what no other router knows becomes a page that says so."""
    site = Site(deps, assets or Assets())
    routes = APIRouter(include_in_schema=False)
    for page in PAGES:
        routes.include_router(page.router(site))
    routes.include_router(_rest(site))
    return routes


def mount_static(app: FastAPI) -> None:
    """Serve built files. Their names carry their hash, so they may be kept for a year."""
    app.mount("/static", _Static(directory=STATIC, check_dir=False), name="static")


class _Static(StaticFiles):
    """Adds caching and type sniffing headers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _rest(site: Site) -> APIRouter:
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)

    @routes.get("/{path:path}")
    async def unknown(request: Request, path: str) -> Response:
        if path.startswith(OTHERS):
            raise HTTPException(404)
        await site.viewer(request)
        raise not_found("This page")

    return routes
