"""A rollout of one release over all its waves, and the orders that people give it.

A wave begins when the one before is settled: each of its regions has ended or is away. Trouble in any lane pauses the
rollout; it never fails it. An abort stops every lane that is under way; what has moved stays moved. A rollback stops
them too, then moves every region that runs the release to its pre-consented fallback.

At most 50 waves, each of which says little: history stays small without continuing as new.
"""

from __future__ import annotations

import asyncio
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError
from temporalio.workflow import ChildWorkflowCancellationType, ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import RolloutRecord
    from control_plane.domain.rollouts import Happening, LaneResult, Mode, Plan, Progress, State, summary
    from control_plane.workflows.calling import call, refuse, stamp
    from control_plane.workflows.messages import Order, RolloutStatus, WaveInput, WaveNews
    from control_plane.workflows.scribe import Scribe
    from control_plane.workflows.telling import tell
    from control_plane.workflows.wave_rollout import WaveRollout

SEQUENCE_OF_ROLLBACK = 2**30
MAX_EXTRA_BAKE = 14 * 24 * 3600


@workflow.defn(name="GlobalRollout")
class GlobalRollout:
    """Carries out a plan; pausing, resuming, aborting and rolling back are validated Updates."""

    @workflow.init
    def __init__(self, plan: Plan) -> None:
        """Nothing has started."""
        self._plan = plan
        self._backwards = plan.mode is Mode.ROLLBACK
        self._pause_reason = ""
        self._stopping = False
        self._over: State | None = None
        self._sequence = SEQUENCE_OF_ROLLBACK if self._backwards else 0
        self._news: dict[int, WaveNews] = {}
        self._waves: dict[int, ChildWorkflowHandle[WaveRollout, tuple[LaneResult, ...]]] = {}
        self._results: dict[int, tuple[LaneResult, ...]] = {}
        self._troubles: set[tuple[str, int, int]] = set()
        self._scribe = Scribe(self._write)

    @workflow.run
    async def run(self, plan: Plan) -> str:
        """Run to the end; the summary."""
        self._scribe.start()
        self._tell("rolling-back" if self._backwards else "started", plan.started_by)
        try:
            await self._forward(plan)
            await self._back(plan)
        except asyncio.CancelledError:
            await self._stop(Order("", "CANCELLED"), "aborted")
            await self._all_ended()
        self._over = self._final()
        self._tell(self._over.value)
        await self._scribe.stop()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._summary()

    async def _forward(self, plan: Plan) -> None:
        for number, regions in enumerate(plan.waves, 1):
            await workflow.wait_condition(lambda: self._stopping or not self._pause_reason)
            if self._stopping:
                break
            approval = plan.approvals and number > 1 and plan.mode is Mode.FORWARD
            await self._start_wave(number, regions, plan.mode, needs_approval=approval)
            await workflow.wait_condition(partial(self._may_go_on, number))
        await self._all_ended()

    async def _back(self, plan: Plan) -> None:
        if not self._backwards or plan.mode is Mode.ROLLBACK:
            return
        touched = tuple(lane.region for lanes in self._results.values() for lane in lanes if lane.moved)
        self._stopping = False
        if touched:
            number = max(self._waves) + 1
            await self._start_wave(number, touched, Mode.ROLLBACK, needs_approval=False)
            await self._all_ended()

    async def _start_wave(self, number: int, regions: tuple[str, ...], mode: Mode, *, needs_approval: bool) -> None:
        plan = self._plan
        wave = WaveInput(
            rollout=plan.rollout,
            name=plan.workflow,
            number=number,
            regions=regions,
            manifest=plan.manifest if mode is Mode.FORWARD else plan.fallback,
            publisher=plan.publisher,
            gate=plan.gate,
            mode=mode,
            needs_approval=needs_approval,
            away_seconds=plan.away_seconds,
            parent=workflow.info().workflow_id,
        )
        suffix = "-back" if mode is Mode.ROLLBACK else ""
        self._waves[number] = await workflow.start_child_workflow(
            WaveRollout.run,
            wave,
            id=f"{plan.workflow}-wave-{number}{suffix}",
            parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            static_summary=f"wave {number}: {', '.join(regions)}",
        )
        self._tell("wave-started", detail=f"{number}: {', '.join(regions)}")
        asyncio.create_task(self._wait_for(number))  # noqa: RUF006 - the workflow's loop keeps its tasks
        if self._stopping:  # the order came while the wave was being started
            await tell(self._waves[number].id, "abort", Order("", "ABORTED"))
        elif self._pause_reason:
            await tell(self._waves[number].id, "pause", Order("", self._pause_reason))

    async def _wait_for(self, number: int) -> None:
        try:
            self._results[number] = tuple(await self._waves[number])
        except ChildWorkflowError:
            self._results[number] = ()
        self._scribe.changed()

    async def _all_ended(self) -> None:
        await workflow.wait_condition(lambda: len(self._results) == len(self._waves))

    def _may_go_on(self, number: int) -> bool:
        news = self._news.get(number)
        return self._stopping or number in self._results or (news is not None and news.settled)

    # -- news --------------------------------------------------------------------------------------------------------

    @workflow.signal
    async def wave_changed(self, news: WaveNews) -> None:
        """A wave's word; trouble that was not known before pauses the rollout."""
        before = self._news.get(news.number)
        self._news[news.number] = news
        if news.awaiting and (before is None or before.awaiting != news.awaiting):
            self._tell("approval-awaited", detail=", ".join(news.awaiting))
        self._scribe.changed()
        for trouble in news.troubles:
            key = (trouble.region, news.number, trouble.number)
            if key not in self._troubles:
                self._troubles.add(key)
                if self._stopping:  # what is being stopped cannot pause, or its way back would stand still
                    continue
                await self._pause(Order("", f"{trouble.region}: {trouble.code}"))

    # -- orders ------------------------------------------------------------------------------------------------------

    @workflow.update
    async def pause(self, order: Order) -> RolloutStatus:
        """Start no new stage anywhere; bake time stands still."""
        self._tell("paused", order.actor, order.reason)
        await self._pause(Order(order.actor, order.reason or f"paused by {order.actor}"))
        return self.status()

    @pause.validator
    def _may_pause(self, order: Order) -> None:
        self._check(order)
        if self._pause_reason:
            refuse(f"the rollout is paused already: {self._pause_reason}", "resume or abort it")

    @workflow.update
    async def resume(self, order: Order) -> RolloutStatus:
        """Go on; a lane in trouble tries again, a gate is asked again."""
        self._pause_reason = ""
        self._tell("resumed", order.actor, order.reason)
        await self._pass_down("resume", order)
        return self.status()

    @resume.validator
    def _may_resume(self, order: Order) -> None:
        self._check(order)
        if not self._pause_reason:
            refuse(f"nothing to resume: the rollout is {self._state().value}")
        if not 0 <= order.bake_seconds <= MAX_EXTRA_BAKE:
            refuse(f"{order.bake_seconds} s more of baking", f"0 to {MAX_EXTRA_BAKE} s")

    @workflow.update
    async def abort(self, order: Order) -> RolloutStatus:
        """Stop every lane that is under way, for good."""
        await self._stop(order, "abort-asked")
        return self.status()

    @abort.validator
    def _may_abort(self, order: Order) -> None:
        self._check(order)

    @workflow.update
    async def rollback(self, order: Order) -> RolloutStatus:
        """Stop, then move every region that runs the release to its fallback."""
        self._backwards = True
        await self._stop(order, "rollback-asked")
        return self.status()

    @rollback.validator
    def _may_roll_back(self, order: Order) -> None:
        self._check(order)
        if self._backwards:
            refuse("the rollout is being rolled back already")
        if not self._plan.fallback:
            refuse(
                "this release names no fallback, so there is nothing that regions have consented to return to",
                "publish a release that corrects it",
            )

    @workflow.query
    def status(self) -> RolloutStatus:
        """The rollout as it stands."""
        return RolloutStatus(self._state(), self._pause_reason, tuple(self._news[n] for n in sorted(self._news)))

    def _check(self, order: Order) -> None:
        if not order.actor:
            refuse("an order needs a named person", "sign in, or use --as")
        if self._over is not None:
            refuse(f"the rollout is over: {self._over.value}")
        if self._stopping:
            refuse("the rollout is being stopped", "wait for its end: bailiwick rollout watch")

    async def _pause(self, order: Order) -> None:
        self._pause_reason = self._pause_reason or order.reason
        self._scribe.changed()
        await self._pass_down("pause", order)

    async def _stop(self, order: Order, code: str) -> None:
        self._stopping = True
        self._pause_reason = ""
        self._tell(code, order.actor, order.reason)
        await self._pass_down("abort", order)

    async def _pass_down(self, signal: str, order: Order) -> None:
        for number, wave in tuple(self._waves.items()):
            if number not in self._results:
                await tell(wave.id, signal, order)

    # -- bookkeeping -------------------------------------------------------------------------------------------------

    def _state(self) -> State:
        if self._over is not None:
            return self._over
        if self._backwards:
            return State.ROLLING_BACK
        if self._pause_reason:
            return State.PAUSED
        open_waves = [news for number, news in self._news.items() if number not in self._results]
        if any(news.awaiting for news in open_waves) and not any(news.active for news in open_waves):
            return State.AWAITING_APPROVAL
        return State.RUNNING

    def _final(self) -> State:
        if self._backwards:
            return State.ABORTED if self._stopping else State.ROLLED_BACK
        return State.ABORTED if self._stopping else State.COMPLETE

    def _summary(self) -> str:
        newest = {lane.region: lane for number in sorted(self._results) for lane in self._results[number]}
        return summary((lane.phase, False) for lane in newest.values())

    def _tell(self, code: str, actor: str = "", detail: str = "") -> None:
        self._scribe.changed(Happening(stamp(), "centre", code, actor, detail))

    async def _write(self, happenings: tuple[Happening, ...]) -> None:
        self._sequence += 1
        ended = stamp() if self._over is not None else ""
        progress = Progress(
            rollout=self._plan.rollout,
            state=self._state(),
            sequence=self._sequence,
            pause_reason=self._pause_reason,
            summary=self._summary() if self._over is not None else "",
            ended_at=ended,
        )
        await call("rollout.record_rollout", RolloutRecord(progress, happenings))
