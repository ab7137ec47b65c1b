"""What travels between workflows and activities: ids, digests, counts and codes.

Times are RFC 3339 text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from control_plane.domain.rollout_steps import RegionStatus
from control_plane.domain.rollouts import Happening, LaneView, Progress

REFUSED = "Refused"
"""Type of the application error that no retry can mend; its first detail is a code."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Set a region's desired state to a manifest, on behalf of a rollout.

    `attempt` counts from 1: a repetition of the activity finds its own wish, a new attempt makes a new one.
    """

    region: str
    manifest: str
    rollout: str
    rollback: bool = False
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Take a wish back: the region keeps what it runs."""

    region: str
    rollout: str
    generation: int


@dataclass(frozen=True, slots=True)
class RegionWatch:
    """Wait until the region's status on `manifest` differs from `known`, or `seconds` have passed."""

    region: str
    manifest: str
    known: RegionStatus | None = None
    seconds: int = 1800


@dataclass(frozen=True, slots=True)
class GateAsk:
    """Ask a region to judge itself.

    `gate` is 32 hex digits, chosen by the workflow, so that asking twice is asking once.
    """

    gate: str
    region: str
    manifest: str
    rollout: str
    window_seconds: int
    min_requests: int
    max_error_permille: int


@dataclass(frozen=True, slots=True)
class GateWatch:
    """Wait for the verdict of a gate, at most `seconds`."""

    gate: str
    seconds: int = 1800


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """A verdict (pass, fail, inconclusive; empty while there is none) and its reason code."""

    verdict: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class LaneRecord:
    """A lane as it now stands, and what just happened in it. Older `view.sequence`s never overwrite newer ones."""

    view: LaneView
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """A rollout as it now stands, and what just happened in it."""

    progress: Progress
    happenings: tuple[Happening, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class EvidenceWatch:
    """Wait until a request's phase differs from `known`, or `seconds` have passed."""

    request: str
    known: str = ""
    seconds: int = 1800


@dataclass(frozen=True, slots=True)
class EvidenceAnswer:
    """The phase that a region reported for a request, and the bundle's digest once built."""

    phase: str
    bundle: str = ""


@dataclass(frozen=True, slots=True)
class EnrolmentDecision:
    """What central operations decided about a region's enrolment."""

    region: str
    actor: str
    approved: bool


@dataclass(frozen=True, slots=True)
class LinkWatch:
    """Wait until the region is connected, at most `seconds`."""

    region: str
    seconds: int = 1800
