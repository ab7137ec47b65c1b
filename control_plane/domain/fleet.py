"""What the centre has to say to a region, and what regions answer: gates, evidence, desired state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.domain.releases import Desired
from control_plane.domain.words import RegionId


@dataclass(frozen=True)
class Gate:
    """A question to a region: is this release healthy? The region answers from its own data.

    `id` has 16 bytes. `verdict` is `pass`, `fail` or `inconclusive`; empty while open.
    """

    id: bytes
    region: RegionId
    manifest: bytes
    window_seconds: int
    min_requests: int
    max_error_permille: int
    requested_at: datetime
    rollout: str | None = None
    verdict: str = ""
    reason: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True)
class EvidenceRequest:
    """An auditor's request for a bundle. The bundle itself never comes to the centre, only its digest.

    `id` has 16 bytes. Entries [first, next) are asked for; next 0 means up to the newest checkpoint. `built_first` and
    `built_next` tell what the bundle covers.
    """

    id: bytes
    region: RegionId
    first: int
    next: int
    recipient: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    phase: str = "requested"
    bundle: bytes = b""
    built_first: int = 0
    built_next: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Outbound:
    """All that a region's session is to be told now. Sent again only where it differs from what was sent."""

    desired: Desired | None
    offers: tuple[bytes, ...]
    gates: tuple[Gate, ...]
    evidence: tuple[EvidenceRequest, ...]


@dataclass(frozen=True)
class Received:
    """Messages of one type that a region sent, per hour."""

    region: RegionId
    kind: str
    hour: datetime
    count: int
    size: int


# The phases of a bundle in the order in which they come; a request never goes back.
EVIDENCE_ORDER = ("requested", "received", "granted", "built", "downloaded", "refused", "expired")
BUNDLED = frozenset({"built", "downloaded"})


def advances(before: str, after: str) -> bool:
    """Whether an evidence request may go from one phase to another: forward only; the last two are final."""
    if before in {"refused", "expired", "downloaded"}:
        return False
    return EVIDENCE_ORDER.index(after) > EVIDENCE_ORDER.index(before)
