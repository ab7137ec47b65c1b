"""Approving a region's enrolment."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from control_plane.console.web.facts.fleet import RegionFact
from control_plane.console.web.facts.people import Role
from control_plane.console.web.pages.said import said
from control_plane.console.web.ports import ActionRefusedError
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, Viewer, not_found
from control_plane.console.web.views.actions import Confirmation
from control_plane.console.web.views.parts import Crumb


def router(site: Site) -> APIRouter:
    """`/regions/{id}/approve`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)

    @routes.get("/regions/{region_id}/approve")
    async def confirm(request: Request, region_id: str) -> Response:
        viewer, found = await site.viewer(request), await _find(site, region_id)
        return await _dialog(site, request, viewer, found, _refusal(found, viewer))

    @routes.post("/regions/{region_id}/approve")
    async def act(request: Request, region_id: str) -> Response:
        viewer, found = await site.viewer(request), await _find(site, region_id)
        await site.form(request, viewer)
        refused = _refusal(found, viewer)
        if not refused:
            try:
                await site.deps.actions.approve_region(viewer.person, found.id)
            except ActionRefusedError as error:
                refused = error.reason
        if refused:
            return await _dialog(site, request, viewer, found, refused)
        return said(request, f"{region_id} approved. It joins within seconds.") or RedirectResponse(
            f"/regions/{region_id}", 303
        )

    return routes


async def _find(site: Site, region_id: str) -> RegionFact:
    found = next((r for r in await site.deps.fleet.regions() if r.id == region_id), None)
    if found is None:
        raise not_found(f"Region {region_id}")
    return found


def _refusal(region: RegionFact, viewer: Viewer) -> str:
    if not viewer.person.may(Role.OPERATIONS):
        return "Only central operations approve an enrolment."
    return "" if region.state == "awaiting-approval" else f"{region.id} does not wait for approval."


async def _dialog(site: Site, request: Request, viewer: Viewer, region: RegionFact, refused: str) -> Response:
    words = Confirmation(
        f"Approve the enrolment of {region.id}?",
        (
            f"{region.id} gets a certificate for 24 hours, renewed by itself, and may open its link to the centre.",
            "It is shown in the world, and releases may be published for it.",
        ),
        ("The centre gets no way into the region.", "No release runs there before its own officers consent."),
        f"Approve {region.id}",
        reason_label="Note (optional, recorded with your name)",
    )
    place = Place(
        "world", region.id, (Crumb("World", "/"), Crumb(region.id, f"/regions/{region.id}"), Crumb("approve"))
    )
    return await site.page(
        request,
        viewer,
        place,
        "confirm.html",
        403 if refused else 200,
        c=words,
        action=f"/regions/{region.id}/approve",
        back=f"/regions/{region.id}",
        refused=refused,
        reason="",
    )
