"""Facts about evidence requests: what the centre keeps is the request, the grant and the digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.domain.words import RegionId


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """One request. `state` is requested, granted, building, ready, refused, failed or expired.

    `first` and `next` bound the ledger indices [first, next); None means "from the start" and "to the newest
    checkpoint".
    """

    id: str
    region: RegionId
    jurisdiction: str
    state: str
    asked_by: str
    asked_at: datetime
    first: int | None = None
    next: int | None = None
    recipient: str = ""
    granted_at: datetime | None = None
    grant_ends: datetime | None = None
    digest: str = ""
    bytes: int | None = None
    code: str = ""
    region_online: bool = True
    evidence_url: str = ""
