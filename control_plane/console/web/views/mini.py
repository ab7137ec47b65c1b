"""A rollout in one line: waves, and one glyph per region."""

from __future__ import annotations

from dataclasses import dataclass

from control_plane.console.web.facts.rollout import LaneFact, RolloutFact
from control_plane.console.web.views.parts import State

PHASES = {
    "waiting": "pending",
    "awaiting-approval": "awaiting-approval",
    "rolling-back": "staging",
    "superseded": "skipped",
    "offered": "staging",
    "awaiting-consent": "awaiting-consent",
    "staging": "staging",
    "baking": "baking",
    "gating": "baking",
    "converged": "converged",
    "vetoed": "vetoed",
    "failed": "fail",
    "rolled-back": "skipped",
    "aborted": "skipped",
    "skipped": "skipped",
}


@dataclass(frozen=True, slots=True)
class MiniRollout:
    """Rollout with the lanes of each wave as named states."""

    id: str
    version: int
    summary: str
    waves: tuple[tuple[State, ...], ...]


def lane_state(lane: LaneFact) -> State:
    """The glyph of a region in a rollout; one that is away shows as away unless it is already done."""
    code = PHASES.get(lane.phase, "pending")
    if not lane.online and code in {"pending", "staging", "awaiting-consent", "baking"}:
        code = "offline"
    return State(code, lane.region)


def mini(rollout: RolloutFact) -> MiniRollout:
    """Waves in order."""
    return MiniRollout(
        rollout.id,
        rollout.version,
        rollout.summary,
        tuple(tuple(lane_state(lane) for lane in wave.lanes) for wave in rollout.waves),
    )
