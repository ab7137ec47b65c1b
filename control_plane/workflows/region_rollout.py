"""One region's way to a release: approval, wish, consent (its own), staging, bake, gate.

What waits: approval, consent, an absent region. What pauses: refusals, failures, gates that do not pass, and orders.
What ends: convergence, a veto, an abort, a newer wish. A lane never fails as a workflow.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import (
        GateAnswer,
        GateAsk,
        GateWatch,
        LaneRecord,
        RegionWatch,
        Wish,
        Withdrawal,
    )
    from control_plane.domain.rollout_steps import (
        Reached,
        Reading,
        Refused,
        RegionStatus,
        Superseded,
        Target,
        Trouble,
        Vetoed,
        Waiting,
        consent_of,
        judge,
        may_approve,
        read,
    )
    from control_plane.domain.rollouts import Happening, LaneResult, LaneView, Mode, Phase, VerdictSeen
    from control_plane.workflows.calling import (
        StoppedError,
        TroubleError,
        call,
        drop,
        refuse,
        stamp,
        watch,
    )
    from control_plane.workflows.messages import Carried, LaneInput, LaneNews, Order
    from control_plane.workflows.scribe import Scribe
    from control_plane.workflows.telling import tell

WATCH_SECONDS = 1800
MIN_WINDOW_SECONDS = 60


@workflow.defn(name="RegionRollout")
class RegionRollout:
    """Moves one region to one digest; continues as new while it waits long."""

    @workflow.init
    def __init__(self, lane: LaneInput) -> None:
        """Start from nothing, or from what was carried over."""
        self._lane = lane
        carried = lane.carried
        self._view = carried.view if carried else _first_view(lane)
        self._known = carried.known if carried else None
        self._baked = carried.baked if carried else 0.0
        self._bake_target = carried.bake_target if carried else lane.gate.bake_seconds
        self._after = carried.after if carried else ""
        self._offline_since = carried.offline_since if carried else 0.0
        self._reported = carried.reported if carried else ""
        self._troubles = carried.troubles if carried else 0
        self._paused = carried.paused if carried else False
        self._stopped = False
        self._in_trouble = False
        self._scribe = Scribe(self._write)

    @workflow.run
    async def run(self, lane: LaneInput) -> LaneResult:
        """Drive the lane to its end."""
        self._scribe.start()
        try:
            await self._drive(lane)
        except StoppedError:
            await self._abandon("ABORTED")
        except asyncio.CancelledError:
            await self._abandon("CANCELLED")
        await self._scribe.stop()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return LaneResult(lane.region, self._view.phase, self._view.moved, self._view.code)

    # -- the way ---------------------------------------------------------------------------------------------------

    async def _drive(self, lane: LaneInput) -> None:
        if lane.needs_approval and not self._view.approved_by:
            self._enter(Phase.AWAITING_APPROVAL)
            await self._report("awaiting-approval")
            await self._until(lambda: bool(self._view.approved_by))
        while not self._view.phase.ended:
            try:
                await self._until(lambda: not self._paused)
                await self._attempt(lane)
            except TroubleError as trouble:
                await self._await_person(trouble.code)

    async def _attempt(self, lane: LaneInput) -> None:
        await self._report("active")
        if self._known is None:
            await self._look()
        if not self._view.generation:
            if self._vetoed_beforehand():
                self._end(Phase.VETOED, self._known.reason if self._known else "")
                return
            await self._wish(lane)
        reading = await self._converge()
        if isinstance(reading, Reached) and lane.mode is Mode.FORWARD:
            reading = await self._bake()
            if isinstance(reading, Reached):
                reading = await self._gate(lane)
        await self._conclude(reading)

    def _vetoed_beforehand(self) -> bool:
        """Officers see a release when it is published, so their no may come before its rollout."""
        known = self._known
        return known is not None and known.phase == "vetoed" and self._lane.mode is Mode.FORWARD

    async def _wish(self, lane: LaneInput) -> None:
        self._enter(Phase.OFFERED if lane.mode is Mode.FORWARD else Phase.ROLLING_BACK)
        wish = Wish(lane.region, lane.manifest, lane.rollout, lane.mode is Mode.ROLLBACK, self._troubles + 1)
        generation: int = await call("rollout.wish", wish, int)
        self._set(generation=generation)

    async def _converge(self) -> Reading:
        while True:
            reading = self._read()
            if not isinstance(reading, Waiting):
                if isinstance(reading, Reached):
                    self._arrived()
                return reading
            self._enter(reading.phase)
            await self._look()

    async def _bake(self) -> Reading:
        if not self._view.bake_started:
            self._set(bake_started=stamp())
        self._enter(Phase.BAKING)
        while self._baked < self._bake_target:
            await self._until(lambda: not self._paused)
            counted, began = isinstance(self._read(), Reached), workflow.time()
            left = self._bake_target - self._baked
            await self._look(left if counted else WATCH_SECONDS, until_paused=True)
            if counted:
                self._baked += workflow.time() - began
            reading = self._read()
            if not isinstance(reading, Reached | Waiting):
                return reading
        return Reached()

    async def _gate(self, lane: LaneInput) -> Reading:
        await self._until(lambda: not self._paused)
        self._enter(Phase.GATING)
        gate, limits = workflow.uuid4().hex, lane.gate
        window = max(limits.bake_seconds, MIN_WINDOW_SECONDS)
        await call(
            "rollout.ask_gate",
            GateAsk(
                gate, lane.region, lane.manifest, lane.rollout, window, limits.min_requests, limits.max_error_permille
            ),
        )
        answer = await self._verdict(gate)
        if isinstance(answer, GateAnswer):
            seen = VerdictSeen(stamp(), answer.verdict, answer.code)
            self._set(verdicts=(*self._view.verdicts, seen))
            self._tell("gate-answered", detail=f"{answer.verdict} {answer.code}".strip())
            await self._until(lambda: not self._paused)
            return judge(answer.verdict, answer.code)
        return answer

    async def _verdict(self, gate: str) -> GateAnswer | Reading:
        """The region's verdict, or what ends the wait for it. The region may be away meanwhile."""
        while True:
            asked = watch("rollout.watch_gate", GateWatch(gate, WATCH_SECONDS), WATCH_SECONDS, GateAnswer)
            while not asked.done():
                await self._look(beside=asked)
                reading = self._read()
                if not isinstance(reading, Reached | Waiting) and not asked.done():
                    await drop(asked)
                    return reading
            answer: GateAnswer = asked.result()
            if answer.verdict:
                return answer

    async def _conclude(self, reading: Reading) -> None:
        match reading:
            case Reached():
                self._end(Phase.CONVERGED if self._lane.mode is Mode.FORWARD else Phase.ROLLED_BACK)
            case Vetoed(code):
                await self._withdraw()
                self._end(Phase.VETOED, code)
            case Superseded():
                self._end(Phase.SUPERSEDED)
            case Trouble(code):
                raise TroubleError(code)
            case Waiting():
                return

    async def _abandon(self, code: str) -> None:
        if not self._view.phase.ended:
            await self._withdraw()
            self._end(Phase.ABORTED, code)

    async def _withdraw(self) -> None:
        if self._view.generation and not self._view.moved:
            withdrawal = Withdrawal(self._lane.region, self._lane.rollout, self._view.generation)
            await call("rollout.withdraw", withdrawal)

    # -- looking at the region ---------------------------------------------------------------------------------------

    async def _look(
        self,
        seconds: float = WATCH_SECONDS,
        *,
        until_paused: bool = False,
        beside: workflow.ActivityHandle[Any] | None = None,
    ) -> None:
        """Wait for the region's next word (or `seconds`, or what ends the wait) and take note of it."""
        await self._renew_if_long(beside)
        if self._offline_since and not self._view.away:
            seconds = min(seconds, max(1.0, self._offline_since + self._lane.away_seconds - workflow.time()))
        whole = max(1, round(seconds))
        asked = RegionWatch(self._lane.region, self._lane.manifest, self._known, whole)
        handle = watch("rollout.watch_region", asked, whole, RegionStatus)
        try:
            await workflow.wait_condition(
                lambda: (
                    handle.done()
                    or self._stopped
                    or (until_paused and self._paused)
                    or (beside is not None and beside.done())
                )
            )
        finally:
            if not handle.done():
                await drop(handle, *([beside] if beside and self._stopped and not beside.done() else []))
        self._check_stopped()
        if not handle.cancelled() and handle.exception() is None:
            self._note(handle.result())
            await self._report("away" if self._view.away else "active")

    def _note(self, status: RegionStatus) -> None:
        self._known = status
        now = workflow.time()
        self._offline_since = 0.0 if status.connected else self._offline_since or now
        away = bool(self._offline_since) and now - self._offline_since >= self._lane.away_seconds - 1
        if away != self._view.away:
            self._tell("region-away" if away else "region-back")
        consent = consent_of(status, self._view.consent)
        if consent != self._view.consent:
            at = stamp() if consent in {"given", "vetoed"} else ""
            self._tell(f"consent-{consent}", detail=status.reason if consent == "vetoed" else "")
            self._set(consent=consent, consent_at=at)
        self._set(online=status.connected, away=away)

    def _read(self) -> Reading:
        if self._known is None:
            return Waiting(self._view.phase)
        target = Target(self._lane.manifest, self._view.generation, self._lane.mode is Mode.ROLLBACK, self._after)
        return read(self._known, target)

    def _arrived(self) -> None:
        if not self._view.moved:
            self._tell("observed", detail=self._lane.manifest)
            self._set(moved=True, staged_at=stamp())

    # -- people ------------------------------------------------------------------------------------------------------

    async def _await_person(self, code: str) -> None:
        """Stand still until someone resumes or aborts; the next attempt makes a new wish where the old one failed."""
        self._troubles += 1
        self._in_trouble = True
        gate = code.startswith("GATE-INCONCLUSIVE")
        if not gate:
            self._enter(Phase.FAILED, code)
        self._set(paused=code, code=code)
        self._tell("paused-itself", detail=code)
        await self._report("trouble", code)
        await self._until(lambda: not self._in_trouble)
        self._after = stamp()
        self._set(paused="", code="")
        if not code.startswith("GATE-"):
            self._set(generation=0)

    @workflow.update
    def approve(self, order: Order) -> LaneView:
        """Let this region's turn begin."""
        self._set(approved_by=order.actor, approved_at=stamp())
        self._tell("approved", order.actor, order.reason)
        return self._view

    @approve.validator
    def _may_approve(self, order: Order) -> None:
        refused = may_approve(order.actor, self._lane.publisher)
        if isinstance(refused, Refused):
            refuse(refused.reason, refused.fix)
        if self._view.approved_by:
            refuse(f"{self._lane.region} is approved already, by {self._view.approved_by}")
        if not self._lane.needs_approval or self._view.phase is not Phase.AWAITING_APPROVAL or self._stopped:
            refuse(f"{self._lane.region} does not wait for approval: it is {self._view.phase.value}")

    @workflow.signal
    def pause(self, order: Order) -> None:
        """Stand still; from the wave."""
        self._paused = True
        self._set(paused=self._view.paused or order.reason or "PAUSED")

    @workflow.signal
    def resume(self, order: Order) -> None:
        """Go on; from the wave."""
        self._paused = False
        if self._in_trouble or order.bake_seconds:
            self._bake_target = round(self._baked) + order.bake_seconds
        self._in_trouble = False
        self._set(paused="")

    @workflow.signal
    def abort(self, _order: Order) -> None:
        """Stop for good; from the wave."""
        self._stopped = True

    @workflow.query
    def status(self) -> LaneView:
        """The lane as it stands."""
        return self._view

    # -- bookkeeping -------------------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, detail: str = "") -> None:
        if phase is not self._view.phase:
            self._set(phase=phase)
            self._tell(f"phase-{phase.value}", detail=detail)

    def _end(self, phase: Phase, code: str = "") -> None:
        self._set(phase=phase, ended_at=stamp(), code=code, paused="", away=False)
        self._tell(f"phase-{phase.value}", detail=code)

    def _set(self, **changes: Any) -> None:  # noqa: ANN401 - fields of LaneView
        changed = replace(self._view, **changes)
        if changed != self._view:
            self._view = changed
            self._scribe.changed()

    def _tell(self, code: str, actor: str = "", detail: str = "") -> None:
        place = "centre" if actor else self._lane.region
        self._scribe.changed(Happening(stamp(), place, code, actor, detail))

    async def _write(self, happenings: tuple[Happening, ...]) -> None:
        self._view = replace(self._view, sequence=self._view.sequence + 1)
        await call("rollout.record_lane", LaneRecord(self._view, happenings))

    async def _report(self, kind: str, code: str = "") -> None:
        """Tell the wave what matters to it, once each; an absent region that came back stays settled."""
        said = f"{kind}:{self._troubles}" if kind == "trouble" else kind
        if said == self._reported or (kind == "active" and self._reported == "away"):
            return
        self._reported = said
        await tell(self._lane.parent, "lane_changed", LaneNews(self._lane.region, kind, code, self._troubles))

    async def _until(self, condition: Any) -> None:  # noqa: ANN401 - a predicate
        await workflow.wait_condition(lambda: self._stopped or condition())
        self._check_stopped()

    def _check_stopped(self) -> None:
        if self._stopped:
            raise StoppedError

    async def _renew_if_long(self, beside: workflow.ActivityHandle[Any] | None) -> None:
        """Continue as new at a quiet moment, so that a region that is away for weeks costs nothing."""
        info = workflow.info()
        if beside is None and info.is_continue_as_new_suggested() and workflow.all_handlers_finished():
            await self._scribe.settled()
            self._check_stopped()  # what arrived meanwhile is carried along, but an abort ends the lane
            carried = Carried(
                self._view,
                self._known,
                self._baked,
                self._bake_target,
                self._after,
                self._offline_since,
                self._reported,
                self._troubles,
                self._paused,
            )
            workflow.continue_as_new(replace(self._lane, carried=carried))


def _first_view(lane: LaneInput) -> LaneView:
    return LaneView(lane.rollout, lane.region, lane.wave, lane.mode, lane.manifest)
