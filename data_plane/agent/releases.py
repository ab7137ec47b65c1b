"""Releases as they come: offers are staged and shown, the centre's wish is followed as far as officers allow.

One round looks at everything again, so that it may begin after any kill, and in any order of events:

1. What runs is tended: settled, or left for the previous release.
2. Every offered digest that is not known yet is fetched, verified, checked and staged; then officers may speak.
3. The newest wish is followed: a staged release that passes the checks once more, whose gated changes officers have
   consented to, and which did not fail under this wish already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from bailiwick.contract.ledger_entry import ChangeAction
from bailiwick.contract.release import Manifest
from data_plane.agent.errors import CentreAwayError
from data_plane.agent.peer import Peer
from data_plane.agent.staging import Staging
from data_plane.agent.switch import Switch
from data_plane.privacy.ports import Clock
from data_plane.releases import store_link, store_offers, store_statements
from data_plane.releases.content import Content, check_version, needs_consent
from data_plane.releases.errors import Refusal, RefusedError, StatementError
from data_plane.releases.record import Step
from data_plane.releases.statements import Officers
from data_plane.releases.store_link import Link
from data_plane.releases.store_offers import Offer, OfferState

STAGED = "release_staged"
REFUSED = "release_refused"
FINAL = {OfferState.REFUSED, OfferState.FAILED, OfferState.ROLLED_BACK, OfferState.APPLIED}
AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Parts:
    """What releases are handled with."""

    staging: Staging
    switch: Switch
    officers: Officers


class Releases:
    """One round at a time."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, parts: Parts, peer: Callable[[], Peer | None]) -> None:
        self._pool = pool
        self._clock = clock
        self._parts = parts
        self._peer = peer
        self._offered: Sequence[str] = ()
        self._tried: dict[str, datetime] = {}
        self._log = structlog.get_logger()
        self.metadata_expired = False

    def offered(self, manifests: Sequence[str]) -> None:
        """The centre's newest list of offers."""
        self._offered = tuple(manifests)

    async def step(self) -> None:
        """One round."""
        await self._parts.switch.tend()
        for name in self._offered:
            await self._consider(name)
        link = await store_link.read(self._pool)
        if link.desired is not None:
            await self._follow(link, link.desired)

    async def _consider(self, name: str) -> None:
        """Stages an offer that is not known yet, and shows it to the officers."""
        known = await store_offers.get(self._pool, name)
        if known is not None and known.reason != Refusal.EXPIRED_METADATA:
            return
        peer = self._peer()
        if peer is None or self._too_soon(name):
            return
        try:
            released = await self._parts.staging.released(peer)
            self.metadata_expired = False
            content = await self._parts.staging.stage(released, name)
            check_version(content.manifest, name, self._parts.switch.record, self._parts.switch.running())
        except RefusedError as error:
            self.metadata_expired = error.reason is Refusal.EXPIRED_METADATA
            self._later(name)
            await self._refuse(name, error)
            return
        gated = self._gated(content.manifest, name)
        state = OfferState.AWAITING_CONSENT if gated else OfferState.OFFERED
        self._log.info(STAGED, manifest=name, version=content.manifest.version, gated=list(gated))
        await store_offers.put(self._pool, self._offer(content, state, gated))

    async def _follow(self, link: Link, name: str) -> None:
        """Goes as far towards the wish as officers allow."""
        record = self._parts.switch.record
        if record.applied is not None and record.applied.manifest == name:
            return
        if not record.may_try(name, link.generation):
            return
        offer = await store_offers.get(self._pool, name)
        if offer is None or offer.reason == Refusal.EXPIRED_METADATA:
            await self._consider(name)
            offer = await store_offers.get(self._pool, name)
        if offer is None or offer.state == OfferState.REFUSED:
            return
        manifest = self._parts.switch.manifest(name)
        try:
            check_version(manifest, name, record, self._parts.switch.running())
            if not await self._allowed(manifest, name):
                return
            self._parts.staging.check(name)
        except RefusedError as error:
            await self._refuse(name, error)
            return
        # Asked again after the network was: a veto that came meanwhile counts.
        if await self._fresh(name) and await self._allowed(manifest, name):
            action: ChangeAction = "rolled-back" if self._is_fallback(name) else "applied"
            await self._parts.switch.to(Step(name, manifest.version, link.generation), action)

    async def _allowed(self, manifest: Manifest, name: str) -> bool:
        """Whether officers let it run; moves the offer to what they said."""
        now = self._clock()
        stored = await store_statements.about(self._pool, name)
        try:
            said = self._parts.officers.decide(name, [statement.envelope for statement in stored])
        except StatementError:
            await store_offers.move(self._pool, name, OfferState.REFUSED, Refusal.BAD_SIGNATURE, now)
            return False
        if said is not None and said.kind == "veto":
            await store_offers.move(self._pool, name, OfferState.VETOED, said.reason_code, now)
            return False
        if said is None and self._gated(manifest, name):
            await store_offers.move(self._pool, name, OfferState.AWAITING_CONSENT, None, now)
            return False
        return True

    async def _fresh(self, name: str) -> bool:
        """A new release needs metadata that holds now; going back to what officers agreed to before does not."""
        if self._is_fallback(name):
            return True
        peer = self._peer()
        if peer is None or self._too_soon(name):
            return False
        try:
            released = await self._parts.staging.released(peer)
            await released.manifest(name)
        except RefusedError as error:
            self.metadata_expired = error.reason is Refusal.EXPIRED_METADATA
            self._later(name)
            if not self.metadata_expired:
                await self._refuse(name, error)
            return False
        except CentreAwayError:
            return False
        self.metadata_expired = False
        return True

    def _later(self, name: str) -> None:
        self._tried[name] = self._clock() + AGAIN

    def _too_soon(self, name: str) -> bool:
        return name in self._tried and self._clock() < self._tried[name]

    def _gated(self, manifest: Manifest, name: str) -> tuple[str, ...]:
        applied = self._parts.switch.record.applied
        running_name = None if applied is None else applied.manifest
        return tuple(needs_consent(self._parts.switch.running(), running_name, manifest, name))

    def _is_fallback(self, name: str) -> bool:
        running = self._parts.switch.running()
        return running is not None and running.fallback == name

    async def _refuse(self, name: str, error: RefusedError) -> None:
        self._log.warning(REFUSED, manifest=name, code=error.reason, why=error.detail)
        now = self._clock()
        if not await store_offers.get(self._pool, name):
            refused = Offer(name, 0, OfferState.REFUSED, error.reason, (), None, now, now)
            await store_offers.put(self._pool, refused)
        await store_offers.move(self._pool, name, OfferState.REFUSED, error.reason, now)

    def _offer(self, content: Content, state: OfferState, gated: Sequence[str]) -> Offer:
        now = self._clock()
        body = content.manifest.encode()
        return Offer(content.digest, content.manifest.version, state, None, tuple(gated), body, now, now)
