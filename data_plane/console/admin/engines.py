"""Engines as their supervisor last saw them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from data_plane.console.context import Context, Ctx

router = APIRouter()


@router.get("/engines")
async def engines(context: Ctx) -> dict[str, Any]:
    """Each engine with its state, restarts and address."""
    return {"engines": await list_engines(context)}


async def list_engines(context: Context) -> list[dict[str, Any]]:
    """Engines of the boundary settings, with what is known of each; never seen means loading."""
    rows = {row["model"]: row for row in await context.pool.fetch("SELECT * FROM engine_state")}
    found: list[dict[str, Any]] = []
    for engine in context.settings.engines.engine:
        row = rows.get(engine.model)
        found.append(
            {
                "id": engine.model,
                "kind": engine.kind,
                "state": row["state"] if row else "loading",
                "reason": row["reason"] if row else "",
                "restarts": row["restarts"] if row else 0,
                "url": engine.url,
            }
        )
    return found
