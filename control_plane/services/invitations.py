"""Invitations to regions: made here, redeemed on the enrolment port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.contract import enrolment
from control_plane.domain.errors import StateError
from control_plane.domain.invitations import Invitation, secret_hash
from control_plane.domain.regions import Region, RegionPhase
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry
from control_plane.services.trust import Anchors


@dataclass(frozen=True)
class Invited:
    """An invitation as handed over once: the token holds its secret."""

    token: str
    region: RegionId
    expires_at: datetime


@dataclass(frozen=True)
class Addresses:
    """What a region dials, as `host:port`."""

    enrolment: str
    agents: str


class Invitations:
    """Invites regions. An earlier invitation to the same region stays good until it is used or expires."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        anchors: Anchors,
        addresses: Addresses,
        random: Callable[[int], bytes],
        life: timedelta,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._anchors = anchors
        self._addresses = addresses
        self._random = random
        self._life = life

    async def invite(self, region: RegionId, jurisdiction: str, by: str) -> Invited:
        """Make a single-use invitation, bound to a region and its jurisdiction, good for at most a day."""
        now = self._clock()
        secret = self._random(32)
        kept = Invitation(
            id=self._random(16),
            secret_hash=secret_hash(secret),
            region=region,
            jurisdiction=jurisdiction,
            created_by=by,
            created_at=now,
            expires_at=now + self._life,
        )
        async with self._registry.begin() as tx:
            known = await tx.regions.lock(region)
            if known is not None and known.jurisdiction != jurisdiction:
                raise StateError(
                    "jurisdiction-fixed", "This region is known under another jurisdiction.", "Use a new region id."
                )
            if known is None:
                await tx.regions.save(Region(region, jurisdiction, RegionPhase.INVITED, invited_at=now))
            await tx.invitations.add(kept)
            await record(tx, "region.invite", by, now, region=region, invitation=kept.id.hex())
        return Invited(await self._token(kept, secret), region, kept.expires_at)

    async def open(self) -> Sequence[Invitation]:
        """Invitations that could still be used, without their secrets."""
        async with self._registry.begin() as tx:
            return await tx.invitations.open(self._clock())

    async def _token(self, kept: Invitation, secret: bytes) -> str:
        return enrolment.Invitation(
            id=kept.id.hex(),
            secret=secret.hex(),
            region=kept.region,
            jurisdiction=kept.jurisdiction,
            expires=kept.expires_at,
            ca=self._anchors.ca_digest,
            tuf_root=self._anchors.tuf_root_digest,
            witness=self._anchors.witness,
            enrolment=self._addresses.enrolment,
            agents=self._addresses.agents,
        ).encode()
