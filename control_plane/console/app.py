"""The console process's application: REST for scripts, pages for people, health and metrics for machines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from control_plane.console.rest import problems
from control_plane.console.rest.deps import TRUSTED, RestDeps
from control_plane.console.rest.router import PREFIX
from control_plane.console.rest.router import build_router as build_rest
from control_plane.console.web.ports import ConsoleDeps
from control_plane.console.web.router import build_router as build_pages
from control_plane.console.web.router import mount_static


@dataclass(frozen=True)
class Probes:
    """How the process is: `ready` says whether its database answers, `metrics` gives numbers by name."""

    version: str
    ready: Callable[[], Awaitable[bool]]
    metrics: Callable[[], Awaitable[dict[str, int]]]


def build(rest: RestDeps, pages: ConsoleDeps, probes: Probes, public_url: str) -> FastAPI:
    """The application. The same one serves TCP and the admin socket."""
    app = FastAPI(
        title="Bailiwick centre",
        version=probes.version,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.rest = rest
    app.state.public_url = public_url
    problems.install(app)
    _probe(app, probes)
    app.include_router(build_rest())
    mount_static(app)
    app.include_router(build_pages(pages))
    return app


class Trusted:
    """What comes in over the admin socket, which only the operating system's owner can open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark the request; a client cannot write into the scope."""
        await self._app({**scope, TRUSTED: True}, receive, send)


def _probe(app: FastAPI, probes: Probes) -> None:
    async def live() -> Response:
        return JSONResponse({"status": "live"})

    async def ready() -> Response:
        well = await probes.ready()
        return JSONResponse({"status": "ready" if well else "waiting"}, 200 if well else 503)

    async def version() -> Response:
        return JSONResponse({"version": probes.version})

    async def metrics() -> Response:
        numbers = await probes.metrics()
        lines = [f"# TYPE bailiwick_{name} gauge\nbailiwick_{name} {value}" for name, value in sorted(numbers.items())]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    app.add_api_route("/health/live", live, methods=["GET"], include_in_schema=False)
    app.add_api_route("/health/ready", ready, methods=["GET"], include_in_schema=False)
    app.add_api_route("/version", version, methods=["GET"], include_in_schema=False)
    app.add_api_route("/metrics", metrics, methods=["GET"], include_in_schema=False)
