"""The lanes of a rollout: one row per region, one step per stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from control_plane.console.web import formats
from control_plane.console.web.facts.rollout import LaneFact, RolloutFact, WaveFact
from control_plane.console.web.views.parts import State, Step

PENDING = Step(State("pending"))
SKIPPED = Step(State("skipped", "not run"))
OVER = frozenset({"converged", "vetoed", "failed", "rolled-back", "aborted", "skipped", "superseded"})
CODES = {
    "POLICY-CONFLICT": "a rule contradicts the region's own.",
    "LEGAL-BASIS-MISSING": "a rule names no legal basis.",
    "RETENTION-MISSING": "a rule lacks its retention line.",
    "RISK-UNACCEPTED": "the officers do not accept the risk.",
    "OTHER": "the officers gave no registered reason.",
}


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A region's row. A vetoed one prints its reason in place of the stages that did not happen."""

    region: str
    jurisdiction: str
    steps: tuple[Step, ...]
    veto_code: str = ""
    veto_text: str = ""


@dataclass(frozen=True, slots=True)
class WaveRows:
    """A wave with its lanes."""

    title: str
    note: str
    lanes: tuple[LaneRow, ...]


def waves(rollout: RolloutFact, now: datetime) -> tuple[WaveRows, ...]:
    """All waves in order; the first one of several is the canary."""
    several = len(rollout.waves) > 1
    return tuple(
        WaveRows(
            f"Wave {wave.number}" + (", canary" if several and i == 0 else ""),
            f"bake {formats.span(timedelta(seconds=wave.bake_seconds))}",
            tuple(_lane(rollout, wave, lane, now) for lane in wave.lanes),
        )
        for i, wave in enumerate(rollout.waves)
    )


def _lane(rollout: RolloutFact, wave: WaveFact, lane: LaneFact, now: datetime) -> LaneRow:
    approval, consent = _approval(rollout, wave, lane), _consent(lane)
    if lane.consent == "vetoed":
        keeps = f"stays on {lane.keeps}" if lane.keeps else "stays as it was"
        outcome = Step(State("vetoed", keeps), at=lane.ended_at)
        return LaneRow(
            lane.region, lane.jurisdiction, (approval, consent, outcome), lane.veto_code, CODES.get(lane.veto_code, "")
        )
    return LaneRow(
        lane.region,
        lane.jurisdiction,
        (approval, consent, _staging(lane), _bake(rollout, wave, lane, now), _gate(wave, lane), _outcome(lane)),
    )


def _approval(rollout: RolloutFact, wave: WaveFact, lane: LaneFact) -> Step:
    by, at = (lane.approved_by, lane.approved_at) if lane.approved_by else (wave.approved_by, wave.approved_at)
    if by:
        return Step(State("pass", "approved"), by, at, done=True)
    if not wave.needs_approval:
        return Step(State("pass", "by start"), rollout.started_by, rollout.started_at, done=True)
    if lane.phase == "awaiting-approval" or rollout.waits_for_wave is wave:
        return Step(State("awaiting-approval"), "central operations", now=True)
    return SKIPPED if rollout.over or lane.phase in {"skipped", "aborted"} else PENDING


def _consent(lane: LaneFact) -> Step:
    if lane.consent == "given":
        return Step(State("pass", "given"), "region's officers", lane.consent_at, done=True)
    if lane.consent == "not-gated" or (lane.consent == "none" and lane.staged_at):
        return Step(State("pass", "not needed"), "nothing gated changes", done=True)
    if lane.consent == "vetoed":
        return Step(State("vetoed"), "region's officers", lane.consent_at)
    if lane.phase in OVER:
        return SKIPPED
    if not lane.online:
        return Step(State("offline"), "asks on return", now=lane.phase != "waiting")
    if lane.consent == "waiting":
        return Step(State("awaiting-consent"), "region's officers", now=True)
    return PENDING


def _staging(lane: LaneFact) -> Step:
    if lane.staged_at:
        return Step(State("pass", "observed"), "", lane.staged_at, done=True)
    if lane.phase in OVER:
        return Step(State("fail", "failed")) if lane.phase == "failed" else SKIPPED
    if lane.phase in {"offered", "staging"} and lane.consent in {"given", "not-gated"}:
        return Step(State("staging"), "verify, stage, switch" if lane.online else "when it returns", now=True)
    return PENDING


def _bake(rollout: RolloutFact, wave: WaveFact, lane: LaneFact, now: datetime) -> Step:
    whole = timedelta(seconds=wave.bake_seconds)
    if lane.phase == "baking" and lane.bake_started:
        past = min(now - lane.bake_started, whole)
        word = f"{formats.span(past)} of {formats.span(whole)}"
        code = "paused" if rollout.state == "paused" else "baking"
        return Step(State(code, word), "measured there", now=True)
    if lane.bake_started and (lane.phase == "gating" or lane.verdicts or lane.phase == "converged"):
        end = lane.verdicts[0].at if lane.verdicts else lane.ended_at or now
        return Step(State("pass", formats.span(max(end - lane.bake_started, timedelta()))), "measured there", done=True)
    return SKIPPED if lane.phase in OVER else PENDING


def _gate(wave: WaveFact, lane: LaneFact) -> Step:
    if lane.verdicts:
        newest = lane.verdicts[0]
        return Step(
            State(newest.verdict),
            newest.code,
            newest.at,
            done=newest.verdict == "pass",
            now=newest.verdict == "inconclusive" and lane.phase not in OVER,
        )
    if lane.phase == "gating":
        return Step(State("baking", "asked"), "decided there", now=True)
    if lane.phase == "baking" and lane.bake_started:
        due = lane.bake_started + timedelta(seconds=wave.bake_seconds)
        return Step(State("pending", f"at {formats.clock(due)}"), "decided there")
    return SKIPPED if lane.phase in OVER else PENDING


def _outcome(lane: LaneFact) -> Step:
    keeps = f"on {lane.keeps}" if lane.keeps else ""
    done = {
        "converged": State("converged"),
        "failed": State("fail", "failed"),
        "rolled-back": State("skipped", "rolled back"),
        "aborted": State("skipped", "aborted"),
        "skipped": State("skipped", "not run"),
        "superseded": State("skipped", "superseded"),
        "rolling-back": State("staging", "rolling back"),
    }.get(lane.phase)
    return Step(done, keeps, lane.ended_at) if done else PENDING
