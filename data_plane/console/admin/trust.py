"""What a verifier is to trust, from the region's own knowledge."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from data_plane.console import trust
from data_plane.console.context import Ctx

router = APIRouter()


@router.get("/trust")
async def export(context: Ctx) -> dict[str, Any]:
    """The content of `trust.json`."""
    return trust.document(context.settings)
