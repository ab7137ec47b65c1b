"""The ledger, read: entries, proofs, a check of all of it, tokens for entry bundles."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.contract.times import format_time
from data_plane.console.context import Context, Ctx
from data_plane.console.problems import not_found
from data_plane.evidence import tokens

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/ledger")

PAGE = 1000
LARGEST = 2**53 - 1  # of an index; the database would take no more than 2**63


class NewToken(BaseModel):
    """How long a read token is to live."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=168)] = 24


@router.get("/entries")
async def entries(
    context: Ctx,
    first: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    last: Annotated[int | None, Query(ge=1, le=PAGE)] = None,
) -> dict[str, Any]:
    """Entries from `first` on, or the newest `last` of them; `next` continues the list."""
    size = await _size(context)
    start = first if last is None else max(0, size - last)
    rows = await context.pool.fetch(
        "SELECT idx, body FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx LIMIT $3",
        start,
        size,
        last or limit,
    )
    following = rows[-1]["idx"] + 1 if rows else start
    return {"size": size, "next": following, "entries": [_entry(row) for row in rows]}


@router.get("/entries/{index}")
async def entry(index: Annotated[int, Path(ge=0, le=LARGEST)], context: Ctx) -> dict[str, Any]:
    """One entry."""
    row = await context.pool.fetchrow("SELECT idx, body FROM ledger_entry WHERE idx = $1", index)
    if row is None:
        raise not_found(f"there is no entry {index}", f"the ledger holds {await _size(context)} entries, from 0")
    return _entry(row)


@router.post("/tokens")
async def new_token(asked: NewToken, context: Ctx) -> dict[str, Any]:
    """A token that reads bundles of entries."""
    expires = context.now() + timedelta(hours=asked.hours)
    token = await tokens.issue(context.pool, tokens.ENTRIES, expires)
    return {"token": token, "scope": tokens.ENTRIES, "expires_at": format_time(expires)}


async def _size(context: Context) -> int:
    return int(await context.pool.fetchval("SELECT coalesce(max(size), 0) FROM checkpoint"))


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    return {"index": row["idx"], "entry": json.loads(row["body"])}
