"""What a region's own account means for its rollout: pure decisions, so that workflows only carry them out.

Rules:

1. Convergence is the observed digest and health, for the generation asked for, while connected, no acknowledgement.
2. Offline is not failed; stale is not healthy.
3. A veto ends the region as vetoed; it is no failure.
4. A refusal or failure stops and asks a person.
5. A newer wish for the region, from another rollout, ends this one's interest.
6. Only `pass` passes a gate. `fail`, `inconclusive` and what is unknown pause.
"""

from __future__ import annotations

from dataclasses import dataclass

from control_plane.domain.rollouts import Phase


@dataclass(frozen=True, slots=True)
class RegionStatus:
    """What the registry knows of a region and one manifest.

    `phase` and `reason` are the region's word on the manifest (offered, awaiting-consent, consented, vetoed, applied,
    refused, failed, rolled-back, or empty), said at `phase_at` (RFC 3339 text).
    """

    connected: bool = False
    desired_generation: int = 0
    desired_manifest: str = ""
    observed_generation: int = 0
    observed_manifest: str = ""
    healthy: bool = False
    region_state: str = ""
    phase: str = ""
    phase_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What the region is moved to, and by which generation.

    `after` is when the previous attempt ended: what the region said before then is no answer to this one.
    """

    manifest: str
    generation: int
    rollback: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to decide yet; `phase` is what to show."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class Reached:
    """The region runs the target, healthy and connected."""


@dataclass(frozen=True, slots=True)
class Vetoed:
    """The region's officers said no, with a registered code."""

    code: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another rollout has asked the region for something newer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A person must look; `code` says why."""

    code: str


Reading = Waiting | Reached | Vetoed | Superseded | Trouble

_FAILURES = frozenset({"refused", "failed", "rolled-back"})
_PHASES = {
    "awaiting-consent": Phase.AWAITING_CONSENT,
    "consented": Phase.STAGING,
    "applied": Phase.STAGING,
}


def read(status: RegionStatus, target: Target) -> Reading:
    """What `status` means for a lane that moves its region to `target`."""
    if status.desired_generation > target.generation:
        return Superseded()
    if _runs(status, target):
        return Reached()
    if status.phase == "vetoed" and not target.rollback:
        return Vetoed(status.reason or "OTHER")
    if status.phase in _FAILURES and status.phase_at > target.after and not (target.rollback and _fell_back(status)):
        return Trouble(status.reason or status.phase.upper())
    if status.region_state == "conflict-paused":
        return Trouble("CONFLICT-PAUSED")
    if target.rollback:
        return Waiting(Phase.ROLLING_BACK)
    return Waiting(_PHASES.get(status.phase, Phase.OFFERED))


def _fell_back(status: RegionStatus) -> bool:
    return status.phase == "rolled-back"


def _runs(status: RegionStatus, target: Target) -> bool:
    return (
        status.connected
        and status.healthy
        and status.observed_manifest == target.manifest
        and status.observed_generation >= target.generation
    )


def consent_of(status: RegionStatus, shown: str) -> str:
    """The consent to show for a lane: none, waiting, given or vetoed; what was given stays given."""
    if status.phase == "vetoed":
        return "vetoed"
    if status.phase == "awaiting-consent":
        return "waiting"
    if status.phase in {"consented", "applied"}:
        return "given" if shown in {"waiting", "given"} or status.phase == "consented" else shown
    return shown


def judge(verdict: str, code: str) -> Reached | Trouble:
    """What a gate's verdict means (rule 6)."""
    if verdict == "pass":
        return Reached()
    word = {"fail": "GATE-FAILED", "inconclusive": "GATE-INCONCLUSIVE"}.get(verdict, "GATE-UNKNOWN")
    return Trouble(f"{word}: {code}" if code else word)


@dataclass(frozen=True, slots=True)
class Refused:
    """An order that is not carried out; `reason` and `fix` are for people."""

    reason: str
    fix: str = ""


def may_approve(actor: str, publisher: str) -> Refused | None:
    """Nobody approves the rollout of a release that they published."""
    if not actor:
        return Refused("an approval needs a named person", "sign in, or use --as")
    if actor == publisher:
        return Refused(
            f"{actor} published this release and may not approve its rollout", "ask another member of operations"
        )
    return None


def wave_settled(lanes: list[tuple[Phase, bool]]) -> bool:
    """Whether the next wave may be prepared: each region has ended, or is away (it catches up on its own)."""
    return all(phase.ended or (away and phase is not Phase.AWAITING_APPROVAL) for phase, away in lanes)
