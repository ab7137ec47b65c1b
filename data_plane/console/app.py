"""The console's two applications: one for the region's address, one for the admin socket."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from data_plane.console import problems
from data_plane.console.admin import (
    agent,
    egress,
    engines,
    enrolment,
    erasures,
    evidence,
    keys,
    ledger,
    offers,
    officer_link,
    status,
    trust,
    verification,
)
from data_plane.console.public import bundles, officer, tiles

if TYPE_CHECKING:
    from data_plane.console.context import Context


def public_app(context: Context) -> FastAPI:
    """What auditors and officers may call over the network."""
    app = _app(context, "Bailiwick region: evidence")
    app.include_router(tiles.router)
    app.include_router(bundles.router)
    app.include_router(officer.router)
    return app


def admin_app(context: Context) -> FastAPI:
    """What the owner of the region's files may do."""
    app = _app(context, "Bailiwick region: admin")
    governing = (agent, enrolment, erasures, evidence, keys, offers, officer_link)
    showing = (egress, engines, ledger, status, trust, verification)
    for resource in (*governing, *showing):
        app.include_router(resource.router)
    return app


def _app(context: Context, title: str) -> FastAPI:
    app = FastAPI(title=title, version=version("bailiwick"), docs_url=None, redoc_url=None)
    app.state.context = context
    problems.install(app)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        """The database answers too."""
        await context.pool.fetchval("SELECT 1")
        return JSONResponse({"status": "ready"})

    @app.get("/version")
    async def code_version() -> dict[str, str]:
        """The version of the code that runs."""
        return {"version": version("bailiwick")}

    return app
