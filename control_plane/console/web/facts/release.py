"""Facts about releases: what a version holds, what it changes, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web.facts.fleet import OfferFact, ReleaseRef
from control_plane.domain.words import RegionId


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """One signature over the targets metadata that lists the release."""

    key_id: str
    valid: bool = True


@dataclass(frozen=True, slots=True)
class FlipFact:
    """Decisions that two policy versions answer differently, grouped by what decides them.

    `attributes` are pairs of a closed vocabulary and its values, e.g. ("team", "care").
    """

    count: int
    denies: bool
    attributes: tuple[tuple[str, str], ...]
    rule: str
    owner: str
    basis: str


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A config value before and after, as text; empty when absent."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RuleFact:
    """A policy with the annotations it must carry."""

    id: str
    owner: str
    basis: str
    effect: str


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """What a release changes against the one before.

    `decisions` is how many combinations were compared, 0 if policy is the same. `refused` says why a changed policy
    could not be compared.
    """

    against: int | None
    decisions: int = 0
    flips: tuple[FlipFact, ...] = ()
    values: tuple[ValueChange, ...] = ()
    classes: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseFact:
    """One release. `state` is draft (awaiting signatures) or published."""

    ref: ReleaseRef
    state: str
    built_by: str
    built_at: datetime
    regions: tuple[RegionId, ...]
    fallback: int | None = None
    published_by: str = ""
    published_at: datetime | None = None
    threshold: int = 2
    signatures: tuple[SignatureFact, ...] = ()
    notes: str = ""
    offers: tuple[tuple[RegionId, OfferFact], ...] = ()
    changes: ChangeFact | None = None
    rules: tuple[RuleFact, ...] = ()
