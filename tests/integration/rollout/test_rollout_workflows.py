"""Rollouts on a real Temporal server, over a federation in memory."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowUpdateFailedError

from control_plane.domain.rollouts import Mode
from control_plane.workflows.global_rollout import GlobalRollout
from control_plane.workflows.messages import Order
from control_plane.workflows.region_rollout import RegionRollout
from tests.integration.rollout.conftest import NEW, OLD, Stage, eventually, running

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

WAVES = (("in-mh",), ("eu-de",))
JONAS = Order("jonas")


async def test_canary_first_then_approval_then_the_rest(stage: Stage) -> None:
    plan = stage.plan(*WAVES)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "awaiting-approval")
    assert stage.phase(plan, "in-mh") == "converged"
    assert stage.federation.regions["eu-de"].running == OLD
    await stage.lane(plan, "eu-de").execute_update(RegionRollout.approve, JONAS)
    assert await rollout.result() == "2 converged"
    assert stage.state(plan) == "complete"
    lane = stage.federation.lane_of(plan.rollout, "eu-de")
    assert lane is not None
    assert lane.approved_by == "jonas"
    assert lane.verdicts[0].verdict == "pass"
    assert lane.moved


async def test_the_publisher_may_not_approve(stage: Stage) -> None:
    plan = stage.plan(*WAVES)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "eu-de") == "awaiting-approval")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await stage.lane(plan, "eu-de").execute_update(RegionRollout.approve, Order("amara"))
    assert "published this release" in str(refused.value.cause)
    with pytest.raises(WorkflowUpdateFailedError):
        await stage.lane(plan, "eu-de").execute_update(RegionRollout.approve, Order(""))
    await rollout.execute_update(GlobalRollout.abort, JONAS)
    assert await rollout.result() == "1 converged, 1 aborted"


async def test_a_veto_ends_the_region_as_vetoed_and_the_wish_is_withdrawn(stage: Stage) -> None:
    stage.federation.regions["in-mh"].consent = "refuse"
    plan = stage.plan(("in-mh", "eu-de"))
    rollout = await stage.start(plan)
    assert await rollout.result() == "1 converged, 1 vetoed"
    lane = stage.federation.lane_of(plan.rollout, "in-mh")
    assert lane is not None
    assert (lane.phase, lane.code, lane.consent) == ("vetoed", "LEGAL-BASIS-MISSING", "vetoed")
    assert stage.federation.regions["in-mh"].desired == OLD
    assert stage.state(plan) == "complete"


async def test_a_region_that_is_away_blocks_nobody_and_catches_up(stage: Stage) -> None:
    stage.federation.regions["in-mh"].connected = False
    plan = stage.plan(*WAVES, approvals=False)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "eu-de") == "converged")
    away = stage.federation.lane_of(plan.rollout, "in-mh")
    assert away is not None
    assert away.away
    assert not away.online
    assert stage.state(plan) == "running"
    stage.federation.regions["in-mh"].connected = True
    assert await rollout.result() == "2 converged"
    assert stage.federation.regions["in-mh"].running == NEW


async def test_an_inconclusive_gate_pauses_and_a_resumed_one_is_asked_again(stage: Stage) -> None:
    stage.federation.regions["in-mh"].verdicts = [("inconclusive", "TOO-LITTLE-DATA"), ("pass", "OK")]
    plan = stage.plan(*WAVES, approvals=False)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "paused")
    assert stage.federation.rollouts[plan.rollout].pause_reason == "in-mh: GATE-INCONCLUSIVE: TOO-LITTLE-DATA"
    assert stage.phase(plan, "eu-de") == ""
    await rollout.execute_update(GlobalRollout.resume, Order("jonas", "quiet hour", 1))
    assert await rollout.result() == "2 converged"
    lane = stage.federation.lane_of(plan.rollout, "in-mh")
    assert lane is not None
    assert [seen.verdict for seen in lane.verdicts] == ["inconclusive", "pass"]


async def test_a_failed_gate_pauses_and_abort_ends_it(stage: Stage) -> None:
    stage.federation.regions["in-mh"].verdicts = [("fail", "ERRORS")]
    plan = stage.plan(*WAVES)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "paused")
    assert stage.phase(plan, "in-mh") == "failed"
    await rollout.execute_update(GlobalRollout.abort, Order("jonas", "errors"))
    await rollout.result()
    assert stage.state(plan) == "aborted"
    assert stage.federation.regions["in-mh"].running == NEW


async def test_a_region_that_fails_to_apply_pauses_and_a_resume_makes_a_new_generation(stage: Stage) -> None:
    region = stage.federation.regions["in-mh"]
    region.fails = "failed"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "paused")
    assert stage.federation.rollouts[plan.rollout].pause_reason == "in-mh: UNHEALTHY"
    first = region.generation
    region.fails = ""
    region.phase.clear()
    await rollout.execute_update(GlobalRollout.resume, JONAS)
    assert await rollout.result() == "1 converged"
    assert region.generation == first + 1


async def test_a_refused_wish_pauses(stage: Stage) -> None:
    stage.federation.regions["in-mh"].refuses_wish = "NOT-PUBLISHED"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "paused")
    assert stage.federation.rollouts[plan.rollout].pause_reason == "in-mh: NOT-PUBLISHED"
    await rollout.execute_update(GlobalRollout.abort, JONAS)
    assert await rollout.result() == "1 aborted"


async def test_pause_keeps_every_region_where_it_is(stage: Stage) -> None:
    stage.federation.regions["in-mh"].consent = "wait"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    await rollout.execute_update(GlobalRollout.pause, Order("jonas", "freeze"))
    with pytest.raises(WorkflowUpdateFailedError):
        await rollout.execute_update(GlobalRollout.pause, JONAS)
    stage.federation.regions["in-mh"].consent = "give"
    await eventually(lambda: stage.phase(plan, "in-mh") == "baking")
    assert stage.state(plan) == "paused"
    await rollout.execute_update(GlobalRollout.resume, JONAS)
    with pytest.raises(WorkflowUpdateFailedError):
        await rollout.execute_update(GlobalRollout.resume, JONAS)
    assert await rollout.result() == "1 converged"


async def test_abort_really_stops_a_region_that_waits_for_consent(stage: Stage) -> None:
    region = stage.federation.regions["in-mh"]
    region.consent = "wait"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    await rollout.execute_update(GlobalRollout.abort, Order("jonas", "no longer wanted"))
    assert await rollout.result() == "1 aborted"
    assert region.desired == OLD
    region.consent = "give"
    assert region.status(NEW).observed_manifest == OLD


async def test_cancelling_from_outside_stops_the_lanes_too(stage: Stage) -> None:
    stage.federation.regions["in-mh"].consent = "wait"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    await rollout.cancel()
    assert await rollout.result() == "1 aborted"
    assert stage.phase(plan, "in-mh") == "aborted"


async def test_terminating_the_rollout_cancels_its_lanes(stage: Stage) -> None:
    stage.federation.regions["in-mh"].consent = "wait"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    await rollout.terminate("a hand on the server")
    await eventually(lambda: stage.phase(plan, "in-mh") == "aborted")


async def test_rollback_returns_those_that_moved_to_the_fallback(stage: Stage) -> None:
    plan = stage.plan(*WAVES)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "awaiting-approval")
    await rollout.execute_update(GlobalRollout.rollback, Order("jonas", "complaints"))
    await rollout.result()
    assert stage.state(plan) == "rolled-back"
    assert stage.federation.regions["in-mh"].running == OLD
    back = stage.federation.lane_of(plan.rollout, "in-mh", Mode.ROLLBACK)
    assert back is not None
    assert back.phase == "rolled-back"
    assert stage.phase(plan, "eu-de") == "aborted"
    assert not [wish for wish in stage.federation.wishes if wish.region == "eu-de"]


async def test_rollback_without_a_fallback_is_refused(stage: Stage) -> None:
    plan = stage.plan(*WAVES, fallback="")
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "awaiting-approval")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await rollout.execute_update(GlobalRollout.rollback, JONAS)
    assert "names no fallback" in str(refused.value.cause)
    await rollout.execute_update(GlobalRollout.abort, JONAS)
    await rollout.result()


async def test_a_finished_rollout_can_be_rolled_back_by_a_new_one(stage: Stage) -> None:
    plan = stage.plan(("in-mh",))
    await (await stage.start(plan)).result()
    back = stage.plan(("in-mh",), rollout=plan.rollout, mode=Mode.ROLLBACK)
    handle = await stage.client.start_workflow(
        GlobalRollout.run, back, id=f"rollout-{plan.rollout}-rollback", task_queue=stage.queue
    )
    assert await handle.result() == "1 rolled-back"
    assert stage.state(plan) == "rolled-back"


async def test_a_newer_wish_ends_the_lane_as_superseded(stage: Stage) -> None:
    region = stage.federation.regions["in-mh"]
    region.consent = "wait"
    plan = stage.plan(("in-mh",))
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    region.generation += 1
    region.desired = "sha256:" + "b" * 64
    assert await rollout.result() == "1 superseded"


async def test_a_killed_worker_changes_nothing(idle_stage: Stage) -> None:
    stage = idle_stage
    stage.federation.regions["in-mh"].consent = "wait"
    plan = stage.plan(*WAVES, approvals=False)
    rollout = await stage.start(plan)
    async with running(stage):
        await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
    stage.federation.regions["in-mh"].consent = "give"
    async with running(stage):
        assert await rollout.result() == "2 converged"
    assert [wish.region for wish in stage.federation.wishes] == ["in-mh", "eu-de"]
