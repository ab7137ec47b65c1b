"""Facts about rollouts: which wave stands where, who approved, and what each region answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web.facts.fleet import Activity
from control_plane.domain.words import RegionId


@dataclass(frozen=True, slots=True)
class VerdictFact:
    """A region's answer to a gate: pass, fail or inconclusive, with a registered code. Figures stay in the region."""

    at: datetime
    verdict: str
    code: str


@dataclass(frozen=True, slots=True)
class LaneFact:
    """One region inside a rollout.

    `phase` is waiting, offered, awaiting-consent, staging, baking, gating, converged, vetoed, failed, rolled-back,
    aborted or skipped.
    `phase` may also be awaiting-approval, rolling-back or superseded (another rollout took the region over).
    `consent` is none (not asked yet), not-gated, waiting, given or vetoed. An approval may name a region or its wave.
    """

    region: RegionId
    jurisdiction: str
    phase: str
    online: bool = True
    consent: str = "none"
    consent_at: datetime | None = None
    veto_code: str = ""
    staged_at: datetime | None = None
    bake_started: datetime | None = None
    verdicts: tuple[VerdictFact, ...] = ()
    ended_at: datetime | None = None
    keeps: int | None = None
    approved_by: str = ""
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaveFact:
    """One wave.

    `approved_by` is empty until someone approved it; the first wave may need no approval (`needs_approval` false).
    """

    number: int
    bake_seconds: int
    lanes: tuple[LaneFact, ...]
    needs_approval: bool = True
    approved_by: str = ""
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RolloutFact:
    """One rollout.

    `state` is running, awaiting-approval, paused, complete, aborted, rolling-back, rolled-back or failed.
    """

    id: str
    version: int
    state: str
    started_by: str
    started_at: datetime
    publisher: str
    waves: tuple[WaveFact, ...]
    fallback: int | None = None
    ended_at: datetime | None = None
    summary: str = ""
    pause_reason: str = ""
    events: tuple[Activity, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {"complete", "aborted", "rolled-back", "failed"}

    @property
    def waits_for_wave(self) -> WaveFact | None:
        """The wave that waits for a person at the centre, if any."""
        if self.over or self.state == "rolling-back":
            return None
        asking = next((w for w in self.waves if any(lane.phase == "awaiting-approval" for lane in w.lanes)), None)
        if asking or self.state != "awaiting-approval":
            return asking
        return next((w for w in self.waves if w.needs_approval and not w.approved_by), None)
