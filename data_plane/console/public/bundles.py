"""Sealed bundles, downloaded by the auditor from the region; they never pass through the centre."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import FileResponse

from data_plane.console.context import Ctx
from data_plane.console.problems import not_found
from data_plane.console.public.tiles import require
from data_plane.evidence import grants, tokens

router = APIRouter(prefix="/bundles")


@router.get("/{grant}")
async def bundle(grant: str, context: Ctx, authorization: Annotated[str, Header()] = "") -> FileResponse:
    """The age file of a grant; the token of the grant opens the download, the auditor's identity the file."""
    await require(context, authorization, tokens.bundle_scope(grant))
    path = await grants.downloaded(context.settings, context.pool, grant, context.now())
    if path is None:
        raise not_found("the grant has expired, and its bundle is gone", "ask for evidence anew")
    return FileResponse(path, media_type="application/octet-stream", filename=f"{grant}.tar.age")
