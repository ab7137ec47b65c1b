"""A row of the world's table of regions. What is old is marked as last seen, and is never green."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web import formats
from control_plane.console.web.facts.fleet import RegionFact
from control_plane.console.web.facts.spend import SpendFact
from control_plane.console.web.views import figures
from control_plane.console.web.views.parts import State

AWAY = frozenset({"disconnected", "expired", "revoked"})
NOT_CURRENT = AWAY | {"stale"}


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A row of the regions table. `old` means: as last seen."""

    id: str
    jurisdiction: str
    state: State
    since: datetime
    state_note: str
    strip: str
    strip_words: str
    release: str
    release_note: str
    engines: State | None
    engines_note: str
    entries: str
    checkpoint: datetime | None
    witnesses: str
    report: datetime | None
    report_note: str
    spend: tuple[str, ...]
    spend_note: str
    old: bool


def on_intended(region: RegionFact) -> bool:
    """Observed is what was intended; a region nothing is intended for yet does not count."""
    return bool(region.observed and region.intended and region.observed.manifest == region.intended.manifest)


def offered(region: RegionFact, state: str) -> str:
    """The release that stands in `state` there, in words."""
    offer = next((o for o in region.offers if o.state == state), None)
    return f"release {offer.version}" if offer else "a release"


def region_row(region: RegionFact, today: SpendFact, now: datetime) -> RegionRow:
    """`today` gives what the region spent."""
    old = region.state in NOT_CURRENT
    ready = sum(e.state == "ready" for e in region.engines)
    engines = State(_engines_state(region), f"{ready} of {len(region.engines)}") if region.engines else None
    coded = figures.strip(region.link, now)
    amounts: dict[str, int] = {}
    for cell in today.cells:
        if cell.region == region.id and cell.currency:
            amounts[cell.currency] = amounts.get(cell.currency, 0) + cell.cost
    return RegionRow(
        id=region.id,
        jurisdiction=region.jurisdiction,
        state=State(region.state),
        since=region.since,
        state_note=offered(region, region.state) if region.state in {"vetoed", "awaiting-consent"} else "",
        strip=coded,
        strip_words=figures.strip_words(coded),
        release=str(region.observed.version) if region.observed else "",
        release_note=_release_note(region, old=old),
        engines=State("stale", engines.word) if engines and old else engines,
        engines_note="as last seen" if old else _engines_note(region),
        entries=formats.count(region.ledger.size) if region.ledger else "",
        checkpoint=region.ledger.cosigned_at if region.ledger else None,
        witnesses=_witnesses(region),
        report=region.report.received_at if region.report else None,
        report_note=f"no. {formats.count(region.report.sequence)}" if region.report else "",
        spend=tuple(formats.money(v, c) for c, v in sorted(amounts.items())),
        spend_note="digest-only" if region.profile == "digest-only" else "",
        old=old,
    )


def _engines_state(region: RegionFact) -> str:
    states = {e.state for e in region.engines}
    return next((s for s in ("failed", "loading", "asleep") if s in states), "ready")


def _engines_note(region: RegionFact) -> str:
    rest = [f"{e.model} {e.state}" for e in region.engines if e.state != "ready"]
    return ", ".join(rest) if rest else "ready"


def _release_note(region: RegionFact, *, old: bool) -> str:
    if not region.observed:
        return "none yet"
    if not region.intended:
        return "as last seen" if old else ""
    if on_intended(region):
        return "as last seen" if old else "as intended"
    behind = region.intended.version - region.observed.version
    text = f"{behind} behind" if behind > 0 else f"{region.intended.version} intended"
    return text + (", by veto" if region.state == "vetoed" else ", as last seen" if old else "")


def _witnesses(region: RegionFact) -> str:
    if not region.ledger:
        return ""
    return f"{len(region.ledger.cosigners)} of {formats.plural(region.ledger.quorum, 'witness', 'witnesses')}"
