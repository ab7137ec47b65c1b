"""The log, as any C2SP client reads it: checkpoint and hash tiles open, entry bundles with a read token."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header
from fastapi.responses import FileResponse

from bailiwick.contract import tiles
from bailiwick.contract.errors import MalformedError
from data_plane.console import tokens
from data_plane.console.context import Ctx
from data_plane.console.problems import Problem, not_found

if TYPE_CHECKING:
    from pathlib import Path

router = APIRouter()

FULL_TILE = {"Cache-Control": "public, max-age=31536000, immutable"}
MOVING = {"Cache-Control": "no-cache"}
BEARER = "Bearer "


@router.get("/checkpoint")
async def checkpoint(context: Ctx) -> FileResponse:
    """The newest checkpoint, a signed note; with its cosignatures where a witness has seen this size."""
    return _file(context.settings.tiles_dir / "checkpoint", "text/plain; charset=utf-8", MOVING)


@router.get("/tile/{rest:path}")
async def tile(rest: str, context: Ctx, authorization: Annotated[str, Header()] = "") -> FileResponse:
    """A tile of hashes, or (with a token of the officer or of a grant) a bundle of entries."""
    try:
        asked = tiles.parse_tile_path(f"tile/{rest}")
    except MalformedError as error:
        raise not_found("there is no such tile", "see C2SP tlog-tiles for the layout of paths") from error
    if asked.level == tiles.ENTRIES:
        await require(context, authorization, tokens.ENTRIES)
    headers = FULL_TILE if asked.width == tiles.WIDTH else MOVING
    return _file(context.settings.tiles_dir / asked.path, "application/octet-stream", headers)


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


def _file(path: Path, media_type: str, headers: dict[str, str]) -> FileResponse:
    if not path.is_file():
        raise not_found("nothing of the ledger is published under this path yet")
    return FileResponse(path, media_type=media_type, headers=headers)
