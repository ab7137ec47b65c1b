"""Regions as the centre knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from control_plane.domain.errors import StateError, UnauthenticatedError
from control_plane.domain.words import RegionId

RENEWAL_GRACE = timedelta(days=90)
PROOF_SKEW = timedelta(minutes=10)


class RegionPhase(StrEnum):
    """Where a region stands between invitation and revocation."""

    INVITED = "invited"
    PENDING = "awaiting-approval"
    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True)
class RegionKeys:
    """A region's public Ed25519 keys (32 bytes each), and its officers with their threshold."""

    enrolment: bytes
    ledger: bytes
    report: bytes
    evidence: bytes
    officers: tuple[bytes, ...] = ()
    officer_threshold: int = 1


@dataclass(frozen=True)
class Region:
    """One region. `conflict_since`: its reports contradict what the centre holds, until the region resumes."""

    id: RegionId
    jurisdiction: str
    phase: RegionPhase
    invited_at: datetime
    enrolled_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    revoked_at: datetime | None = None
    conflict_since: datetime | None = None
    ledger_origin: str | None = None
    keys: RegionKeys | None = None


@dataclass(frozen=True)
class Certificate:
    """A client certificate that the centre issued. `serial` is lower-case hex."""

    serial: str
    region: RegionId
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class EngineSeen:
    """An engine's model and state, in the words of `status --json`."""

    model: str
    state: str


@dataclass(frozen=True)
class Observation:
    """What a region last said that it runs. Digests are empty while unknown."""

    region: RegionId
    generation: int
    manifest: bytes
    version: int
    code: bytes
    config: bytes
    policy: bytes
    state: str
    healthy: bool
    engines: tuple[EngineSeen, ...]
    seen_at: datetime


@dataclass(frozen=True)
class Link:
    """A region's link: its newest session, and since when it is up or down."""

    region: RegionId
    session: str
    connected: bool
    since: datetime
    seen_at: datetime


@dataclass(frozen=True)
class LinkEvent:
    """One change of a link: `connected`, `disconnected`, `superseded`, `revoked`."""

    region: RegionId
    kind: str
    at: datetime


def shown_state(region: Region, link: Link | None, seen: Observation | None, now: datetime, away: timedelta) -> str:
    """The one word by which status pages call a region.

    What a region says of itself counts only while its link is up; a link that fell silent counts as down.
    """
    if region.phase is not RegionPhase.APPROVED:
        return region.phase.value
    if region.conflict_since is not None:
        return "conflict-paused"
    if link is None or not link.connected or now - link.seen_at > away:
        return "disconnected"
    return seen.state if seen is not None and seen.state else "connected"


def approve_check(region: Region) -> None:
    """A region is approved once, after it has enrolled."""
    if region.phase is RegionPhase.APPROVED:
        raise StateError("region-approved", "The region is approved already.")
    if region.phase is RegionPhase.REVOKED:
        raise StateError("region-revoked", "The region is revoked.", "Invite it again.")
    if region.phase is RegionPhase.INVITED:
        raise StateError(
            "region-not-enrolled", "The region has not enrolled yet.", "Run `bailiwick enrol` in the region."
        )


def renewal_check(latest_expiry: datetime | None, signed_at: datetime, now: datetime) -> None:
    """A renewal's proof is fresh, and the newest certificate lapsed no more than 90 days ago."""
    if abs(now - signed_at) > PROOF_SKEW:
        raise UnauthenticatedError("proof-time", "The proof's time is more than 10 minutes off.", "Set the clock.")
    if latest_expiry is not None and now - latest_expiry > RENEWAL_GRACE:
        raise UnauthenticatedError(
            "lapsed", "The last certificate lapsed more than 90 days ago.", "Invite the region again."
        )
