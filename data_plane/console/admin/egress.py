"""What left the region, as its ledger accounts for it: "this is all that left"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from bailiwick.agent.v1 import agent_pb2
from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Egress, decode
from bailiwick.contract.release import raw_digest
from bailiwick.contract.times import format_time
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.console.context import Ctx
from data_plane.console.problems import not_found
from data_plane.privacy import store_egress

if TYPE_CHECKING:
    import asyncpg
    from google.protobuf.message import Message

router = APIRouter(prefix="/egress")

CONTENTS: dict[str, type[Message]] = {
    message.DESCRIPTOR.full_name: message
    for message in (metrics_pb2.Report, metrics_pb2.SubmitRequest, agent_pb2.EvidenceState, agent_pb2.SessionRequest)
}
NEWEST = "SELECT idx, body FROM ledger_entry WHERE kind = 'egress' AND idx IS NOT NULL ORDER BY idx DESC LIMIT $1"


@router.get("")
async def listed(context: Ctx, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
    """Entries of kind egress, newest first, and the control accounts that are still counting."""
    rows = await context.pool.fetch(NEWEST, limit)
    accounts = await store_egress.accounts(context.pool, 20)
    return {
        "egress": [_entry(row["idx"], row["body"]) for row in rows],
        "counting": [
            {"class": a.klass, "type": a.type, "count": a.count, "bytes": a.size, "since": format_time(a.period_start)}
            for a in accounts
            if not a.closed
        ],
    }


@router.get("/reconcile")
async def reconcile(context: Ctx) -> dict[str, Any]:
    """Whether released plus held back equals the ledger: requests and micro-units, over all reports so far."""
    # One snapshot: a report made in between would count as released and not as recorded.
    async with (
        context.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        next_index = await connection.fetchval("SELECT coalesce(max(next_idx), 0) FROM report")
        released = dict.fromkeys(MEASURES, 0)
        async for row in connection.cursor("SELECT body FROM report", prefetch=BATCH):
            _add(released, _released(row["body"]))
        held = await _ledger(connection, HELD)
        recorded = await _ledger(connection, RECORDED, next_index)
    total = {name: released[name] + held[name] for name in recorded}
    return {
        "up_to_index": next_index,
        "released": released,
        "held_back": held,
        "ledger": recorded,
        "equal": total == recorded,
    }


@router.get("/{digest}")
async def shown(digest: str, context: Ctx) -> dict[str, Any]:
    """One content exactly as it left: its bytes by length and digest, and what they say."""
    try:
        raw = raw_digest(digest)
    except ContractError as error:
        raise not_found("a message is named by its digest, sha256: and 64 digits", "`bailiwick egress list`") from error
    found = await store_egress.get(context.pool, raw)
    if found is None:
        raise not_found(f"no message of digest {digest} left this region", "`bailiwick egress list` shows all that did")
    return {
        "digest": digest,
        "type": found.type,
        "bytes": len(found.body),
        "at": format_time(found.at),
        "content": _decoded(found.type, found.body),
    }


HELD = (
    "SELECT kind, body FROM ledger_entry"
    " WHERE idx IN (SELECT idx FROM report_carry) AND kind IN ('settlement', 'decision')"
)
RECORDED = "SELECT kind, body FROM ledger_entry WHERE idx < $1 AND kind IN ('settlement', 'decision')"
MEASURES = ("requests", "refusals", "cost_micro")
BATCH = 1000


def _entry(index: int, body: bytes) -> dict[str, Any]:
    entry = decode(body)
    if not isinstance(entry, Egress):
        raise TypeError("not an entry of kind egress")
    return {
        "index": index,
        "class": entry.egress_class,
        "type": entry.type,
        "count": entry.count,
        "bytes": entry.bytes,
        "digest": entry.digest,
        "sequence": entry.sequence,
        "period_start": format_time(entry.period_start),
        "period_end": format_time(entry.period_end),
    }


def _decoded(name: str, body: bytes) -> dict[str, Any]:
    kind = CONTENTS.get(name)
    if kind is None:
        return {}
    try:
        message = kind.FromString(body)
        if isinstance(message, metrics_pb2.SubmitRequest):
            message = metrics_pb2.Report.FromString(message.report)
    except DecodeError:  # the bytes are shown by length and digest; what they are is not for this page to guess
        return {}
    return MessageToDict(message, preserving_proto_field_name=True)


def _released(body: bytes) -> dict[str, int]:
    cells = metrics_pb2.Report.FromString(body).cells
    return {
        "requests": sum(cell.requests for cell in cells),
        "refusals": sum(count.count for cell in cells for count in cell.refusals),
        "cost_micro": sum(cell.cost_micro for cell in cells),
    }


async def _ledger(connection: asyncpg.Connection, query: str, *values: int) -> dict[str, int]:
    """Sums over entries, batch by batch: neither the ledger nor its decoding is held all at once."""
    sums = dict.fromkeys(MEASURES, 0)
    async for row in connection.cursor(query, *values, prefetch=BATCH):
        if row["kind"] == "settlement":
            _add(sums, {"requests": 1, "cost_micro": json.loads(row["body"])["cost"]})
        else:
            _add(sums, {"refusals": 1})
    return sums


def _add(sums: dict[str, int], more: dict[str, int]) -> None:
    for name, amount in more.items():
        sums[name] += amount
