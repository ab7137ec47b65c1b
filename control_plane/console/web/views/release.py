"""Releases: what each holds, what it changes, who signed, and what the regions said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from control_plane.console.web import formats
from control_plane.console.web.facts.fleet import OfferFact
from control_plane.console.web.facts.release import ChangeFact, FlipFact, ReleaseFact, RuleFact, ValueChange
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.views.parts import State

CLASSES = ("policy", "config", "models", "code")
COLUMNS = ("team", "use_case", "environment", "model", "product", "region")


@dataclass(frozen=True, slots=True)
class FlipRow:
    """Decisions that change together."""

    count: str
    denies: bool
    attributes: tuple[tuple[str, str], ...]
    rule: str
    basis: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What a release changes, in words and rows."""

    title: str
    head: str
    rest: str
    flips: tuple[FlipRow, ...]
    values_title: str
    values: tuple[ValueChange, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A line of the list."""

    version: int
    state: State
    note: str
    by: str
    at: datetime
    classes: str
    regions: tuple[State, ...]
    manifest: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """Everything the release page prints."""

    version: int
    state: State
    lede: str
    manifest: str
    classes: tuple[tuple[str, str, str], ...]
    signatures: tuple[tuple[str, State], ...]
    threshold: str
    built_by: str
    built_at: datetime
    published_by: str
    published_at: datetime | None
    fallback: int | None
    notes: str
    offers: tuple[tuple[str, State, str, datetime], ...]
    change: ChangeView | None
    rules: tuple[RuleFact, ...]


def offer_state(offer: OfferFact) -> State:
    """How a region's standing towards a release is shown."""
    return {
        "offered": State("staging", "offered"),
        "consented": State("pass", "consented"),
        "applied": State("converged", "runs it"),
        "failed": State("fail", "failed"),
    }.get(offer.state, State(offer.state))


def rows(releases: Sequence[ReleaseFact]) -> tuple[ReleaseRow, ...]:
    """The list, newest first as given."""
    return tuple(
        ReleaseRow(
            r.ref.version,
            _state(r),
            _signed(r),
            r.published_by or r.built_by,
            r.published_at or r.built_at,
            formats.listing(c for c in ("code", "config", "policy", "models") if getattr(r.ref.digests, c)),
            _regions(r),
            formats.short(r.ref.manifest),
        )
        for r in releases
    )


def list_lede(releases: Sequence[ReleaseFact]) -> str:
    """The first sentence of the list."""
    if not releases:
        return (
            "No release yet. Central operations build one, two keys sign it, and each region's officers "
            "say whether it runs."
        )
    newest = releases[0]
    if newest.state == "draft":
        return f"Release {newest.ref.version} waits for signatures: {_signed(newest)}."
    return (
        f"Release {newest.ref.version} is the newest, published by "
        f"{newest.published_by or newest.built_by}. What runs is the regions' word."
    )


def changed(releases: Sequence[ReleaseFact], version: int) -> str:
    """Which classes a release changes against the published one before it for the same regions: `policy, config`."""
    mine = next((r for r in releases if r.ref.version == version), None)
    if mine is None:
        return ""
    earlier = [
        r for r in releases if r.ref.version < version and r.state == "published" and set(r.regions) & set(mine.regions)
    ]
    before = max(earlier, key=lambda r: r.ref.version, default=None)
    here = mine.ref.digests
    if before is None:
        return ", ".join(c for c in CLASSES if getattr(here, c)) + " for the first time"
    there = before.ref.digests
    differ = [c for c in CLASSES if getattr(here, c) != getattr(there, c)]
    return ", ".join(differ) + f" against release {before.ref.version}" if differ else "nothing"


def named(rollouts: Sequence[RolloutFact], releases: Sequence[ReleaseFact]) -> tuple[RolloutFact, ...]:
    """Rollouts with what they change as their summary."""
    return tuple(replace(r, summary=changed(releases, r.version) or r.summary) for r in rollouts)


def build(release: ReleaseFact) -> ReleaseView:
    """The page of one release."""
    digests = release.ref.digests
    gates = {"code": "gated", "config": "not gated", "policy": "gated", "models": "gated"}
    return ReleaseView(
        version=release.ref.version,
        state=_state(release),
        lede=_lede(release),
        manifest=release.ref.manifest,
        classes=tuple((c, getattr(digests, c), g) for c, g in gates.items() if getattr(digests, c)),
        signatures=tuple(
            (s.key_id, State("verified" if s.valid else "fail", "valid" if s.valid else "not valid"))
            for s in release.signatures
        ),
        threshold=_signed(release),
        built_by=release.built_by,
        built_at=release.built_at,
        published_by=release.published_by,
        published_at=release.published_at,
        fallback=release.fallback,
        notes=release.notes,
        offers=tuple((region, offer_state(o), o.code, o.at) for region, o in release.offers),
        change=change_view(release.changes, release.ref.version) if release.changes else None,
        rules=release.rules,
    )


def _state(release: ReleaseFact) -> State:
    if release.state == "draft":
        return State("awaiting-signatures")
    return State("complete", "published")


def _signed(release: ReleaseFact) -> str:
    valid = sum(s.valid for s in release.signatures)
    return f"{valid} of {release.threshold} signatures"


def _regions(release: ReleaseFact) -> tuple[State, ...]:
    known = dict(release.offers)
    return tuple(State(offer_state(known[r]).code if r in known else "pending", r) for r in release.regions)


def _lede(release: ReleaseFact) -> str:
    if release.state == "draft":
        return f"Built by {release.built_by}; not offered to anyone before {release.threshold} keys have signed."
    runs = sum(o.state == "applied" for _, o in release.offers)
    said_no = [r for r, o in release.offers if o.state == "vetoed"]
    text = (
        f"Published for {formats.listing(release.regions)}. {formats.word(runs)} of "
        f"{formats.plural(len(release.regions), 'region')} {'runs' if runs == 1 else 'run'} it."
    )
    return text + (f" {formats.listing(said_no)} refused it." if said_no else "")


def change_view(change: ChangeFact, version: int) -> ChangeView:
    """Semantic differences first, plain ones after."""
    denied = sum(f.count for f in change.flips if f.denies)
    allowed = sum(f.count for f in change.flips if not f.denies)
    against = f"release {change.against} to {version}" if change.against else f"release {version}, the first"
    values = formats.plural(len(change.values), "value changes", "values change")
    if change.refused:
        head = "Policy changes; which decisions flip is not known."
        rest = f"They could not be compared: {change.refused}. Read the rules below before anybody approves."
    elif change.flips:
        head = f"{formats.count(denied + allowed)} of {formats.count(change.decisions)} decisions flip:"
        rest = (
            f"{formats.count(denied)} become denied, {formats.count(allowed)} become allowed. "
            f"{formats.count(change.decisions - denied - allowed)} stay."
        )
    elif change.decisions:
        head, rest = "No decision flips.", f"All {formats.count(change.decisions)} combinations are decided as before."
    else:
        head, rest = "Policy stays the same.", ""
    return ChangeView(against, head, rest, tuple(_flip(f) for f in change.flips), f"Config: {values}", change.values)


def _flip(flip: FlipFact) -> FlipRow:
    order = {c: i for i, c in enumerate(COLUMNS)}
    attributes = tuple(sorted(flip.attributes, key=lambda a: order.get(a[0], len(order))))
    labelled = tuple((name.replace("_", " "), value) for name, value in attributes)
    basis = ". ".join(part for part in (flip.owner, flip.basis) if part)
    return FlipRow(formats.count(flip.count), flip.denies, labelled, flip.rule, basis)
