"""Saying what changed, once per session and change: states of releases and of requests for evidence."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from bailiwick.contract.release import raw_digest
from data_plane.agent.link import Link
from data_plane.agent.notes import evidence_phase, reason_code, release_phase
from data_plane.privacy import messages
from data_plane.privacy.accounts import Accounts, Period
from data_plane.privacy.messages import EvidenceNote, ReleaseNote
from data_plane.privacy.ports import Clock
from data_plane.privacy.rebuild import Rebuilder
from data_plane.releases import store_evidence, store_offers, store_statements
from data_plane.releases.store_evidence import EvidenceRequest, Phase
from data_plane.releases.store_offers import Offer, OfferState

SPOKEN = {OfferState.CONSENTED, OfferState.VETOED, OfferState.APPLIED}
WINDOW = 64


class Announcer:
    """Compares what is so with what was said in this session."""

    def __init__(self, pool: asyncpg.Pool, link: Link, rebuilder: Rebuilder, accounts: Accounts, clock: Clock) -> None:
        self._pool = pool
        self._link = link
        self._rebuilder = rebuilder
        self._accounts = accounts
        self._clock = clock
        self._releases: dict[str, ReleaseNote] = {}
        self._evidence: dict[str, EvidenceNote] = {}

    def forget(self) -> None:
        """A new session: everything is said again."""
        self._releases.clear()
        self._evidence.clear()

    async def step(self) -> None:
        """One round; nothing is said without a session."""
        if self._link.peer is None:
            return
        for offer in reversed(await store_offers.newest(self._pool, WINDOW)):
            note = await self._note(offer)
            if self._releases.get(offer.manifest) != note:
                self._releases[offer.manifest] = note
                self._link.mailbox.put(f"release:{offer.manifest}", messages.release_state(self._rebuilder, note))
        for request in reversed(await store_evidence.newest(self._pool, WINDOW)):
            if request.phase == Phase.RECEIVED and request.expires <= self._clock():
                await store_evidence.move(self._pool, request.id, Phase.EXPIRED, self._clock())
                continue
            said = _evidence_note(request)
            if self._evidence.get(request.id) != said:
                await self._say_evidence(request.id, said)

    async def _note(self, offer: Offer) -> ReleaseNote:
        envelope = b""
        if offer.state in SPOKEN:
            said = await store_statements.about(self._pool, offer.manifest)
            envelope = said[-1].envelope if said else b""
        return ReleaseNote(raw_digest(offer.manifest), release_phase(offer.state), reason_code(offer.reason), envelope)

    async def _say_evidence(self, identifier: str, note: EvidenceNote) -> None:
        """A built bundle's digest is CONTENT: its account is in the ledger before it is said."""
        if note.content:
            content = messages.evidence_content(self._rebuilder, note)
            now = self._clock()
            async with self._pool.acquire() as connection, connection.transaction():
                await self._accounts.content(connection, content, Period(now, now + timedelta(seconds=1)))
        self._evidence[identifier] = note
        self._link.mailbox.put(f"evidence:{identifier}", messages.evidence(self._rebuilder, note))


def _evidence_note(request: EvidenceRequest) -> EvidenceNote:
    return EvidenceNote(
        request=bytes.fromhex(request.id),
        phase=evidence_phase(request.phase),
        bundle=request.bundle or b"",
        first=request.bundle_first or 0,
        next=request.bundle_next or 0,
    )
