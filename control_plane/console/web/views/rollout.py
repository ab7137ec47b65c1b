"""A rollout: lanes, gate verdicts, who did what, and the buttons with the reasons why some are off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_plane.console.web import formats
from control_plane.console.web.facts.fleet import Activity
from control_plane.console.web.facts.people import Person
from control_plane.console.web.facts.release import ReleaseFact
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.views import lanes
from control_plane.console.web.views.actions import buttons
from control_plane.console.web.views.mini import MiniRollout, mini
from control_plane.console.web.views.parts import Button, State
from control_plane.console.web.views.release import ChangeView, change_view

GATE_MEANS = {
    "GATE-OK": "all measures inside their limits",
    "GATE-TOO-LITTLE-DATA": "too few requests to judge",
    "GATE-ERRORS": "failed requests above the limit",
    "GATE-LATENCY": "time to first token above the limit",
    "GATE-ENGINES": "an engine is not ready",
    "GATE-REFUSALS": "refusals above the limit",
}


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One answer of a region's gate, or that it is still to come."""

    region: str
    state: State
    code: str
    means: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A line of the list."""

    mini: MiniRollout
    state: State
    note: str
    by: str
    started: datetime
    took: str


@dataclass(frozen=True, slots=True)
class RolloutView:
    """Everything the rollout page prints."""

    id: str
    version: int
    state: State
    lede: tuple[tuple[str, bool], ...]
    buttons: tuple[Button, ...]
    waves: tuple[lanes.WaveRows, ...]
    verdicts: tuple[VerdictRow, ...]
    events: tuple[Activity, ...]
    change: ChangeView | None


def state(rollout: RolloutFact) -> State:
    """How a rollout's state is shown."""
    return {
        "starting": State("pending", "starting"),
        "aborted": State("fail", "aborted"),
        "rolled-back": State("skipped", "rolled back"),
        "rolling-back": State("staging", "rolling back"),
    }.get(rollout.state, State(rollout.state))


def rows(rollouts: Sequence[RolloutFact], now: datetime) -> tuple[RolloutRow, ...]:
    """The list, newest first as given."""
    return tuple(
        RolloutRow(
            mini(r), state(r), _note(r), r.started_by, r.started_at, formats.span((r.ended_at or now) - r.started_at)
        )
        for r in rollouts
    )


def list_lede(rollouts: Sequence[RolloutFact]) -> str:
    """The first sentence of the list."""
    going = [r for r in rollouts if not r.over]
    if not rollouts:
        return (
            "No rollout yet. A published release is offered to its regions at once; a rollout says when each one moves."
        )
    if not going:
        return "None in motion. Every rollout has ended."
    waits = [f"{r.version} waits for approval" for r in going if r.waits_for_wave] + [
        f"{r.version} is paused" for r in going if r.state == "paused"
    ]
    said = f" {'; '.join(waits)}." if waits else ""
    return f"{formats.word(len(going))} in motion.{said}"


def build(rollout: RolloutFact, release: ReleaseFact | None, who: Person, now: datetime) -> RolloutView:
    """`release` gives what changes; a rollout of an unknown release still shows."""
    return RolloutView(
        id=rollout.id,
        version=rollout.version,
        state=state(rollout),
        lede=_lede(rollout),
        buttons=buttons(rollout, who),
        waves=lanes.waves(rollout, now),
        verdicts=_verdicts(rollout),
        events=rollout.events,
        change=change_view(release.changes, release.ref.version) if release and release.changes else None,
    )


def _note(rollout: RolloutFact) -> str:
    every = [lane for wave in rollout.waves for lane in wave.lanes]
    wave = rollout.waits_for_wave
    if wave:
        return f"wave {wave.number}: {', '.join(lane.region for lane in wave.lanes)}"
    if rollout.state == "paused" and rollout.pause_reason:
        return rollout.pause_reason
    counted = [
        (sum(lane.phase == p for lane in every), p)
        for p in ("converged", "vetoed", "failed", "awaiting-consent", "baking")
    ]
    return ", ".join(f"{n} {p.replace('-', ' ')}" for n, p in counted if n)


def _lede(rollout: RolloutFact) -> tuple[tuple[str, bool], ...]:
    every = [lane for wave in rollout.waves for lane in wave.lanes]
    done = sum(lane.phase == "converged" for lane in every)
    verb = "region has" if len(every) == 1 else "regions has" if done == 1 else "regions have"
    head = f"{formats.word(done)} of {formats.word(len(every)).lower()} {verb} converged."
    runs: list[tuple[str, bool]] = [
        ((rollout.summary[:1].upper() + rollout.summary[1:] + ". " if rollout.summary else "") + head, False)
    ]
    bake = {lane.region: wave.bake_seconds for wave in rollout.waves for lane in wave.lanes}
    for lane in every:
        due = lane.bake_started + timedelta(seconds=bake[lane.region]) if lane.bake_started else None
        text = {
            "vetoed": " said no.",
            "awaiting-consent": " waits for its officers.",
            "failed": " failed and keeps the release before.",
            "baking": f" bakes until {formats.clock(due)} UTC." if due else " bakes.",
        }.get(lane.phase, "")
        if not lane.online and lane.phase not in lanes.OVER:
            text = " is away and takes its turn when it returns."
        runs.extend([(" ", False), (lane.region, True), (text, False)] if text else [])
    return tuple(runs)


def _verdicts(rollout: RolloutFact) -> tuple[VerdictRow, ...]:
    out: list[VerdictRow] = []
    for wave in rollout.waves:
        for lane in wave.lanes:
            out.extend(
                VerdictRow(lane.region, State(v.verdict), v.code, GATE_MEANS.get(v.code, ""), v.at)
                for v in lane.verdicts
            )
            if not lane.verdicts and lane.phase in {"baking", "gating"}:
                due = lane.bake_started + timedelta(seconds=wave.bake_seconds) if lane.bake_started else None
                out.append(VerdictRow(lane.region, State("pending"), "", "decides when the bake ends", due))
    return tuple(sorted(out, key=lambda v: (v.state.code != "pending", -(v.at.timestamp() if v.at else 0))))
