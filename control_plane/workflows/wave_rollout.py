"""One wave: its regions side by side, none waiting for another.

History stays small without continuing as new: a lane says at most a few words (`LaneNews`), and a wave has at most 50.
Children ask to be cancelled when the wave closes in any way, so that an abort really stops.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError
from temporalio.workflow import ChildWorkflowCancellationType, ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import LaneRecord
    from control_plane.domain.rollouts import LaneResult, LaneView, Mode, Phase
    from control_plane.workflows.calling import call, stamp
    from control_plane.workflows.messages import LaneInput, LaneNews, Order, WaveInput, WaveNews
    from control_plane.workflows.region_rollout import RegionRollout
    from control_plane.workflows.telling import tell

LAST_WORD = 2**31


@workflow.defn(name="WaveRollout")
class WaveRollout:
    """Starts a lane per region, passes orders down and news up, and ends when each lane has ended."""

    @workflow.init
    def __init__(self, wave: WaveInput) -> None:
        """Nothing has started."""
        self._wave = wave
        self._news: dict[str, LaneNews] = {region: LaneNews(region, "active") for region in wave.regions}
        self._results: dict[str, LaneResult] = {}
        self._lanes: dict[str, ChildWorkflowHandle[RegionRollout, LaneResult]] = {}
        self._started = False
        self._said: WaveNews | None = None

    @workflow.run
    async def run(self, wave: WaveInput) -> tuple[LaneResult, ...]:
        """Run the lanes; their results in the order of the wave."""
        try:
            await self._start_lanes(wave)
            waiting = [asyncio.create_task(self._wait_for(region)) for region in wave.regions]
            while len(self._results) < len(wave.regions):
                await self._say()
                await workflow.wait_condition(lambda: self._current() != self._said)
            await workflow.wait(waiting)
        except asyncio.CancelledError:
            await self._pass_down("abort", Order("", "CANCELLED"))
            await workflow.wait_condition(lambda: len(self._results) == len(self._lanes))
        await self._say()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return tuple(self._results[region] for region in wave.regions if region in self._results)

    async def _start_lanes(self, wave: WaveInput) -> None:
        suffix = "-back" if wave.mode is Mode.ROLLBACK else ""
        for region in wave.regions:
            lane = LaneInput(
                rollout=wave.rollout,
                region=region,
                wave=wave.number,
                manifest=wave.manifest,
                publisher=wave.publisher,
                gate=wave.gate,
                mode=wave.mode,
                needs_approval=wave.needs_approval,
                away_seconds=wave.away_seconds,
                parent=workflow.info().workflow_id,
            )
            self._lanes[region] = await workflow.start_child_workflow(
                RegionRollout.run,
                lane,
                id=f"{wave.name}-{region}{suffix}",
                parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                static_summary=region,
            )
        self._started = True

    async def _wait_for(self, region: str) -> None:
        try:
            self._results[region] = await self._lanes[region]
        except ChildWorkflowError:
            # Someone ended the lane's workflow from outside: it wrote nothing any more, so the wave does.
            self._results[region] = LaneResult(region, Phase.ABORTED, moved=True, code="ENDED-OUTSIDE")
            wave = self._wave
            view = LaneView(
                rollout=wave.rollout,
                region=region,
                wave=wave.number,
                mode=wave.mode,
                manifest=wave.manifest,
                phase=Phase.ABORTED,
                code="ENDED-OUTSIDE",
                ended_at=stamp(),
                moved=True,
                sequence=LAST_WORD,
            )
            await call("rollout.record_lane", LaneRecord(view))

    @workflow.signal
    def lane_changed(self, news: LaneNews) -> None:
        """A lane's word."""
        self._news[news.region] = news

    @workflow.signal
    async def pause(self, order: Order) -> None:
        """Pass down: stand still."""
        await self._pass_down("pause", order)

    @workflow.signal
    async def resume(self, order: Order) -> None:
        """Pass down: go on."""
        await self._pass_down("resume", order)

    @workflow.signal
    async def abort(self, order: Order) -> None:
        """Pass down: stop for good."""
        await self._pass_down("abort", order)

    @workflow.query
    def status(self) -> WaveNews:
        """The wave as it stands."""
        return self._current()

    async def _pass_down(self, signal: str, order: Order) -> None:
        await workflow.wait_condition(lambda: self._started)
        for region, lane in self._lanes.items():
            if region not in self._results:
                await tell(lane.id, signal, order)

    async def _say(self) -> None:
        news = self._current()
        if news != self._said:
            self._said = news
            await tell(self._wave.parent, "wave_changed", news)

    def _current(self) -> WaveNews:
        open_lanes = [news for region, news in self._news.items() if region not in self._results]
        by_kind = {
            kind: tuple(news.region for news in open_lanes if news.kind == kind)
            for kind in ("awaiting-approval", "away")
        }
        active = sum(1 for news in open_lanes if news.kind in {"active", "trouble"})
        return WaveNews(
            number=self._wave.number,
            active=active,
            awaiting=by_kind["awaiting-approval"],
            away=by_kind["away"],
            troubles=tuple(news for news in open_lanes if news.kind == "trouble"),
            settled=active == 0 and not by_kind["awaiting-approval"],
        )
