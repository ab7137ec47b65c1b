"""What happens on a region's session: who may open it, what it is told, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bailiwick.contract import keys as contract_keys
from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import raw_digest
from bailiwick.contract.statement import open_statement
from control_plane.domain.errors import InvalidError, NotFoundError, StateError, UnauthenticatedError
from control_plane.domain.fleet import BUNDLED, EVIDENCE_ORDER, Outbound, advances
from control_plane.domain.regions import Observation, Region, RegionPhase
from control_plane.domain.releases import ReleaseStanding
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction

_SIGNED_PHASES = {"consented": "consent", "vetoed": "veto"}


class Fleet:
    """The agents port's use cases, but for reports and checkpoints.

    A session belongs to the region that its certificate names, while that is approved and the certificate not revoked.
    Of several sessions of a region the newest counts. What is told never asks a region to delete anything.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def authorise(self, region: RegionId, serial: str) -> None:
        """Raise `UnauthenticatedError` unless the certificate may be used now."""
        async with self._registry.begin() as tx:
            certificate = await tx.certificates.get(serial)
            known = await tx.regions.get(region)
        revoked = certificate is None or certificate.region != region or certificate.revoked_at is not None
        if revoked or known is None or known.phase is not RegionPhase.APPROVED:
            raise UnauthenticatedError(
                "certificate", "The certificate is revoked or unknown.", "Enrol the region again."
            )

    async def open(self, region: RegionId, session: str) -> None:
        """The region's link is up, by this session."""
        async with self._registry.begin() as tx:
            await tx.links.open(region, session, self._clock())

    async def close(self, region: RegionId, session: str, kind: str) -> None:
        """A session ended: `disconnected`, `superseded` or `revoked`."""
        async with self._registry.begin() as tx:
            await tx.links.close(region, session, kind, self._clock())

    async def sweep(self, silent: timedelta) -> int:
        """Close links whose process died: nothing was heard of them for longer than `silent`."""
        now = self._clock()
        async with self._registry.begin() as tx:
            return await tx.links.reset(now - silent, now)

    async def outbound(self, region: RegionId) -> Outbound:
        """All that the region is to be told now."""
        async with self._registry.begin() as tx:
            return await tx.fleet.outbound(region, self._clock())

    async def marks(self) -> Mapping[RegionId, int]:
        """Per region a count that rises with each change which concerns its session."""
        async with self._registry.begin() as tx:
            return dict(await tx.fleet.marks())

    async def holder(self, region: RegionId) -> str | None:
        """Which session is the region's."""
        async with self._registry.begin() as tx:
            link = await tx.links.get(region)
        return link.session if link is not None else None

    async def count(self, region: RegionId, kind: str, size: int) -> None:
        """Count a message that is no part of another use case."""
        async with self._registry.begin() as tx:
            await tx.states.count(region, kind, size, self._clock())

    async def heard(self, region: RegionId, session: str, messages: int, size: int) -> None:
        """Heartbeats came, of so many bytes together."""
        now = self._clock()
        async with self._registry.begin() as tx:
            await tx.links.seen(region, session, now)
            await tx.states.count(region, "heartbeat", size, now, messages)

    async def observed(self, seen: Observation, size: int) -> None:
        """The region says what runs."""
        async with self._registry.begin() as tx:
            await tx.states.count(seen.region, "observed", size, self._clock())
            await tx.states.observe(replace(seen, seen_at=self._clock()))

    async def stands(self, standing: ReleaseStanding, size: int) -> None:
        """The region says where a release stands; its officers' statement, if any, must be theirs."""
        now = self._clock()
        async with self._registry.begin() as tx:
            region = await _region(tx, standing.region)
            _check_statement(region, standing)
            if await tx.releases.by_digest(standing.manifest) is None:
                raise NotFoundError("release", "There is no such release.")
            before = {s.region: s for s in await tx.states.standings(standing.manifest)}.get(standing.region)
            await tx.states.count(standing.region, "release-state", size, now)
            await tx.states.stand(replace(standing, at=now))
            if before is None or (before.phase, before.reason) != (standing.phase, standing.reason):
                facts = {"manifest": standing.manifest.hex(), "phase": standing.phase, "reason": standing.reason}
                await record(tx, "release.state", f"region:{standing.region}", now, **facts)

    async def judged(self, region: RegionId, gate: bytes, verdict: str, reason: str, size: int) -> None:
        """The region answers a gate; only the first answer counts."""
        now = self._clock()
        async with self._registry.begin() as tx:
            asked = await tx.gates.get(gate)
            if asked is None or asked.region != region:
                raise NotFoundError("gate", "There is no such gate.")
            await tx.states.count(region, "gate-verdict", size, now)
            if await tx.gates.answer(gate, verdict, reason, now):
                facts = {"gate": gate.hex(), "verdict": verdict, "reason": reason}
                await record(tx, "gate.answer", f"region:{region}", now, **facts)

    async def evidence(
        self, region: RegionId, request: bytes, phase: str, bundle: bytes, span: tuple[int, int], size: int
    ) -> None:
        """The region says where a request for evidence stands. A built bundle is named by its digest only."""
        now = self._clock()
        async with self._registry.begin() as tx:
            asked = await tx.evidence.get(request)
            if asked is None or asked.region != region:
                raise NotFoundError("evidence", "There is no such request.")
            if phase not in EVIDENCE_ORDER or (phase in BUNDLED and not bundle):
                raise InvalidError("evidence-phase", "A bundle that was built has a digest.")
            await tx.states.count(region, "evidence-state", size, now)
            if not advances(asked.phase, phase):
                return
            changed = replace(asked, phase=phase, updated_at=now)
            if phase in BUNDLED:  # a region that was away may first be heard when the bundle is already fetched
                changed = replace(changed, bundle=bundle, built_first=span[0], built_next=span[1])
            await tx.evidence.advance(changed)
            facts = {"request": request.hex(), "phase": phase, "bundle": bundle.hex()}
            await record(tx, "evidence.state", f"region:{region}", now, **facts)


async def _region(tx: Transaction, region: RegionId) -> Region:
    found = await tx.regions.get(region)
    if found is None:
        raise NotFoundError("region", "There is no such region.")
    return found


def _check_statement(region: Region, standing: ReleaseStanding) -> None:
    """A consent or veto that comes with its statement is checked against the officers that the region enrolled."""
    if not standing.statement:
        return
    refused = StateError("statement", "The statement is not one of this region's officers about this release.")
    keys = region.keys
    if keys is None:
        raise refused
    officers = [Ed25519PublicKey.from_public_bytes(officer) for officer in keys.officers]
    ring = {contract_keys.key_id(officer): officer for officer in officers}
    try:
        statement = open_statement(standing.statement, ring, keys.officer_threshold)
    except ContractError as error:
        raise refused from error
    kind = _SIGNED_PHASES.get(standing.phase, statement.kind)
    if statement.region != region.id or raw_digest(statement.manifest) != standing.manifest or statement.kind != kind:
        raise refused
