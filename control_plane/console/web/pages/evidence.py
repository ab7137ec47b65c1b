"""Evidence: requests, and asking for more."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from control_plane.console.web.pages.said import said
from control_plane.console.web.ports import ActionRefusedError, EvidenceAsk
from control_plane.console.web.routing import page_route
from control_plane.console.web.site import Place, Site, Viewer
from control_plane.console.web.views import evidence as evidence_view
from control_plane.console.web.views.parts import Crumb
from control_plane.domain.words import RegionId

HOME = Crumb("Evidence", "/evidence")
MAX_RECIPIENT = 80


@dataclass(frozen=True, slots=True)
class AskForm:
    """What was typed, to print it again beside what is wrong with it."""

    region: str = ""
    first: str = ""
    last: str = ""
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong, and in which field."""

    text: str
    field: str = ""


def parse(form: AskForm, regions: frozenset[str]) -> EvidenceAsk | Wrong:
    """A question from a form, or what to mend."""
    if form.region not in regions:
        return Wrong("Choose one of the enrolled regions.", "region")
    if not (
        form.recipient.startswith("age1")
        and form.recipient.isascii()
        and form.recipient.isalnum()
        and len(form.recipient) <= MAX_RECIPIENT
    ):
        return Wrong(
            "An age recipient begins with age1 and holds letters and digits only. `age-keygen` prints one.", "recipient"
        )
    bounds: list[int | None] = []
    for text in (form.first, form.last):
        if text and not (text.isascii() and text.isdigit() and len(text) < 16):
            return Wrong("Entries are counted from 0; write digits only, or leave the field empty.", "first")
        bounds.append(int(text) if text else None)
    first, last = bounds
    if first is not None and last is not None and last < first:
        return Wrong("The last entry comes before the first.", "last")
    return EvidenceAsk(RegionId(form.region), form.recipient, first, None if last is None else last + 1)


def router(site: Site) -> APIRouter:
    """`/evidence` and `/evidence/ask`."""
    routes = APIRouter(route_class=page_route(site), include_in_schema=False)
    deps = site.deps

    @routes.get("/evidence")
    async def index(request: Request, show: str = "") -> Response:
        viewer, found = await site.viewer(request), await deps.evidence.evidence()
        view = evidence_view.build(found, viewer.person, show, deps.clock.now())
        place = Place("evidence", "Evidence", (Crumb("Evidence"),), ("evidence", "regions"))
        return await site.page(request, viewer, place, "evidence.html", view=view)

    @routes.get("/evidence/ask")
    async def ask(request: Request, region: str = "") -> Response:
        viewer = await site.viewer(request)
        return await _form(site, request, viewer, AskForm(region=region), _refusal(viewer))

    @routes.post("/evidence/ask")
    async def asked(request: Request) -> Response:
        viewer = await site.viewer(request)
        fields = await site.form(request, viewer)
        typed = AskForm(*(fields.get(n, "").strip() for n in ("region", "first", "last", "recipient")))
        question = parse(typed, frozenset(r.id for r in await deps.fleet.regions()))
        wrong = _refusal(viewer) or (question if isinstance(question, Wrong) else None)
        if wrong is None and isinstance(question, EvidenceAsk):
            try:
                number = await deps.actions.ask_evidence(viewer.person, question)
            except ActionRefusedError as error:
                wrong = Wrong(error.reason)
            else:
                return said(request, f"Asked: {number}. The officer decides; you are told here.") or RedirectResponse(
                    "/evidence", 303
                )
        return await _form(site, request, viewer, typed, wrong)

    return routes


def _refusal(viewer: Viewer) -> Wrong | None:
    return (
        None
        if evidence_view.may_ask(viewer.person)
        else Wrong("Only auditors and central operations may ask; the region's officer decides.")
    )


async def _form(site: Site, request: Request, viewer: Viewer, ask: AskForm, wrong: Wrong | None) -> Response:
    regions = tuple(
        (r.id, f"({r.jurisdiction})" + (", away" if r.state in {"disconnected", "expired"} else ""))
        for r in await site.deps.fleet.regions()
    )
    place = Place("evidence", "Ask for evidence", (HOME, Crumb("Ask")))
    status = 200 if wrong is None else 403 if not wrong.field else 422
    refused, field = (wrong.text, wrong.field) if wrong else ("", "")
    return await site.page(
        request, viewer, place, "ask.html", status, ask=ask, regions=regions, refused=refused, field=field
    )
