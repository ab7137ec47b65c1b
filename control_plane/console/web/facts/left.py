"""Facts about what left a region, as the centre received it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web.facts.spend import SpendCell
from control_plane.domain.words import RegionId


@dataclass(frozen=True, slots=True)
class KindFact:
    """Messages of one kind in the window. `cls` is content, control or enrolment."""

    cls: str
    name: str
    count: int
    bytes: int
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report as received: the exact bytes are named by `digest`."""

    sequence: int
    received_at: datetime
    period_start: datetime
    period_end: datetime
    bytes: int
    digest: str
    first: int
    next: int
    cells: tuple[SpendCell, ...] = ()
    ledger_size: int | None = None


@dataclass(frozen=True, slots=True)
class LeftFact:
    """What one region sent in the last 24 hours, newest report first."""

    region: RegionId
    jurisdiction: str
    state: str
    seen_at: datetime | None
    profile: str
    floor: int
    share_permille: int
    kinds: tuple[KindFact, ...]
    reports: tuple[SentReport, ...]
    since: datetime
