"""A federation in memory: regions that answer wishes and gates as told, behind the ports that activities use."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

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
from control_plane.domain.rollout_steps import RegionStatus
from control_plane.domain.rollouts import Happening, LaneView, Mode, Progress


@dataclass
class FakeRegion:
    """One region: what it will do when asked, and what it has been asked."""

    connected: bool = True
    consent: str = "give"
    healthy: bool = True
    fails: str = ""
    refuses_wish: str = ""
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    running: str = "sha256:" + "0" * 64
    desired: str = ""
    generation: int = 0
    wish_key: tuple[str, str, bool, int] | None = None
    gates: dict[str, GateAsk] = field(default_factory=dict)
    answers: dict[str, GateAnswer] = field(default_factory=dict)
    phase: dict[str, str] = field(default_factory=dict)
    failed_at: str = ""

    def status(self, manifest: str) -> RegionStatus:
        """What the centre would know."""
        if self.connected:
            self._act()
        phase = self.phase.get(manifest, "")
        reason = {"vetoed": "LEGAL-BASIS-MISSING", "failed": "UNHEALTHY"}.get(phase, "")
        return RegionStatus(
            connected=self.connected,
            desired_generation=self.generation,
            desired_manifest=self.desired,
            observed_generation=self.generation if self.connected else 0,
            observed_manifest=self.running,
            healthy=self.healthy,
            region_state="connected",
            phase=phase,
            phase_at=self.failed_at,
            reason=reason,
        )

    def _act(self) -> None:
        wanted = self.desired
        if not wanted or self.running == wanted:
            return
        rollback = self.wish_key is not None and self.wish_key[2]
        if self.consent == "refuse" and not rollback:
            self.phase[wanted] = "vetoed"
        elif self.consent == "wait" and not rollback:
            self.phase[wanted] = "awaiting-consent"
        elif self.fails and not rollback:
            self.phase[wanted] = self.fails
            self.failed_at = self.failed_at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        else:
            self.phase[wanted] = "applied"
            self.running = wanted


class FakeEvidenceDesk:
    """Implements EvidenceDesk over a table of answers."""

    def __init__(self, answers: dict[str, EvidenceAnswer]) -> None:
        self._answers = answers

    async def answer(self, request: str) -> EvidenceAnswer:
        return self._answers[request]

    async def expire(self, request: str) -> None:
        self._answers[request] = EvidenceAnswer("expired", self._answers[request].bundle)


class FakeFederation:
    """Implements Fleet, Gates, Journal, Enrolments and Changes; evidence stands on a desk of its own."""

    def __init__(self, *regions: str) -> None:
        self.regions = {region: FakeRegion() for region in regions}
        self.lanes: dict[tuple[str, str, Mode], LaneView] = {}
        self.rollouts: dict[str, Progress] = {}
        self.happenings: list[Happening] = []
        self.wishes: list[Wish] = []
        self.evidence: dict[str, EvidenceAnswer] = {}
        self.decisions: list[EnrolmentDecision] = []

    async def wish(self, wish: Wish) -> int:
        region = self.regions[wish.region]
        if region.refuses_wish:
            raise WishRefusedError(region.refuses_wish, "refused")
        key = (wish.rollout, wish.manifest, wish.rollback, wish.attempt)
        if region.wish_key != key:
            region.wish_key, region.desired = key, wish.manifest
            region.generation += 1
            self.wishes.append(wish)
        return region.generation

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        region = self.regions[withdrawal.region]
        if region.generation == withdrawal.generation:
            region.desired, region.wish_key = region.running, None
            region.generation += 1

    async def status(self, region: str, manifest: str) -> RegionStatus:
        return self.regions[region].status(manifest)

    async def ask(self, gate: GateAsk) -> None:
        region = self.regions[gate.region]
        region.gates.setdefault(gate.gate, gate)

    async def answer(self, gate: str) -> GateAnswer:
        for region in self.regions.values():
            if gate in region.gates and region.connected:
                if gate not in region.answers:
                    verdict, code = region.verdicts.pop(0) if region.verdicts else ("pass", "OK")
                    region.answers[gate] = GateAnswer(verdict, code)
                return region.answers[gate]
        return GateAnswer()

    async def lane(self, record: LaneRecord) -> None:
        view = record.view
        key = (view.rollout, view.region, view.mode)
        if key not in self.lanes or self.lanes[key].sequence < view.sequence:
            self.lanes[key] = view
        self._happen(record.happenings)

    async def rollout(self, record: RolloutRecord) -> None:
        known = self.rollouts.get(record.progress.rollout)
        if known is None or known.sequence < record.progress.sequence:
            self.rollouts[record.progress.rollout] = record.progress
        self._happen(record.happenings)

    async def decide(self, decision: EnrolmentDecision) -> None:
        self.decisions.append(decision)

    async def connected(self, region: str) -> bool:
        return self.regions[region].connected

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))

    def lane_of(self, rollout: str, region: str, mode: Mode = Mode.FORWARD) -> LaneView | None:
        """A lane of the read model."""
        return self.lanes.get((rollout, region, mode))

    def _happen(self, happenings: tuple[Happening, ...]) -> None:
        self.happenings.extend(one for one in happenings if one not in self.happenings)
