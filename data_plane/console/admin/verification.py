"""Checks of the ledger on demand: all of it, or one entry's proof."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from bailiwick.contract import merkle
from bailiwick.contract.note import VerifierKey
from data_plane.console import trust
from data_plane.console.admin.ledger import LARGEST
from data_plane.console.context import Context, Ctx
from data_plane.console.problems import Problem, not_found
from data_plane.ledger import fsck, reader
from data_plane.ledger.tile_files import TileFiles

router = APIRouter(prefix="/ledger")


@router.post("/fsck")
async def check(context: Ctx) -> dict[str, Any]:
    """Rebuild the tree from raw rows and tiles, re-hash every row, and compare with all that was published."""
    settings = context.settings
    key = VerifierKey.parse(trust.ledger_key(settings))
    async with context.pool.acquire() as connection:
        verdict = await fsck.check(connection, settings.tiles_dir, settings.anchor_path, key)
    return {"ok": verdict.sound, **asdict(verdict)}


@router.get("/prove")
async def prove(
    context: Ctx,
    index: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    number: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
) -> dict[str, Any]:
    """An entry, by its index or its admission number, with its inclusion proof in the newest checkpoint."""
    found = index if number is None else await reader.index_of(context.pool, number)
    if found is None:
        raise not_found("no such entry", "give the index of an entry, or the number of an admission")
    row = await context.pool.fetchrow("SELECT body FROM ledger_entry WHERE idx = $1", found)
    if row is None:
        raise not_found(f"there is no entry {found}")
    return await asyncio.to_thread(_proof, context, found, row["body"])


def _proof(context: Context, index: int, body: bytes) -> dict[str, Any]:
    key = VerifierKey.parse(trust.ledger_key(context.settings))
    published = reader.PublishedLedger(TileFiles(context.settings.tiles_dir), key)
    note, checkpoint = published.note(), published.checkpoint()
    if note is None or checkpoint is None or index >= checkpoint.size:
        raise Problem(
            HTTPStatus.CONFLICT, "not-sealed", f"entry {index} is not sealed yet", "try again in a few seconds"
        )
    proof = published.inclusion(index, checkpoint.size)
    merkle.verify_inclusion(merkle.leaf_hash(body), index, checkpoint.size, proof, checkpoint.root)
    return {
        "index": index,
        "entry": json.loads(body),
        "leaf_hash": merkle.leaf_hash(body).hex(),
        "checkpoint": note.decode(),
        "size": checkpoint.size,
        "proof": [value.hex() for value in proof],
        "verified": True,
    }
