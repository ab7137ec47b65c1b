"""Rollouts: list, detail, and the confirmations of actions."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from control_plane.console.web.facts.people import Role
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.pages.said import said
from control_plane.console.web.ports import ActionRefusedError
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, Viewer, not_found
from control_plane.console.web.views import actions
from control_plane.console.web.views import rollout as rollout_view
from control_plane.console.web.views.parts import Crumb, Link
from control_plane.console.web.views.release import named

HOME = Crumb("Rollouts", "/rollouts")


def router(site: Site) -> APIRouter:
    """`/rollouts`, `/rollouts/{id}` and `/rollouts/{id}/{verb}`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)
    deps = site.deps

    @routes.get("/rollouts")
    async def index(request: Request) -> Response:
        viewer, releases = await site.viewer(request), await deps.releases.releases()
        found = named(await deps.rollouts.rollouts(), releases)
        published = [r.ref.version for r in releases if r.state == "published"]
        return await site.page(
            request,
            viewer,
            Place("rollouts", "Rollouts", (Crumb("Rollouts"),), ("rollouts", "regions")),
            "rollouts.html",
            rows=rollout_view.rows(found, deps.clock.now()),
            lede=rollout_view.list_lede(found),
            may_start=viewer.person.may(Role.OPERATIONS),
            newest=published[0] if published else 0,
        )

    @routes.get("/rollouts/{rollout_id}")
    async def detail(request: Request, rollout_id: str) -> Response:
        viewer, found = await site.viewer(request), await _find(site, rollout_id)
        found = named([found], await deps.releases.releases())[0]
        view = rollout_view.build(found, await deps.releases.release(found.version), viewer.person, deps.clock.now())
        title = f"Rollout {found.version}"
        place = Place("rollouts", title, (HOME, Crumb(title)), ("rollouts", "regions"))
        return await site.page(request, viewer, place, "rollout.html", view=view)

    @routes.get("/rollouts/{rollout_id}/{verb}")
    async def confirm(request: Request, rollout_id: str, verb: str) -> Response:
        viewer, found = await site.viewer(request), await _find(site, rollout_id)
        refused = actions.refusal(found, _known(verb), viewer.person)
        return await _dialog(site, request, viewer, found, verb, refused=refused)

    @routes.post("/rollouts/{rollout_id}/{verb}")
    async def act(request: Request, rollout_id: str, verb: str) -> Response:
        viewer, found = await site.viewer(request), await _find(site, rollout_id)
        reason = (await site.form(request, viewer)).get("reason", "").strip()
        words = actions.confirmation(found, _known(verb))
        refused = actions.refusal(found, verb, viewer.person) or (
            "A reason is needed." if words.reason_required and not reason else ""
        )
        if not refused:
            try:
                await deps.actions.rollout(viewer.person, rollout_id, verb, reason)
            except ActionRefusedError as error:
                refused = " ".join(part for part in (error.reason, error.fix) if part)
        if refused:
            return await _dialog(site, request, viewer, found, verb, refused=refused, reason=reason)
        return said(request, words.said) or RedirectResponse(f"/rollouts/{rollout_id}", 303)

    return routes


async def _find(site: Site, rollout_id: str) -> RolloutFact:
    found = await site.deps.rollouts.rollout(rollout_id)
    if found is None:
        raise not_found(f"Rollout {rollout_id}", (Link("All rollouts", "/rollouts"),))
    return found


def _known(verb: str) -> str:
    if verb not in actions.VERBS:
        raise not_found(f"Action {verb}", (Link("All rollouts", "/rollouts"),))
    return verb


async def _dialog(
    site: Site, request: Request, viewer: Viewer, found: RolloutFact, verb: str, *, refused: str = "", reason: str = ""
) -> Response:
    title = f"Rollout {found.version}"
    place = Place("rollouts", title, (HOME, Crumb(title, f"/rollouts/{found.id}"), Crumb(verb)))
    return await site.page(
        request,
        viewer,
        place,
        "confirm.html",
        403 if refused else 200,
        c=actions.confirmation(found, verb),
        action=f"/rollouts/{found.id}/{verb}",
        back=f"/rollouts/{found.id}",
        refused=refused,
        reason=reason,
    )
