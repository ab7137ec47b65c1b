"""The region's own account of itself: the object that `bailiwick status --json` shows."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter

from bailiwick.contract.times import format_time
from data_plane.console import trust
from data_plane.console.admin.engines import list_engines
from data_plane.console.context import Context, Ctx

router = APIRouter()


@router.get("/status")
async def status(context: Ctx) -> dict[str, Any]:
    """State, release, models, ledger and last report."""
    settings = context.settings
    link = await context.pool.fetchrow("SELECT * FROM link_state WHERE id = 1")
    return {
        "id": settings.region.id,
        "jurisdiction": settings.region.jurisdiction,
        "state": link["state"] if link else "disconnected",
        "since": format_time(link["since"]) if link else None,
        "gateway": f"http://{settings.gateway.host}:{settings.gateway.port}/v1",
        "evidence": f"http://{settings.console.host}:{settings.console.port}",
        "metrics": f"http://{settings.metrics.host}:{settings.metrics.port}/metrics",
        "release": await _release(context),
        "models": [{name: e[name] for name in ("id", "kind", "state")} for e in await list_engines(context)],
        "ledger": await _ledger(context),
        "last_report": await _last_report(context),
    }


async def _release(context: Context) -> dict[str, Any] | None:
    row = await context.pool.fetchrow("SELECT * FROM active_release WHERE id = 1")
    if row is None:
        return None
    return {
        "version": row["version"],
        "manifest": row["manifest"],
        "code": row["code"],
        "config": row["config"],
        "policy": row["policy"],
        "applied_at": format_time(row["applied_at"]),
    }


async def _ledger(context: Context) -> dict[str, Any]:
    row = await context.pool.fetchrow("SELECT size, root, at FROM checkpoint ORDER BY size DESC LIMIT 1")
    cosigned = await context.pool.fetchval("SELECT max(size) FROM checkpoint WHERE cosigned IS NOT NULL")
    halted = await context.pool.fetchval("SELECT halted FROM ledger_head")
    return {
        "origin": context.settings.ledger_origin,
        "key": trust.ledger_key(context.settings),
        "size": row["size"] if row else 0,
        "root": base64.b64encode(row["root"]).decode() if row else None,
        "sealed_at": format_time(row["at"]) if row else None,
        "cosigned_size": cosigned or 0,
        "halted": halted,
    }


async def _last_report(context: Context) -> dict[str, Any] | None:
    row = await context.pool.fetchrow(
        "SELECT sequence, period_end, acked_at FROM report ORDER BY sequence DESC LIMIT 1"
    )
    if row is None:
        return None
    return {
        "sequence": row["sequence"],
        "period_end": format_time(row["period_end"]),
        "received": row["acked_at"] is not None,
    }
