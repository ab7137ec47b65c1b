"""Plans: what may be asked for, and how a rollout is summed up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.rollouts import ENDED, Gate, Phase, Plan, PlanError, State, check_plan, summary

REGIONS = ("br-sp", "eu-de", "in-mh")


def test_waves_are_kept_in_order() -> None:
    assert check_plan([["in-mh"], ["eu-de", "br-sp"]], Gate(), REGIONS) == (("in-mh",), ("eu-de", "br-sp"))


@pytest.mark.parametrize(
    ("waves", "word"),
    [
        ([], "at least one wave"),
        ([["in-mh"], []], "at least one region"),
        ([["in-mh"], ["in-mh"]], "more than once: in-mh"),
        ([["sa-ry"]], "does not name sa-ry"),
        ([[f"r{n}"] for n in range(51)], "at most 50 waves"),
        ([[f"r{n}" for n in range(51)]], "at most 50 waves"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(waves: list[list[str]], word: str) -> None:
    with pytest.raises(PlanError, match=word):
        check_plan(waves, Gate(), REGIONS)


@pytest.mark.parametrize("gate", [Gate(-1), Gate(15 * 86400), Gate(1, -1), Gate(1, 0, 1001), Gate(1, 0, -1)])
def test_gate_limits_have_bounds(gate: Gate) -> None:
    with pytest.raises(PlanError):
        check_plan([["in-mh"]], gate, REGIONS)


@given(st.lists(st.tuples(st.sampled_from(Phase), st.booleans()), max_size=20))
def test_the_summary_counts_every_region_once(lanes: list[tuple[Phase, bool]]) -> None:
    words = [part.split(" ", 1) for part in summary(lanes).split(", ")] if lanes else []
    assert sum(int(count) for count, _ in words) == len(lanes)
    away = sum(1 for phase, away in lanes if away and not phase.ended)
    assert {word: int(count) for count, word in words}.get("away", 0) == away


def test_ended_phases_and_states() -> None:
    assert {phase for phase in Phase if phase.ended} == ENDED
    assert not Phase.FAILED.ended  # a person decides
    assert {state for state in State if state.over} == {State.COMPLETE, State.ABORTED, State.ROLLED_BACK}


def test_names_stay_unique_when_numbers_come_again() -> None:
    plan = Plan("1", 2, "sha256:a", "", "amara", "amara", (("in-mh",),), key="00ff")
    assert plan.workflow == "rollout-1-00ff"
