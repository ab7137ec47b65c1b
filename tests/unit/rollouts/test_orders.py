"""Orders to a rollout that cross with the news of its regions."""

from __future__ import annotations

from control_plane.domain.rollouts import Gate, Plan
from control_plane.workflows.global_rollout import GlobalRollout
from control_plane.workflows.messages import LaneNews, WaveNews

PLAN = Plan("1", 2, "sha256:" + "a" * 64, "sha256:" + "b" * 64, "amara", "amara", (("in-mh", "eu-de"),), Gate())
TROUBLE = WaveNews(1, active=1, troubles=(LaneNews("eu-de", "trouble", code="UNHEALTHY", number=1),))


async def test_trouble_pauses_a_rollout() -> None:
    rollout = GlobalRollout(PLAN)
    await rollout.wave_changed(TROUBLE)
    assert rollout.status().pause_reason == "eu-de: UNHEALTHY"


async def test_trouble_that_crosses_with_a_rollback_does_not_hold_up_the_way_back() -> None:
    rollout = GlobalRollout(PLAN)
    rollout._stopping = rollout._backwards = True  # what the order does first
    await rollout.wave_changed(TROUBLE)
    assert not rollout.status().pause_reason
