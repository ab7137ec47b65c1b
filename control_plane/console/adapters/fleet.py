"""Regions, activity and what left, for the console, from the centre's services."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bailiwick.contract.release import Config, Manifest
from control_plane.console.adapters.words import activity
from control_plane.console.web.facts.fleet import (
    Activity,
    CertificateFact,
    Digests,
    EngineFact,
    LedgerFact,
    LinkSpan,
    OfferFact,
    RegionFact,
    ReleaseRef,
    ReportFact,
)
from control_plane.domain.regions import Certificate, LinkEvent
from control_plane.domain.releases import Release
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.journal import Journal
from control_plane.services.ports import Registry, Transaction
from control_plane.services.regions import Regions, RegionView

LOG_WINDOW = 120
LINK_EVENTS = 500
DAY = timedelta(days=1)
QUIET_KINDS = 6


class CentreFleet:
    """`FleetReader` of the console's ports, but for `left`, which stands in `CentreLeft`."""

    def __init__(self, regions: Regions, journal: Journal, registry: Registry, now: Callable[[], datetime]) -> None:
        self._regions = regions
        self._journal = journal
        self._registry = registry
        self._now = now

    async def regions(self) -> tuple[RegionFact, ...]:
        """All regions that have enrolled, by id."""
        views = [v for v in await self._regions.list() if v.region.enrolled_at is not None]
        async with self._registry.begin() as tx:
            releases = {r.digest: r for r in await tx.releases.all()}
            certificates = {v.region.id: await tx.certificates.newest(v.region.id) for v in views}
            kinds = {v.region.id: await _kinds(tx, v) for v in views}
            events = await tx.links.events(None, LINK_EVENTS)
        now = self._now()
        return tuple(
            replace(
                region_fact(v, releases, certificates[v.region.id], now),
                link=spans(events, v, now),
                engines=_engines(v, kinds[v.region.id]),
            )
            for v in views
        )

    async def activity(self, limit: int) -> tuple[Activity, ...]:
        """Newest first. What comes with each report is shown once per region, so that people's doings stay in sight."""
        found = [said for entry in await self._journal.newest(LOG_WINDOW) if (said := activity(entry)) is not None]
        return thinned(found)[:limit]


def thinned(found: Sequence[Activity]) -> tuple[Activity, ...]:
    """Keep only the newest few of each region's recurring lines (reports, checkpoints, certificates)."""
    kept: list[Activity] = []
    seen: dict[tuple[str, str], int] = {}
    for said in found:
        recurring = (
            said.text.startswith(("Report no.", "Checkpoint at", "Agent certificate"))
            and "contradicts" not in said.text
        )
        key = (said.place, said.text[:10])
        seen[key] = seen.get(key, 0) + 1
        if not recurring or seen[key] <= 1:
            kept.append(said)
    return tuple(kept)


def spans(events: Sequence[LinkEvent], view: RegionView, now: datetime) -> tuple[LinkSpan, ...]:
    """How the link was over the last day. `events` are newest first; what lies before the first is unknown."""
    mine = [
        e for e in reversed(events) if e.region == view.region.id and e.kind in {"connected", "disconnected", "revoked"}
    ]
    out = []
    for i, event in enumerate(mine):
        end = mine[i + 1].at if i + 1 < len(mine) else now
        state = "connected" if event.kind == "connected" else "disconnected"
        if i + 1 == len(mine) and view.state == "disconnected":
            state = "disconnected"
        if end > now - DAY:
            out.append(LinkSpan(state, max(event.at, now - DAY), end))
    return tuple(out)


def region_fact(
    view: RegionView,
    releases: Mapping[bytes, Release],
    certificate: Certificate | None,
    now: datetime,
) -> RegionFact:
    """A region as the pages show it."""
    offers = tuple(
        OfferFact(releases[s.manifest].version, s.phase, s.at, s.reason)
        for s in sorted(view.standings, key=lambda s: s.at, reverse=True)
        if s.manifest in releases
    )
    state = _state(view, certificate, offers, now)
    report = view.report
    return RegionFact(
        id=RegionId(view.region.id),
        jurisdiction=view.region.jurisdiction,
        state=state,
        since=_since(view, state, offers),
        seen_at=view.link.seen_at if view.link else view.seen.seen_at if view.seen else None,
        observed=_observed(view),
        intended=_intended(view, releases),
        ledger=_ledger(view),
        report=ReportFact(report.sequence, report.period_start, report.period_end, report.received_at)
        if report
        else None,
        certificate=CertificateFact(certificate.serial, certificate.not_before, certificate.not_after)
        if certificate
        else None,
        offers=offers[:QUIET_KINDS],
        profile=report.profile if report else "floor",
        floor=report.k if report else 10,
    )


def _state(view: RegionView, certificate: Certificate | None, offers: tuple[OfferFact, ...], now: datetime) -> str:
    """The word to show: away with a lapsed certificate is expired; what its officers said counts while it is newer."""
    if view.state == "disconnected" and certificate is not None and certificate.not_after < now:
        return "expired"
    running = view.seen.version if view.seen else 0
    if view.state == "connected":
        newest = next((o for o in offers if o.version > running), None)
        if newest is not None and newest.state in {"awaiting-consent", "vetoed"}:
            return newest.state
    return view.state


def _since(view: RegionView, state: str, offers: tuple[OfferFact, ...]) -> datetime:
    told = next((o.at for o in offers if o.state == state), None)
    if told is not None:
        return told
    if state == "conflict-paused" and view.region.conflict_since:
        return view.region.conflict_since
    if state == "revoked" and view.region.revoked_at:
        return view.region.revoked_at
    if view.link is not None:
        return view.link.seen_at if state in {"disconnected", "expired"} else view.link.since
    return view.region.enrolled_at or view.region.invited_at


def _text(raw: bytes) -> str:
    return digest_text(raw) if raw else ""


def _observed(view: RegionView) -> ReleaseRef | None:
    seen = view.seen
    if seen is None or not seen.manifest:
        return None
    return ReleaseRef(
        seen.version, _text(seen.manifest), Digests(_text(seen.code), _text(seen.config), _text(seen.policy))
    )


def _intended(view: RegionView, releases: Mapping[bytes, Release]) -> ReleaseRef | None:
    if view.desired is None or view.desired.manifest not in releases:
        return None
    return reference(releases[view.desired.manifest])


def reference(release: Release) -> ReleaseRef:
    """A release by version and digests."""
    named = Manifest.decode(release.manifest)
    digests = Digests(named.code or "", named.config, named.policy, named.models or "")
    return ReleaseRef(release.version, _text(release.digest), digests)


def _ledger(view: RegionView) -> LedgerFact | None:
    if view.checkpoint is None:
        return None
    root = base64.b64encode(view.checkpoint.root).decode()
    origin = view.region.ledger_origin or ""
    return LedgerFact(view.checkpoint.size, root, origin, view.checkpoint.at, ("centre",), 1)


async def _kinds(tx: Transaction, view: RegionView) -> Mapping[str, str]:
    """Regions tell a model's state; what kind it is stands in the config that they run."""
    body = await tx.releases.blob(view.seen.config) if view.seen and view.seen.config else None
    return {model.id: model.kind for model in Config.decode(body).models} if body else {}


def _engines(view: RegionView, kinds: Mapping[str, str]) -> tuple[EngineFact, ...]:
    told = view.seen.engines if view.seen else ()
    return tuple(EngineFact(e.model, kinds.get(e.model, ""), e.state) for e in told)
