"""What workflows tell each other, and what people tell them."""

from __future__ import annotations

from dataclasses import dataclass, field

from control_plane.domain.rollout_steps import RegionStatus
from control_plane.domain.rollouts import Gate, LaneView, Mode, State


@dataclass(frozen=True, slots=True)
class Order:
    """A person's order. `bake_seconds` is for resuming: how much longer to bake before the gate is asked again."""

    actor: str
    reason: str = ""
    bake_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """What a lane takes along when it continues as new."""

    view: LaneView
    known: RegionStatus | None
    baked: float
    bake_target: int
    after: str
    offline_since: float
    reported: str
    troubles: int
    paused: bool


@dataclass(frozen=True, slots=True)
class LaneInput:
    """One region to move. `parent` is the workflow id of its wave."""

    rollout: str
    region: str
    wave: int
    manifest: str
    publisher: str
    gate: Gate
    mode: Mode
    needs_approval: bool
    away_seconds: int
    parent: str
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class LaneNews:
    """A lane's word to its wave. `kind` is active, awaiting-approval, away or trouble; `number` counts troubles."""

    region: str
    kind: str
    code: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class WaveInput:
    """One wave to move. `name` is that of the rollout's workflow; `parent` is the one that started this wave."""

    rollout: str
    name: str
    number: int
    regions: tuple[str, ...]
    manifest: str
    publisher: str
    gate: Gate
    mode: Mode
    needs_approval: bool
    away_seconds: int
    parent: str


@dataclass(frozen=True, slots=True)
class WaveNews:
    """A wave's word to its rollout. `active` counts the lanes that are under way."""

    number: int
    active: int
    awaiting: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    troubles: tuple[LaneNews, ...] = ()
    settled: bool = False


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """A rollout as its workflow knows it."""

    state: State
    pause_reason: str = ""
    waves: tuple[WaveNews, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class OnboardingInput:
    """An enrolment that awaits approval."""

    region: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class OnboardingStatus:
    """`state` is awaiting-approval, approved, connected or refused."""

    state: str
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceInput:
    """A request for evidence, by id; who asked and for whom stays in the registry. `expires` is RFC 3339 text."""

    request: str
    region: str
    expires: str


@dataclass(frozen=True, slots=True)
class EvidenceStatus:
    """The phase that the workflow has seen, and the bundle's digest once built."""

    phase: str
    bundle: str = ""
