"""The registry, as activities use it: each method one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bailiwick.contract.times import format_time
from control_plane.activities.messages import (
    EnrolmentDecision,
    EvidenceAnswer,
    GateAnswer,
    GateAsk,
    LaneRecord,
    RolloutRecord,
    Wish,
    Withdrawal,
)
from control_plane.activities.ports import WishRefusedError
from control_plane.domain.errors import CentreError
from control_plane.domain.fleet import Gate, advances
from control_plane.domain.regions import Link, Observation, RegionPhase
from control_plane.domain.releases import ReleaseStage
from control_plane.domain.rollout_steps import RegionStatus
from control_plane.domain.words import RegionId, digest_text, parse_digest
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction
from control_plane.services.regions import Regions


class FleetDesk:
    """Wishes and what regions say; implements the port `Fleet`."""

    def __init__(self, registry: Registry, clock: Clock, away: timedelta) -> None:
        self._registry = registry
        self._clock = clock
        self._away = away

    async def wish(self, wish: Wish) -> int:
        """Set the desired state, after the centre's own check that the release may go there."""
        region, manifest, now = RegionId(wish.region), parse_digest(wish.manifest), self._clock()
        async with self._registry.begin() as tx:
            await _check(tx, region, manifest)
            before = await tx.fleet.desired(region)
            name = wish.rollout if wish.attempt == 1 else f"{wish.rollout}#{wish.attempt}"
            desired = await tx.fleet.desire(region, manifest, rollback=wish.rollback, rollout=name, at=now)
            if before is None or before.generation != desired.generation:
                facts: dict[str, str | int] = {"manifest": manifest.hex(), "generation": desired.generation}
                await record(tx, "rollout.wish", "worker", now, region=region, rollout=wish.rollout, **facts)
            return desired.generation

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Wish for what the region runs, if the wish is still the newest."""
        region, now = RegionId(withdrawal.region), self._clock()
        async with self._registry.begin() as tx:
            desired = await tx.fleet.desired(region)
            if desired is None or desired.generation != withdrawal.generation:
                return
            seen = await _seen(tx, region)
            running = seen.manifest if seen is not None else b""
            kept = await tx.fleet.desire(region, running, rollback=False, rollout=None, at=now)
            rollout, generation = withdrawal.rollout, kept.generation
            await record(tx, "rollout.withdraw", "worker", now, region=region, rollout=rollout, generation=generation)

    async def status(self, region: str, manifest: str) -> RegionStatus:
        """What is known now; a link that fell silent counts as down."""
        wanted, which = parse_digest(manifest), RegionId(region)
        async with self._registry.begin() as tx:
            desired = await tx.fleet.desired(which)
            seen = await _seen(tx, which)
            connected = _up(await _link(tx, which), self._clock(), self._away)
            standings = await tx.states.standings(wanted)
        said = next((standing for standing in standings if standing.region == which), None)
        return RegionStatus(
            connected=connected,
            desired_generation=desired.generation if desired else 0,
            desired_manifest=_text(desired.manifest) if desired else "",
            observed_generation=seen.generation if seen else 0,
            observed_manifest=_text(seen.manifest) if seen else "",
            healthy=seen.healthy if seen else False,
            region_state=seen.state if seen else "",
            phase=said.phase if said else "",
            phase_at=format_time(said.at) if said else "",
            reason=said.reason if said else "",
        )


class GateDesk:
    """Gates; implements the port `Gates`."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def ask(self, gate: GateAsk) -> None:
        """Record the question."""
        asked = Gate(
            id=bytes.fromhex(gate.gate),
            region=RegionId(gate.region),
            manifest=parse_digest(gate.manifest),
            window_seconds=gate.window_seconds,
            min_requests=gate.min_requests,
            max_error_permille=gate.max_error_permille,
            requested_at=self._clock(),
            rollout=gate.rollout,
        )
        async with self._registry.begin() as tx:
            await tx.gates.ask(asked)

    async def answer(self, gate: str) -> GateAnswer:
        """The verdict, empty while there is none."""
        async with self._registry.begin() as tx:
            found = await tx.gates.get(bytes.fromhex(gate))
        return GateAnswer(found.verdict, found.reason) if found is not None else GateAnswer()


class JournalDesk:
    """The read model of rollouts; implements the port `Journal`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def lane(self, record: LaneRecord) -> None:
        """Keep a lane."""
        async with self._registry.begin() as tx:
            await tx.rollouts.lane(record.view, record.happenings)

    async def rollout(self, record: RolloutRecord) -> None:
        """Keep a rollout's progress."""
        async with self._registry.begin() as tx:
            await tx.rollouts.progress(record.progress, record.happenings)


class RequestDesk:
    """Evidence requests and enrolments; implements the ports `EvidenceDesk` and `Enrolments`."""

    def __init__(self, registry: Registry, clock: Clock, regions: Regions, away: timedelta) -> None:
        self._registry = registry
        self._clock = clock
        self._regions = regions
        self._away = away

    async def answer(self, request: str) -> EvidenceAnswer:
        """The phase now."""
        async with self._registry.begin() as tx:
            found = await tx.evidence.get(bytes.fromhex(request))
        if found is None:
            return EvidenceAnswer("expired")
        return EvidenceAnswer(found.phase, _text(found.bundle))

    async def expire(self, request: str) -> None:
        """Mark as expired unless it ended otherwise."""
        now = self._clock()
        async with self._registry.begin() as tx:
            found = await tx.evidence.get(bytes.fromhex(request))
            if found is not None and advances(found.phase, "expired"):
                await tx.evidence.advance(replace(found, phase="expired", updated_at=now))
                await record(tx, "evidence.state", "worker", now, request=request, phase="expired")

    async def decide(self, decision: EnrolmentDecision) -> None:
        """Record the decision; a repetition by the same person changes nothing."""
        region = RegionId(decision.region)
        try:
            if decision.approved:
                await self._regions.approve(region, decision.actor)
            else:
                await self._regions.revoke(region, decision.actor)
        except CentreError as error:
            async with self._registry.begin() as tx:
                known = await tx.regions.get(region)
            if known is not None and decision.approved and known.approved_by == decision.actor:
                return
            raise WishRefusedError(error.code, error.message) from error

    async def connected(self, region: str) -> bool:
        """Whether the region's agent holds a session now, or is not to be waited for: it enrols anew, or is revoked."""
        async with self._registry.begin() as tx:
            known = await tx.regions.get(RegionId(region))
            if known is None or known.phase is not RegionPhase.APPROVED:
                return True
            return _up(await _link(tx, RegionId(region)), self._clock(), self._away)


async def _check(tx: Transaction, region: RegionId, manifest: bytes) -> None:
    release = await tx.releases.by_digest(manifest)
    if release is None or release.stage is not ReleaseStage.PUBLISHED:
        raise WishRefusedError("NOT-PUBLISHED", "the release is not published")
    if region not in release.regions:
        raise WishRefusedError("OTHER-REGION", "the release does not name the region")
    known = await tx.regions.get(region)
    if known is None or known.phase is not RegionPhase.APPROVED:
        raise WishRefusedError("NOT-ENROLLED", "the region is not enrolled")


async def _seen(tx: Transaction, region: RegionId) -> Observation | None:
    return next((seen for seen in await tx.states.observations() if seen.region == region), None)


async def _link(tx: Transaction, region: RegionId) -> Link | None:
    return next((link for link in await tx.links.all() if link.region == region), None)


def _up(link: Link | None, now: datetime, away: timedelta) -> bool:
    return link is not None and link.connected and now - link.seen_at <= away


def _text(raw: bytes) -> str:
    return digest_text(raw) if raw else ""
