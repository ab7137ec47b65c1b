"""Rollouts as values: what is planned, where each region stands, and how a rollout is summed up.

These values travel as Temporal payloads, so they hold ids, digests, counts and times in text, and nothing larger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MAX_WAVES = 50
MAX_REGIONS_PER_WAVE = 50
MAX_BAKE_SECONDS = 14 * 24 * 3600


class Phase(StrEnum):
    """Where a region stands in a rollout."""

    WAITING = "waiting"
    AWAITING_APPROVAL = "awaiting-approval"
    OFFERED = "offered"
    AWAITING_CONSENT = "awaiting-consent"
    STAGING = "staging"
    BAKING = "baking"
    GATING = "gating"
    FAILED = "failed"
    ROLLING_BACK = "rolling-back"
    CONVERGED = "converged"
    VETOED = "vetoed"
    ROLLED_BACK = "rolled-back"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to the region in this rollout."""
        return self in ENDED


ENDED = frozenset({Phase.CONVERGED, Phase.VETOED, Phase.ROLLED_BACK, Phase.ABORTED, Phase.SUPERSEDED})


class State(StrEnum):
    """Where a rollout stands as a whole."""

    STARTING = "starting"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting-approval"
    PAUSED = "paused"
    ROLLING_BACK = "rolling-back"
    COMPLETE = "complete"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled-back"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in {State.COMPLETE, State.ABORTED, State.ROLLED_BACK}


class Mode(StrEnum):
    """Whether regions move forward to the release or back to its fallback."""

    FORWARD = "forward"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a region must show before it counts as converged; it judges its own data.

    `bake_seconds` is served only while the region is connected, healthy and not paused.
    """

    bake_seconds: int = 3600
    min_requests: int = 0
    max_error_permille: int = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """A rollout as it was asked for. `manifest` and `fallback` are digests; an empty `fallback` means none."""

    rollout: str
    version: int
    manifest: str
    fallback: str
    publisher: str
    started_by: str
    waves: tuple[tuple[str, ...], ...]
    gate: Gate = field(default_factory=Gate)
    approvals: bool = True
    away_seconds: int = 60
    mode: Mode = Mode.FORWARD
    key: str = ""

    @property
    def workflow(self) -> str:
        """The name under which the rollout is carried out; `key` keeps it unique when numbers come again."""
        return f"rollout-{self.rollout}-{self.key}" if self.key else f"rollout-{self.rollout}"

    @property
    def target(self) -> str:
        """The digest that regions are moved to."""
        return self.manifest if self.mode is Mode.FORWARD else self.fallback


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """One answer of a region to a gate."""

    at: str
    verdict: str
    code: str


@dataclass(frozen=True, slots=True)
class LaneView:
    """One region inside a rollout, as the read model shows it. Times are RFC 3339 text, empty while unknown.

    `consent` is none, waiting, given or vetoed. `manifest` is the digest that the region is moved to.
    """

    rollout: str
    region: str
    wave: int
    mode: Mode
    manifest: str
    phase: Phase = Phase.WAITING
    online: bool = True
    away: bool = False
    paused: str = ""
    code: str = ""
    consent: str = "none"
    consent_at: str = ""
    approved_by: str = ""
    approved_at: str = ""
    staged_at: str = ""
    bake_started: str = ""
    ended_at: str = ""
    verdicts: tuple[VerdictSeen, ...] = ()
    generation: int = 0
    moved: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened in a rollout.

    `place` is `centre` or a region, `code` a constant name, `actor` a user or empty.
    """

    at: str
    place: str
    code: str
    actor: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LaneResult:
    """How a region ended. `moved`: it was seen to run the target, and may still do so."""

    region: str
    phase: Phase
    moved: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A rollout as it now stands. Of two with the same id, the higher `sequence` is the newer."""

    rollout: str
    state: State
    sequence: int = 0
    pause_reason: str = ""
    summary: str = ""
    ended_at: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout as the read model holds it: what was asked for, when, and how it stands."""

    plan: Plan
    started_at: str
    progress: Progress
    lanes: tuple[LaneView, ...] = ()
    happenings: tuple[Happening, ...] = ()


class PlanError(Exception):
    """A plan that cannot be carried out; the message is for people, `fix` says what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def check_plan(waves: Iterable[Iterable[str]], gate: Gate, permitted: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The waves, checked: none empty, no region twice, each named by the release, limits kept.

    Raises PlanError.
    """
    checked = tuple(tuple(wave) for wave in waves)
    if not checked or not all(checked):
        raise PlanError("a rollout needs at least one wave, and each wave at least one region", "name the regions")
    if len(checked) > MAX_WAVES or any(len(wave) > MAX_REGIONS_PER_WAVE for wave in checked):
        raise PlanError(
            f"at most {MAX_WAVES} waves of {MAX_REGIONS_PER_WAVE} regions each", "use fewer or larger waves"
        )
    counts = Counter(region for wave in checked for region in wave)
    twice = sorted(region for region, count in counts.items() if count > 1)
    if twice:
        raise PlanError(f"named more than once: {', '.join(twice)}", "name each region in one wave")
    known = set(permitted)
    foreign = sorted(set(counts) - known)
    if foreign:
        raise PlanError(
            f"the release does not name {', '.join(foreign)}", f"choose among {', '.join(sorted(known)) or 'none'}"
        )
    if not 0 <= gate.bake_seconds <= MAX_BAKE_SECONDS:
        raise PlanError(f"a bake of {gate.bake_seconds} s", f"0 to {MAX_BAKE_SECONDS} s")
    if gate.min_requests < 0 or not 0 <= gate.max_error_permille <= 1000:
        raise PlanError("gate limits out of range", "requests from 0 up, errors from 0 to 1000 in a thousand")
    return checked


def summary(phases: Iterable[tuple[Phase, bool]]) -> str:
    """One line for people out of (phase, away) of each region: `1 converged, 1 vetoed, 1 away`."""
    words: Counter[str] = Counter()
    for phase, away in phases:
        words["away" if away and not phase.ended else phase.value] += 1
    order = {phase.value: place for place, phase in enumerate(Phase)}
    return ", ".join(f"{words[word]} {word}" for word in sorted(words, key=lambda word: (order.get(word, 99), word)))
