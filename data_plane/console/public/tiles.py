"""The log, as any C2SP client reads it: checkpoint and hash tiles open, entry bundles with a read token."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from bailiwick.contract import tiles
from bailiwick.contract.errors import MalformedError
from data_plane.console.context import Ctx
from data_plane.console.problems import Problem, not_found
from data_plane.evidence import tokens
from data_plane.ledger.errors import TileMissingError
from data_plane.ledger.tile_files import TileFiles

router = APIRouter()

FULL_TILE = {"Cache-Control": "public, max-age=31536000, immutable"}
MOVING = {"Cache-Control": "no-cache"}
BEARER = "Bearer "


@router.get("/checkpoint")
async def checkpoint(context: Ctx) -> Response:
    """The newest checkpoint, a signed note."""
    note = TileFiles(context.settings.tiles_dir).checkpoint()
    if note is None:
        raise not_found("nothing of the ledger is published yet")
    return Response(note, media_type="text/plain; charset=utf-8", headers=MOVING)


@router.get("/tile/{rest:path}")
async def tile(rest: str, context: Ctx, authorization: Annotated[str, Header()] = "") -> Response:
    """A tile of hashes, or (with a token of the officer or of a grant) a bundle of entries."""
    try:
        asked = tiles.parse_tile_path(f"tile/{rest}")
    except MalformedError as error:
        raise not_found("there is no such tile", "see C2SP tlog-tiles for the layout of paths") from error
    if asked.level == tiles.ENTRIES:
        await require(context, authorization, tokens.ENTRIES)
    try:
        body = TileFiles(context.settings.tiles_dir).read(asked)
    except TileMissingError as error:
        raise not_found("the ledger has not grown to this tile yet, or its checkpoint names another size") from error
    headers = FULL_TILE if asked.width == tiles.WIDTH else MOVING
    return Response(body, media_type="application/octet-stream", headers=headers)


async def require(context: Ctx, authorization: str, scope: str) -> None:
    """Refuse unless the bearer token carries `scope`."""
    token = authorization.removeprefix(BEARER)
    if token == authorization or not await tokens.permits(context.pool, token, scope, context.now()):
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "token-needed",
            "this needs a read token of the region's officer, or of a grant",
            "`bailiwick ledger token --region ...` makes one; send it as `Authorization: Bearer ...`",
        )
