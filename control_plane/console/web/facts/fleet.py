"""Facts about regions as the centre knows them: what they reported, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from control_plane.domain.words import RegionId


@dataclass(frozen=True, slots=True)
class Digests:
    """The four content classes of a release, each `sha256:<hex>` or empty when not part of it."""

    code: str = ""
    config: str = ""
    policy: str = ""
    models: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseRef:
    """A release by version and manifest digest, with the digests it consists of."""

    version: int
    manifest: str
    digests: Digests = field(default_factory=Digests)


@dataclass(frozen=True, slots=True)
class EngineFact:
    """One model served in a region. `state` is ready, loading, asleep or failed."""

    model: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class LedgerFact:
    """The newest checkpoint of a region that the centre cosigned. `root` is base64."""

    size: int
    root: str
    origin: str
    cosigned_at: datetime
    cosigners: tuple[str, ...] = ()
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class ReportFact:
    """The newest report received: sequence, the period it covers, what it says in sum.

    `cost` maps a currency to micro-units; currencies are never added together.
    """

    sequence: int
    period_start: datetime
    period_end: datetime
    received_at: datetime
    requests: int = 0
    refused: int = 0
    merged_cells: int = 0
    cost: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateFact:
    """The client certificate of the region's agent."""

    serial: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class LinkSpan:
    """How the link was in [start, end): `connected`, `stale` or `disconnected`."""

    state: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class OfferFact:
    """A published release as a region holds it.

    `state` is offered, awaiting-consent, consented, vetoed, applied or failed.
    """

    version: int
    state: str
    at: datetime
    code: str = ""


@dataclass(frozen=True, slots=True)
class RegionFact:
    """One region as last seen.

    `state` is one of connected, disconnected, stale, expired, awaiting-consent, vetoed, conflict-paused, awaiting-
    approval (not enrolled yet), revoked.
    """

    id: RegionId
    jurisdiction: str
    state: str
    since: datetime
    seen_at: datetime | None = None
    observed: ReleaseRef | None = None
    intended: ReleaseRef | None = None
    engines: tuple[EngineFact, ...] = ()
    ledger: LedgerFact | None = None
    report: ReportFact | None = None
    certificate: CertificateFact | None = None
    offers: tuple[OfferFact, ...] = ()
    link: tuple[LinkSpan, ...] = ()
    profile: str = "floor"
    floor: int = 10


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened, in the centre's words.

    `place` is `centre` or a region; `href` is empty or a path of this console.
    """

    at: datetime
    place: str
    text: str
    href: str = ""
    link: str = ""
