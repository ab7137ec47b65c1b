"""A region that comes and goes for long: its lane continues as new, and loses nothing on the way."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.fakes.federation import FakeFederation
from tests.fixtures.postgres import free_port
from tests.fixtures.temporal import temporal_binary
from tests.integration.rollout.conftest import Stage, eventually, running

SMALL_HISTORY = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60")


@pytest.mark.integration
async def test_a_lane_continues_as_new() -> None:
    environment = await WorkflowEnvironment.start_local(
        ip="127.0.0.1",
        port=free_port(),
        dev_server_existing_path=temporal_binary(),
        dev_server_log_level="error",
        dev_server_extra_args=["--metrics-port", str(free_port()), *SMALL_HISTORY],
    )
    try:
        stage = Stage(environment.client, FakeFederation("in-mh"))
        region = stage.federation.regions["in-mh"]
        region.consent = "wait"
        async with running(stage):
            plan = stage.plan(("in-mh",), rollout="long")
            rollout = await stage.start(plan)
            await eventually(lambda: stage.phase(plan, "in-mh") == "awaiting-consent")
            first = (await stage.lane(plan, "in-mh").describe()).run_id
            for _ in range(14):
                region.connected = not region.connected
                await asyncio.sleep(0.3)
            region.connected = True
            assert (await stage.lane(plan, "in-mh").describe()).run_id != first
            region.consent = "give"
            assert await rollout.result() == "1 converged"
        lane = stage.federation.lane_of("long", "in-mh")
        assert lane is not None
        assert lane.verdicts[-1].verdict == "pass"
        assert [wish.region for wish in stage.federation.wishes] == ["in-mh"]
    finally:
        await environment.shutdown()
