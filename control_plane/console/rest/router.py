"""All of /api/v1."""

from __future__ import annotations

from fastapi import APIRouter

from control_plane.console.rest import accounts, events, evidence, regions, releases, rollouts, users

PREFIX = "/api/v1"
RESOURCES = (regions, releases, rollouts, evidence, accounts, users, events)


def build_router() -> APIRouter:
    """Every resource under the prefix."""
    routes = APIRouter(prefix=PREFIX)
    for resource in RESOURCES:
        routes.include_router(resource.router())
    return routes
