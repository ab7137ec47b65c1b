"""Requests for evidence: asked here, granted and answered in the region."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from bailiwick.contract.times import format_time
from control_plane.domain.errors import InvalidError, NotFoundError
from control_plane.domain.fleet import EvidenceRequest
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry
from control_plane.services.rollout_ports import EngineUnreachableError, Orchestrator

# bech32: the human-readable part, the separator, then 58 characters for 32 bytes and the checksum.
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}\Z")
_LIFE = timedelta(days=7)
_MOST = 2**53 - 1
OPEN = frozenset({"requested", "received", "granted", "built"})


@dataclass(frozen=True)
class EvidenceAsk:
    """What is asked for: entries [first, next) of a region; next 0 means up to the newest checkpoint."""

    region: RegionId
    recipient: str
    first: int = 0
    next: int = 0


class Evidence:
    """Asks regions for evidence and reads how that stands."""

    def __init__(
        self, registry: Registry, clock: Clock, orchestrator: Orchestrator, random: Callable[[int], bytes]
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._orchestrator = orchestrator
        self._random = random

    async def request(self, ask: EvidenceAsk, actor: str) -> EvidenceRequest:
        """Record a request and begin to follow it. What cannot begin now is begun by a worker later."""
        if not _RECIPIENT.match(ask.recipient):
            raise InvalidError("recipient", "That is no age recipient.", "Make one with `age-keygen`: it reads age1….")
        if not 0 <= ask.first <= _MOST or not 0 <= ask.next <= _MOST or (ask.next and ask.next <= ask.first):
            raise InvalidError(
                "range", "That is no range of entries.", "First is included, next is not; 0 is the newest."
            )
        now = self._clock()
        request = EvidenceRequest(
            id=self._random(16),
            region=ask.region,
            first=ask.first,
            next=ask.next,
            recipient=ask.recipient,
            requested_by=actor,
            requested_at=now,
            expires_at=(now + _LIFE).replace(microsecond=0),
        )
        async with self._registry.begin() as tx:
            if await tx.regions.get(ask.region) is None:
                raise NotFoundError("region", "There is no such region.", "See `bailiwick region list`.")
            await tx.evidence.add(request)
            await record(tx, "evidence.request", actor, now, request=request.id.hex(), region=ask.region)
        with suppress(EngineUnreachableError):
            await self._orchestrator.start_evidence(request.id.hex(), request.region, format_time(request.expires_at))
        return request

    async def get(self, request: str) -> EvidenceRequest:
        """One request by its 32 hex digits. Raises NotFoundError."""
        missing = NotFoundError("evidence", "There is no such request.", "See `bailiwick evidence request --list`.")
        if not re.fullmatch(r"[0-9a-f]{32}", request):
            raise missing
        async with self._registry.begin() as tx:
            found = await tx.evidence.get(bytes.fromhex(request))
        if found is None:
            raise missing
        return found

    async def all(self) -> Sequence[EvidenceRequest]:
        """Newest first."""
        async with self._registry.begin() as tx:
            return await tx.evidence.all()
