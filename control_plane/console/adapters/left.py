"""What left a region, for the console, from what the centre received."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from control_plane.console.adapters.fleet import CentreFleet
from control_plane.console.adapters.spend import KEYS, cell
from control_plane.console.web.facts.fleet import Activity, RegionFact
from control_plane.console.web.facts.left import KindFact, LeftFact, SentReport
from control_plane.console.web.facts.spend import SpendCell
from control_plane.domain.fleet import Received
from control_plane.domain.reports import KeptReport
from control_plane.domain.spend import Dimension, SpendQuery
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.left import LeftReader
from control_plane.services.spend import SpendReader

REPORTS = 40
CONTENT = frozenset({"report", "evidence-state"})
ENROLMENT = frozenset({"enrol", "renew", "enrolment", "renewal"})
NAMES = {
    "observed": "state",
    "release-state": "release status",
    "gate-verdict": "gate verdict",
    "evidence-state": "evidence digest",
    "checkpoint-state": "checkpoint question",
}


class CentreFleetReader:
    """`FleetReader` of the console's ports: regions and activity from `CentreFleet`, what left from here."""

    def __init__(self, fleet: CentreFleet, left: LeftReader, spend: SpendReader, now: Callable[[], datetime]) -> None:
        self._fleet = fleet
        self._left = left
        self._spend = spend
        self._now = now

    async def regions(self) -> tuple[RegionFact, ...]:
        """All regions that have enrolled."""
        return await self._fleet.regions()

    async def activity(self, limit: int) -> tuple[Activity, ...]:
        """Newest first."""
        return await self._fleet.activity(limit)

    async def left(self, region: RegionId, since: datetime) -> LeftFact | None:
        """What was received from a region since then."""
        known = next((r for r in await self._fleet.regions() if r.id == region), None)
        if known is None:
            return None
        everything = await self._left.read(self._now() - since, REPORTS)
        mine = next((found for found in everything if found.region == region), None)
        reports = mine.reports if mine else ()
        cells = await self._cells(region, reports)
        newest = reports[0] if reports else None
        return LeftFact(
            region=region,
            jurisdiction=known.jurisdiction,
            state=known.state,
            seen_at=known.seen_at,
            profile=newest.profile if newest else "floor",
            floor=newest.k if newest else 10,
            share_permille=newest.p_permille if newest else 500,
            kinds=kinds(mine.received if mine else ()),
            reports=tuple(_report(r, cells.get(r.period_start, ())) for r in reports),
            since=since,
        )

    async def _cells(self, region: RegionId, reports: Sequence[KeptReport]) -> dict[datetime, tuple[SpendCell, ...]]:
        """Cells by the begin of their report's period; a period that begins twice belongs to the later report."""
        if not reports:
            return {}
        since = min(r.period_start for r in reports)
        until = max(r.period_start for r in reports) + timedelta(seconds=1)
        keys = (Dimension.PERIOD, *KEYS[1:])
        where = ((Dimension.REGION, str(region)),)
        found: dict[datetime, list[SpendCell]] = {}
        for row in (await self._spend.read(SpendQuery(keys, since, until, where))).rows:
            one = cell(row)
            found.setdefault(one.bucket, []).append(one)
        return {at: tuple(cells) for at, cells in found.items()}


def kinds(received: Sequence[Received]) -> tuple[KindFact, ...]:
    """Counts of all hours by kind: content first, then by number of messages."""
    sums: dict[str, tuple[int, int, datetime]] = {}
    for part in received:
        count, size, newest = sums.get(part.kind, (0, 0, part.hour))
        sums[part.kind] = (count + part.count, size + part.size, max(newest, part.hour))
    facts = [KindFact(_class(kind), NAMES.get(kind, kind.replace("-", " ")), *parts) for kind, parts in sums.items()]
    order = {"content": 0, "control": 1, "enrolment": 2}
    return tuple(sorted(facts, key=lambda k: (order[k.cls], -k.count)))


def _class(kind: str) -> str:
    return "content" if kind in CONTENT else "enrolment" if kind in ENROLMENT else "control"


def _report(report: KeptReport, cells: tuple[SpendCell, ...]) -> SentReport:
    return SentReport(
        sequence=report.sequence,
        received_at=report.received_at,
        period_start=report.period_start,
        period_end=report.period_end,
        bytes=report.size,
        digest=digest_text(report.digest),
        first=report.first_index,
        next=report.next_index,
        cells=cells,
        ledger_size=report.ledger_size,
    )
