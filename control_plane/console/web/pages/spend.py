"""Spend by period and dimension."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from control_plane.console.web.facts.spend import DIMENSIONS
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site
from control_plane.console.web.views import spend as spend_view
from control_plane.console.web.views.parts import Crumb


def router(site: Site) -> APIRouter:
    """`/spend?period=…&by=…`; an unknown value falls back to the default."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)
    deps = site.deps

    @routes.get("/spend")
    async def spend(request: Request, period: str = "day", by: str = "team") -> Response:
        viewer, now = await site.viewer(request), deps.clock.now()
        period = period if period in spend_view.PERIODS else "day"
        by = by if by in DIMENSIONS else "team"
        _, length, bucket = spend_view.PERIODS[period]
        fact = await deps.spend.spend(now - length, now + timedelta(seconds=1), bucket)
        place = Place("spend", "Spend", (Crumb("Spend"),), ("reports",))
        return await site.page(request, viewer, place, "spend.html", view=spend_view.build(fact, period, by, now))

    return routes
