"""What a region's word means for its rollout."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.rollout_steps import (
    Reached,
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
    wave_settled,
)
from control_plane.domain.rollouts import Phase

NEW, OLD = "sha256:" + "a" * 64, "sha256:" + "0" * 64
TARGET = Target(NEW, 7)
THERE = RegionStatus(
    connected=True,
    desired_generation=7,
    desired_manifest=NEW,
    observed_generation=7,
    observed_manifest=NEW,
    healthy=True,
    region_state="connected",
    phase="applied",
    phase_at="2026-11-22T16:00:00.000000Z",
)


def test_convergence_is_observed_digest_and_health() -> None:
    assert read(THERE, TARGET) == Reached()


@pytest.mark.parametrize(
    "change",
    [{"connected": False}, {"healthy": False}, {"observed_manifest": OLD}, {"observed_generation": 6}],
)
def test_anything_less_waits(change: dict[str, Any]) -> None:
    assert isinstance(read(replace(THERE, **change), TARGET), Waiting)


def test_an_acknowledgement_alone_is_nothing() -> None:
    said = replace(THERE, observed_manifest="", phase="applied")
    assert read(said, TARGET) == Waiting(Phase.STAGING)


def test_a_veto_is_no_trouble() -> None:
    said = replace(THERE, observed_manifest=OLD, phase="vetoed", reason="LEGAL-BASIS-MISSING")
    assert read(said, TARGET) == Vetoed("LEGAL-BASIS-MISSING")
    assert isinstance(read(said, replace(TARGET, rollback=True)), Waiting)


@pytest.mark.parametrize("phase", ["refused", "failed", "rolled-back"])
def test_a_failure_asks_a_person_but_not_for_an_earlier_attempt(phase: str) -> None:
    said = replace(THERE, observed_manifest=OLD, phase=phase, reason="UNHEALTHY")
    assert read(said, TARGET) == Trouble("UNHEALTHY")
    assert isinstance(read(said, replace(TARGET, after="2026-11-22T16:00:01.000000Z")), Waiting)


def test_a_newer_wish_supersedes_everything() -> None:
    assert read(replace(THERE, desired_generation=8), TARGET) == Superseded()


def test_conflict_pauses() -> None:
    assert read(replace(THERE, healthy=False, region_state="conflict-paused"), TARGET) == Trouble("CONFLICT-PAUSED")


@given(
    st.builds(
        RegionStatus,
        connected=st.booleans(),
        desired_generation=st.integers(0, 9),
        observed_generation=st.integers(0, 9),
        observed_manifest=st.sampled_from(["", OLD, NEW]),
        healthy=st.booleans(),
        phase=st.sampled_from(
            ["", "offered", "awaiting-consent", "consented", "vetoed", "applied", "refused", "failed"]
        ),
        phase_at=st.just("2026-11-22T16:00:00.000000Z"),
    ),
    st.booleans(),
)
def test_nothing_is_reached_that_is_not_running_there(status: RegionStatus, rollback: bool) -> None:
    reading = read(status, replace(TARGET, rollback=rollback))
    if isinstance(reading, Reached):
        assert (status.connected, status.healthy, status.observed_manifest) == (True, True, NEW)
    if not status.connected:
        assert not isinstance(reading, Reached)


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "", "maybe"])
def test_only_a_pass_passes(verdict: str) -> None:
    assert isinstance(judge(verdict, "CODE"), Trouble)
    assert judge("pass", "GATE-OK") == Reached()


def test_nobody_approves_their_own_release() -> None:
    assert isinstance(may_approve("amara", "amara"), Refused)
    assert isinstance(may_approve("", "amara"), Refused)
    assert may_approve("jonas", "amara") is None


def test_consent_that_was_given_stays_given() -> None:
    assert consent_of(replace(THERE, phase="awaiting-consent"), "none") == "waiting"
    assert consent_of(replace(THERE, phase="consented"), "waiting") == "given"
    assert consent_of(THERE, "given") == "given"
    assert consent_of(THERE, "none") == "none"
    assert consent_of(replace(THERE, phase="vetoed"), "waiting") == "vetoed"


def test_a_wave_is_settled_when_each_region_ended_or_is_away() -> None:
    assert wave_settled([(Phase.CONVERGED, False), (Phase.VETOED, False), (Phase.OFFERED, True)])
    assert not wave_settled([(Phase.CONVERGED, False), (Phase.BAKING, False)])
    assert not wave_settled([(Phase.AWAITING_APPROVAL, True)])
    assert not wave_settled([(Phase.FAILED, False)])
