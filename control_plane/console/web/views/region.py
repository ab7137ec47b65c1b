"""One region: what it runs, what it proves, what it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web import formats
from control_plane.console.web.facts.fleet import RegionFact
from control_plane.console.web.facts.left import LeftFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.views import figures
from control_plane.console.web.views.parts import Button, State
from control_plane.console.web.views.region_row import NOT_CURRENT
from control_plane.console.web.views.release import offer_state

GATED = {"code": True, "config": False, "policy": True, "models": True}


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of content: what is observed, what is intended, how consent stands."""

    name: str
    observed: str
    intended: str
    same: bool
    consent: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left, in one line."""

    at: datetime
    size: str
    text: str


@dataclass(frozen=True, slots=True)
class RegionView:
    """Everything the region page prints."""

    id: str
    jurisdiction: str
    state: State
    since: datetime
    lede: str
    old: bool
    seen_at: datetime | None
    version: str
    intended_version: str
    classes: tuple[ClassRow, ...]
    drift: str
    entries: str
    checkpoint: datetime | None
    cosigned_by: str
    witnesses: State | None
    root: str
    root_short: str
    origin: str
    engines: tuple[tuple[str, str, State], ...]
    offers: tuple[tuple[int, State, str, datetime], ...]
    sent: tuple[Sent, ...]
    profile: str
    floor: int
    certificate: tuple[str, str, str, datetime] | None
    approve: Button | None


def build(region: RegionFact, left: LeftFact | None, who: Person, now: datetime) -> RegionView:
    """`left` may be missing for a region that never reported."""
    ledger = region.ledger
    old = region.state in NOT_CURRENT
    return RegionView(
        id=region.id,
        jurisdiction=region.jurisdiction,
        state=State(region.state),
        since=region.since,
        lede=_lede(region),
        old=old,
        seen_at=region.seen_at,
        version=str(region.observed.version) if region.observed else "",
        intended_version=str(region.intended.version) if region.intended else "",
        classes=_classes(region),
        drift=_drift(region),
        entries=formats.count(ledger.size) if ledger else "",
        checkpoint=ledger.cosigned_at if ledger else None,
        cosigned_by=", ".join(ledger.cosigners) if ledger else "",
        witnesses=_witnesses(region),
        root=ledger.root if ledger else "",
        root_short=f"{ledger.root[:8]}\u2026{ledger.root[-4:]}" if ledger else "",
        origin=ledger.origin if ledger else "",
        engines=tuple((e.model, e.kind, State("stale", e.state) if old else State(e.state)) for e in region.engines),
        offers=tuple((o.version, offer_state(o), o.code, o.at) for o in region.offers),
        sent=_sent(left),
        profile=region.profile,
        floor=region.floor,
        certificate=_certificate(region, now),
        approve=_approve(region, who),
    )


def _lede(region: RegionFact) -> str:
    where = formats.JURISDICTIONS.get(region.jurisdiction, region.jurisdiction)
    link = "Serves by itself; the link to the centre is dialled from there, and the centre cannot open one."
    if region.state in {"disconnected", "expired"}:
        link = (
            "Away: what stands here is as last seen. It goes on serving by its own rules; nothing is "
            "deleted or loosened."
        )
    if region.state == "awaiting-approval":
        link = (
            "Has shown its invitation and a certificate request. It joins when a second person of "
            "central operations agrees."
        )
    return f"{where}. {link}"


def _classes(region: RegionFact) -> tuple[ClassRow, ...]:
    rows = []
    for name, gated in GATED.items():
        seen = getattr(region.observed.digests, name) if region.observed else ""
        meant = getattr(region.intended.digests, name) if region.intended else ""
        if not seen and not meant:
            continue
        consent = "officers' consent" if gated else "not gated"
        rows.append(
            ClassRow(
                name,
                formats.short(seen) if seen else "none",
                formats.short(meant) if meant else "none",
                seen == meant,
                consent,
            )
        )
    return tuple(rows)


def _drift(region: RegionFact) -> str:
    if not region.observed:
        return "Nothing observed yet."
    if not region.intended or region.observed.manifest == region.intended.manifest:
        return "No drift: observed is intended."
    return f"Observed {region.observed.version}, intended {region.intended.version}."


def _witnesses(region: RegionFact) -> State | None:
    if not region.ledger:
        return None
    enough = len(region.ledger.cosigners) >= region.ledger.quorum
    words = f"{len(region.ledger.cosigners)} of {formats.plural(region.ledger.quorum, 'witness', 'witnesses')}"
    return State("verified" if enough else "warn", words)


def _sent(left: LeftFact | None) -> tuple[Sent, ...]:
    if left is None:
        return ()
    reports = [
        Sent(r.received_at, formats.size(r.bytes), f"Report no. {formats.count(r.sequence)}: {_requests(r.cells)}")
        for r in left.reports[:4]
    ]
    control = [
        Sent(k.newest, formats.size(k.bytes), f"{formats.plural(k.count, 'message')} of kind {k.name}, in 24 h")
        for k in left.kinds
        if k.newest and k.cls != "content"
    ]
    return tuple(sorted(reports + control, key=lambda s: s.at, reverse=True)[:6])


def _requests(cells: Sequence[object]) -> str:
    total = sum(getattr(c, "requests", 0) for c in cells)
    return formats.plural(total, "request") if cells else "nothing above the floor"


def _certificate(region: RegionFact, now: datetime) -> tuple[str, str, str, datetime] | None:
    cert = region.certificate
    if cert is None:
        return None
    coded = figures.life(cert.not_before, cert.not_after, now)
    used = coded.partition(",")[2].partition(".")[0]
    return cert.serial[:8], coded, f"{used} percent of its life used; renewal at 50 percent", cert.not_after


def _approve(region: RegionFact, who: Person) -> Button | None:
    if region.state != "awaiting-approval":
        return None
    why = "" if who.may(Role.OPERATIONS) else "Only central operations approve an enrolment."
    return Button("Approve enrolment\u2026", f"/regions/{region.id}/approve", "pri", why)
