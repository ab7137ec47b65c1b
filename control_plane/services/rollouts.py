"""Rollouts: planned and recorded here, carried out by workflows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bailiwick.contract.release import Manifest
from control_plane.domain.errors import ForbiddenError, InvalidError, NotFoundError, StateError
from control_plane.domain.releases import Release, ReleaseStage
from control_plane.domain.rollout_steps import Refused, may_approve
from control_plane.domain.rollouts import Gate, LaneView, Mode, Phase, Plan, PlanError, Rollout, check_plan
from control_plane.domain.words import digest_text
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction
from control_plane.services.rollout_ports import EngineUnreachableError, Orchestrator, OrderRefusedError, RolloutOrder

VERBS = ("approve", "pause", "resume", "abort", "rollback")
SHOWN = 200


@dataclass(frozen=True)
class RolloutAsk:
    """What a person asks for when starting a rollout. Without waves, the first region is the canary."""

    version: int
    waves: tuple[tuple[str, ...], ...] = ()
    gate: Gate = field(default_factory=Gate)
    approvals: bool = True


class Rollouts:
    """Starts rollouts, gives orders to them, and reads how they stand."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        orchestrator: Orchestrator,
        random: Callable[[int], bytes],
        away: timedelta,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._orchestrator = orchestrator
        self._random = random
        self._away = away

    async def start(self, ask: RolloutAsk, actor: str) -> Rollout:
        """Record a rollout of a published release and begin it. What cannot begin now is begun by a worker later."""
        now = self._clock()
        async with self._registry.begin() as tx:
            release = await _published(tx, ask.version)
            if not ask.approvals:  # approving once for all is an approval too
                _check_approver(actor, release.published_by or "")
            await self._refuse_rival(tx, release)
            try:
                waves = check_plan(ask.waves or _canary_first(release), ask.gate, release.regions)
            except PlanError as error:
                raise InvalidError("rollout-plan", f"{error}.", error.fix) from error
            plan = Plan(
                rollout=await tx.rollouts.next_id(),
                version=release.version,
                manifest=digest_text(release.digest),
                fallback=Manifest.decode(release.manifest).fallback or "",
                publisher=release.published_by or "",
                started_by=actor,
                waves=waves,
                gate=ask.gate,
                approvals=ask.approvals,
                away_seconds=max(2, int(self._away.total_seconds())),
                key=self._random(4).hex(),
            )
            await tx.rollouts.add(plan, now)
            await record(tx, "rollout.start", actor, now, rollout=plan.rollout, version=plan.version)
        with suppress(EngineUnreachableError):
            await self._orchestrator.start_rollout(plan)
        return await self.get(plan.rollout)

    async def get(self, rollout: str) -> Rollout:
        """One rollout. Raises NotFoundError."""
        async with self._registry.begin() as tx:
            found = await tx.rollouts.get(rollout)
        if found is None:
            raise NotFoundError("rollout", "There is no such rollout.", "See `bailiwick rollout status`.")
        return found

    async def all(self, limit: int = SHOWN) -> Sequence[Rollout]:
        """Newest first."""
        async with self._registry.begin() as tx:
            return await tx.rollouts.all(limit)

    async def order(self, order: RolloutOrder) -> Rollout:
        """Give an order. Raises StateError when it does not apply now, ForbiddenError when this person may not."""
        found = await self.get(order.rollout)
        order = replace(order, workflow=found.plan.workflow)
        if order.verb not in VERBS:
            raise InvalidError("rollout-verb", "There is no such order.", f"One of {', '.join(VERBS)}.")
        try:
            if order.verb == "approve":
                await self._approve(found, order)
            elif order.verb == "rollback" and found.progress.state.over:
                await self._roll_back_later(found, order)
            else:
                await self._orchestrator.order(order)
        except OrderRefusedError as error:
            raise StateError("order-refused", f"{error}.", error.fix) from error
        now = self._clock()
        async with self._registry.begin() as tx:
            facts = {"rollout": order.rollout, "region": order.region}
            await record(tx, f"rollout.{order.verb}", order.actor, now, **facts)
        return await self.get(order.rollout)

    async def unstarted(self) -> Sequence[Plan]:
        """Plans that were recorded but not seen to begin; for the worker."""
        return [one.plan for one in await self.all() if one.progress.sequence == 0]

    async def _approve(self, found: Rollout, order: RolloutOrder) -> None:
        _check_approver(order.actor, found.plan.publisher)
        waiting = [lane.region for lane in found.lanes if lane.phase is Phase.AWAITING_APPROVAL]
        chosen = [order.region] if order.region else waiting
        if not chosen:
            raise OrderRefusedError("no region waits for approval", "see `bailiwick rollout status`")
        for region in chosen:
            await self._orchestrator.approve_lane(replace(order, region=region))

    async def _roll_back_later(self, found: Rollout, order: RolloutOrder) -> None:
        """A rollout that is over is rolled back by a workflow of its own."""
        moved = tuple(lane.region for lane in found.lanes if lane.moved and lane.mode is Mode.FORWARD)
        if not found.plan.fallback:
            raise OrderRefusedError("this release names no fallback", "publish a release that corrects it")
        if found.progress.state.value == "rolled-back" or not moved:
            raise OrderRefusedError("no region runs this release because of this rollout")
        if order.region and order.region not in moved:
            raise OrderRefusedError(f"{order.region} did not move in this rollout")
        waves = ((order.region,),) if order.region else (moved,)
        plan = replace(found.plan, mode=Mode.ROLLBACK, waves=waves, started_by=order.actor)
        await self._orchestrator.start_rollout(plan)

    async def _refuse_rival(self, tx: Transaction, release: Release) -> None:
        for other in await tx.rollouts.all(SHOWN):
            if other.plan.version == release.version and not other.progress.state.over:
                raise StateError(
                    "rollout-open",
                    f"Rollout {other.plan.rollout} of release {release.version} is not over.",
                    f"Watch it: `bailiwick rollout watch {other.plan.rollout}`.",
                )


def newest_lanes(lanes: Sequence[LaneView]) -> tuple[LaneView, ...]:
    """One lane per region: the way back where there is one, else the way forward."""
    chosen: dict[str, LaneView] = {}
    for lane in sorted(lanes, key=lambda lane: lane.mode is Mode.ROLLBACK):
        chosen[lane.region] = lane
    return tuple(chosen[region] for region in sorted(chosen))


def _check_approver(actor: str, publisher: str) -> None:
    refused = may_approve(actor, publisher)
    if isinstance(refused, Refused):
        raise ForbiddenError("own-release", f"{refused.reason}.", refused.fix)


async def _published(tx: Transaction, version: int) -> Release:
    release = await tx.releases.by_version(version)
    if release is None:
        raise NotFoundError("release", f"There is no release {version}.", "See `bailiwick release list`.")
    if release.stage is not ReleaseStage.PUBLISHED:
        raise StateError(
            "release-stage", f"Release {version} is not published.", f"`bailiwick release publish {version}`."
        )
    return release


def _canary_first(release: Release) -> tuple[tuple[str, ...], ...]:
    regions = tuple(release.regions)
    return (regions[:1], regions[1:]) if regions[1:] else (regions,)
