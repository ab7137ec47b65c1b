"""A lane that continues as new takes everything along, an abort above all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import pytest
from temporalio import workflow

from control_plane.domain.rollouts import Gate, Mode
from control_plane.workflows.calling import StoppedError
from control_plane.workflows.messages import LaneInput, Order
from control_plane.workflows.region_rollout import RegionRollout

LANE = LaneInput("1", "in-mh", 1, "sha256:" + "a" * 64, "amara", Gate(), Mode.FORWARD, False, 60, "wave-1")


async def test_an_abort_that_comes_as_the_lane_continues_as_new_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = RegionRollout(LANE)

    async def meanwhile(_condition: object) -> None:
        lane.abort(Order("jonas"))  # arrives while the lane waits for its last words to be written

    def forgotten(_lane: LaneInput) -> NoReturn:
        pytest.fail("the lane went on without the abort")

    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(is_continue_as_new_suggested=lambda: True))
    monkeypatch.setattr(workflow, "all_handlers_finished", lambda: True)
    monkeypatch.setattr(workflow, "wait_condition", meanwhile)
    monkeypatch.setattr(workflow, "continue_as_new", forgotten)
    with pytest.raises(StoppedError):
        await lane._renew_if_long(None)
