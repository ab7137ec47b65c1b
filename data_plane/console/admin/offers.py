"""Releases as the officer meets them: what would change, and the officer's signed word on it."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.contract.ledger_entry import Consent, Veto
from bailiwick.contract.times import format_time
from data_plane.console.context import Context, Ctx
from data_plane.console.preview import preview
from data_plane.console.problems import Problem, not_found
from data_plane.ledger.append import append
from data_plane.releases import store_offers, store_statements
from data_plane.releases.statements import Officers
from data_plane.releases.store_offers import OfferState

if TYPE_CHECKING:
    import asyncpg

    from bailiwick.contract.statement import Statement
    from data_plane.releases.store_offers import Offer

router = APIRouter(prefix="/offers")

MOST_DIGITS = 18
# Officers who speak at once take turns: the sequence of statements has neither gap nor twin.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('bailiwick.statement'))"


class Said(BaseModel):
    """A DSSE envelope over a consent or veto."""

    model_config = ConfigDict(extra="forbid")

    envelope: Annotated[str, Field(max_length=8192)]


@router.get("")
async def listed(context: Ctx) -> dict[str, Any]:
    """Releases offered to this region, newest first."""
    return {"offers": [_summary(offer) for offer in await store_offers.newest(context.pool)]}


@router.get("/{release}")
async def shown(release: str, context: Ctx) -> dict[str, Any]:
    """One release, what would change in this region, and which decisions of policy would flip."""
    offer = await _find(context, release)
    changes = await preview(context.settings, context.pool, offer)
    return {**_summary(offer), **changes, "next_sequence": await store_statements.next_sequence(context.pool)}


@router.post("/{release}/statement", status_code=HTTPStatus.CREATED)
async def say(release: str, said: Said, context: Ctx) -> dict[str, Any]:
    """Verify the officers' statement, store it and put it into the ledger, all at once."""
    offer = await _find(context, release)
    pinned = context.settings.officers
    envelope = said.envelope.encode()
    statement = Officers.of(context.settings.region.id, pinned.keys, pinned.threshold).open(envelope)
    if statement.manifest != offer.manifest:
        raise Problem(
            HTTPStatus.CONFLICT,
            "other-release",
            "the statement is about another release",
            "sign a statement for this manifest",
        )
    if statement.kind == "consent" and (offer.body is None or offer.state == OfferState.REFUSED):
        raise Problem(
            HTTPStatus.CONFLICT,
            "not-staged",
            f"the region did not take this release ({offer.reason or offer.state}): there is nothing to consent to",
            "ask central operations for a release that this region can verify",
        )
    async with context.pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK)
        await _record(connection, context, statement, envelope)
        if offer.state != OfferState.APPLIED:  # what runs is not stopped by a word, and its state must not say so
            await store_offers.move(connection, offer.manifest, *_moved(statement), context.now())
    return {
        "manifest": offer.manifest,
        "version": offer.version,
        "kind": statement.kind,
        "sequence": statement.sequence,
    }


async def _record(connection: asyncpg.Connection, context: Context, statement: Statement, envelope: bytes) -> None:
    expected = await store_statements.next_sequence(connection)
    if statement.sequence != expected:
        raise Problem(
            HTTPStatus.CONFLICT,
            "sequence",
            f"the statement has sequence {statement.sequence}, the next one is {expected}",
            "look at the release again, and sign again",
        )
    now = context.now()
    await connection.execute(
        "INSERT INTO statement (sequence, manifest, kind, reason, envelope, at) VALUES ($1, $2, $3, $4, $5, $6)",
        statement.sequence,
        statement.manifest,
        statement.kind,
        statement.reason_code,
        envelope,
        now,
    )
    entry = Consent if statement.kind == "consent" else Veto
    stated = entry(
        at=now,
        envelope=base64.b64encode(envelope).decode(),
        manifest=statement.manifest,
        sequence=statement.sequence,
    )
    await append(connection, stated)


def _moved(statement: Statement) -> tuple[OfferState, str | None]:
    state = OfferState.CONSENTED if statement.kind == "consent" else OfferState.VETOED
    return state, statement.reason_code


async def _find(context: Context, release: str) -> Offer:
    offer: Offer | None
    if release.isascii() and release.isdecimal() and len(release) <= MOST_DIGITS:
        named = await store_offers.by_version(context.pool, int(release))
        if len(named) > 1:  # what an officer has looked at must be what they sign
            raise Problem(
                HTTPStatus.CONFLICT,
                "ambiguous",
                f"{len(named)} releases call themselves version {release}",
                "name the one that you mean by its manifest's digest, and ask central operations why",
            )
        offer = named[0] if named else None
    else:
        offer = await store_offers.get(context.pool, release)
    if offer is None:
        raise not_found(
            f"release {release[:80]} was not offered to this region", "`bailiwick consent list` shows which were"
        )
    return offer


def _summary(offer: Offer) -> dict[str, Any]:
    return {
        "manifest": offer.manifest,
        "version": offer.version,
        "state": offer.state,
        "reason": offer.reason,
        "gated": list(offer.gated),
        "seen_at": format_time(offer.seen_at),
        "updated_at": format_time(offer.updated_at),
    }
