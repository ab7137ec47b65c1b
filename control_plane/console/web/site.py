"""What all pages share: who asks, the frame around the page, headers, and pages that say no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from control_plane.console.web.assets import Assets
from control_plane.console.web.facts.people import Person
from control_plane.console.web.ports import ConsoleDeps
from control_plane.console.web.session import COOKIE, Session, Sessions
from control_plane.console.web.templating import environment
from control_plane.console.web.views import evidence as evidence_views
from control_plane.console.web.views.parts import Crumb, Link
from control_plane.console.web.views.shell import Shell

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SignInNeededError(Exception):
    """Nobody is signed in."""


class SaysNoError(Exception):
    """A page cannot be shown or a form not taken. `status` is the HTTP status; the rest is for people."""

    def __init__(self, status: int, message: Message) -> None:
        super().__init__(message.heading)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Message:
    """What, what it means, what to do, an id."""

    heading: str
    text: str
    word: str
    todo: str
    state: str = "fail"
    cmd: str = ""
    links: tuple[Link, ...] = (Link("Go to World", "/"),)
    problem: str = ""
    alert: bool = True


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person and their session."""

    person: Person
    session: Session


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: its key in the navigation, title, path of crumbs, and the events that make it read again."""

    page: str
    title: str
    crumbs: tuple[Crumb, ...]
    topics: tuple[str, ...] = ()


class Site:
    """Dependencies plus rendering. One per application; holds no request state."""

    def __init__(self, deps: ConsoleDeps, assets: Assets) -> None:
        self.deps = deps
        self.sessions = Sessions(deps.session_key)
        self._env: Environment = environment(assets)

    async def viewer(self, request: Request) -> Viewer:
        """Who asks. Raises SignInNeededError; a removed user's session ends at once."""
        session = self.sessions.read(request.cookies.get(COOKIE), self.deps.clock.now())
        person = await self.deps.accounts.person(session.user) if session else None
        if session is None or person is None:
            raise SignInNeededError
        return Viewer(person, session)

    async def form(self, request: Request, viewer: Viewer) -> dict[str, str]:
        """A posted form of this session. Refuses a form from another site (SaysNoError)."""
        form = await request.form(max_files=0, max_fields=20, max_part_size=8192)
        fields = {k: v for k, v in form.items() if isinstance(v, str)}
        origin = request.headers.get("origin", "")
        foreign = origin not in {"", "null"} and urlsplit(origin).netloc != request.headers.get("host", "")
        if foreign or not self.sessions.token_matches(viewer.session, fields.get("csrf", "")):
            raise SaysNoError(403, FORGED)
        return fields

    async def page(
        self, request: Request, viewer: Viewer, place: Place, template: str, status: int = 200, **context: object
    ) -> HTMLResponse:
        """Render a page, or only its content when the page itself asks again."""
        shell = await self._shell(request, viewer, place.page)
        crumbs = (Crumb(self.deps.centre, "/"), *place.crumbs)
        topics = ", ".join(f"sse:{t}" for t in (*place.topics, "again") if place.topics)
        fragment = request.headers.get("hx-request") == "true"
        layout = "fragment.html" if fragment else "base.html"
        html = self._env.get_template(template).render(
            layout=layout, shell=shell, title=place.title, crumbs=crumbs, topics=topics, **context
        )
        return HTMLResponse(html, status, headers={**HEADERS, "Vary": "HX-Request"})

    def message(
        self, request: Request, status: int, message: Message, person: Person | None = None, csrf: str = ""
    ) -> Response:
        """A page that says no, in the frame of the site."""
        shell = Shell("", request.url.path, self.deps.clock.now(), self.deps.centre, person, csrf)
        fields = {name: getattr(message, name) for name in Message.__slots__}
        fragment = request.headers.get("hx-request") == "true"
        html = self._env.get_template("message.html").render(
            layout="fragment.html" if fragment else "base.html",
            shell=shell,
            title=message.heading,
            crumbs=(Crumb(self.deps.centre, "/"), Crumb(message.heading)),
            topics="",
            **fields,
        )
        return HTMLResponse(html, status, headers=HEADERS)

    def signed_in(self, name: str, target: str) -> Response:
        """The page between a one-time link and the console: strict cookies do not follow a foreign redirect."""
        shell = Shell("", "/login", self.deps.clock.now(), self.deps.centre, None, "")
        html = self._env.get_template("signed_in.html").render(
            layout="base.html",
            shell=shell,
            title="Signed in",
            crumbs=(Crumb(self.deps.centre),),
            topics="",
            name=name,
            target=target,
        )
        return HTMLResponse(html, headers={**HEADERS, "Referrer-Policy": "no-referrer"})

    def sign_in(self, request: Request) -> Response:
        """Where a request without a session goes: fragments are told to reload, pages lead to the sign-in page."""
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={**HEADERS, "HX-Redirect": "/login"})
        back = quote(request.url.path, safe="/") if request.method == "GET" and request.url.path != "/" else ""
        return RedirectResponse("/login" + (f"?next={back}" if back else ""), 303, headers=HEADERS)

    async def _shell(self, request: Request, viewer: Viewer, page: str) -> Shell:
        rollouts = await self.deps.rollouts.rollouts()
        requests = await self.deps.evidence.evidence()
        counts = {
            "rollouts": sum(not r.over for r in rollouts),
            "evidence": sum(evidence_views.is_open(r) for r in requests),
        }
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        token = self.sessions.token(viewer.session)
        return Shell(page, path, self.deps.clock.now(), self.deps.centre, viewer.person, token, counts)


FORGED = Message(
    "Not done",
    "The form did not come from this session, so nothing was changed.",
    "Form refused",
    "Open the page again and repeat what you meant to do. If you did not mean to do anything, "
    "someone else made your browser ask.",
    problem="CSRF",
)


def not_found(what: str, links: Sequence[Link] = ()) -> SaysNoError:
    """A 404 for a thing that is named."""
    message = Message(
        f"{what} is not known here",
        "It may have been removed, or the address has a typing error.",
        "Not found",
        "Go back to the list and choose from there.",
        state="inconclusive",
        links=tuple(links) or (Link("Go to World", "/"),),
        problem="NOT-FOUND",
    )
    return SaysNoError(404, message)
