"""What left a region, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from control_plane.console.web import formats
from control_plane.console.web.facts.left import KindFact, LeftFact, SentReport
from control_plane.console.web.facts.spend import MERGED, SpendCell
from control_plane.console.web.views.parts import State
from control_plane.console.web.views.region_row import NOT_CURRENT

ABOUT = {
    "report": ("sums by registered words", "on a fixed schedule"),
    "evidence digest": ("digest of a bundle, never the bundle", "on grant"),
    "checkpoint": ("ledger size and root, padded", "with each report"),
    "checkpoint question": ("asks which size the witness knows", "with each report"),
    "heartbeat": ("a counter and the clock", "fixed"),
    "state": ("release digests, engines ready or not", "fixed and on change"),
    "release status": ("staged, consented, applied; officers' signatures", "on change"),
    "gate verdict": ("verdict and code, no figures", "on request"),
    "fetch": ("asks for a release by digest", "on offer"),
    "enrolment": ("public key only", "at half life"),
}
PARTS = ("team", "product", "use_case")


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of message in the window."""

    name: str
    about: str
    schedule: str
    count: str
    bytes: str
    each: str


@dataclass(frozen=True, slots=True)
class CellRow:
    """A released cell. `merged` means the region folded smaller ones into it."""

    label: str
    model: str
    environment: str
    requests: str
    tokens: str
    cost: str
    merged: bool


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as received."""

    sequence: str
    at: datetime
    size: str
    period: str
    summary: str
    cells: tuple[CellRow, ...]
    total: tuple[str, str, tuple[str, ...]]
    digest: str
    indices: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class QuietReports:
    """Reports in a row in which no cell reached the floor: machine lines only."""

    sequences: str
    at: datetime
    size: str
    period: str
    count: str
    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LeftView:
    """Everything the page prints about one region."""

    region: str
    jurisdiction: str
    state: State
    seen_at: datetime | None
    away: bool
    kinds: tuple[KindRow, ...]
    messages: str
    bytes: str
    reports: tuple[ReportRow | QuietReports, ...]
    profile: str
    floor: int
    share: str


def build(left: LeftFact) -> LeftView:
    """Newest report first."""
    return LeftView(
        region=left.region,
        jurisdiction=left.jurisdiction,
        state=State(left.state),
        seen_at=left.seen_at,
        away=left.state in NOT_CURRENT,
        kinds=tuple(_kind(k) for k in left.kinds),
        messages=formats.count(sum(k.count for k in left.kinds)),
        bytes=formats.count(sum(k.bytes for k in left.kinds)),
        reports=_reports(left.reports),
        profile=left.profile,
        floor=left.floor,
        share="half" if left.share_permille == 500 else f"{left.share_permille / 10:g} %",
    )


def _kind(kind: KindFact) -> KindRow:
    about, schedule = ABOUT.get(kind.name, ("", ""))
    each = formats.size(round(kind.bytes / kind.count)) if kind.count else ""
    return KindRow(
        kind.name,
        f"{kind.cls}: {about}" if about else kind.cls,
        schedule,
        formats.count(kind.count),
        formats.count(kind.bytes),
        each,
    )


def cell_label(cell: SpendCell) -> tuple[str, bool]:
    """The words of a cell and whether some of them were merged away."""
    values = [getattr(cell, p) for p in PARTS]
    kept = [v for v in values if v not in {MERGED, ""}]
    merged = MERGED in values
    if not kept:
        return "other, merged", True
    return ", ".join(kept) + (", others merged" if merged else ""), merged


def _report(report: SentReport) -> ReportRow:
    decimals = formats.places(c.cost for c in report.cells)
    requests = sum(c.requests for c in report.cells)
    sums: dict[str, int] = {}
    for cell in report.cells:
        sums[cell.currency] = sums.get(cell.currency, 0) + cell.cost
    cost = tuple(formats.money(v, c, decimals) for c, v in sorted(sums.items()) if c)
    many = formats.plural(len(report.cells), "cell")
    return ReportRow(
        sequence=formats.count(report.sequence),
        at=report.received_at,
        size=formats.size(report.bytes),
        period=formats.period(report.period_start, report.period_end),
        summary=f"{many}, {formats.plural(requests, 'request')}"
        if report.cells
        else "no cell reached the floor; what there is waits for a later report",
        cells=tuple(
            _cell(c, decimals) for c in sorted(report.cells, key=lambda c: (cell_label(c)[1], -c.requests, c.team))
        ),
        total=(formats.count(requests), formats.count(sum(c.tokens for c in report.cells)), cost),
        digest=report.digest,
        indices=_indices(report),
    )


def _indices(report: SentReport) -> str:
    if report.next <= report.first:
        return "no new entries"
    return f"entries {formats.count(report.first)} to {formats.count(report.next - 1)}"


def _cell(cell: SpendCell, decimals: int) -> CellRow:
    label, merged = cell_label(cell)
    return CellRow(
        label + (", service" if cell.service else ""),
        "all" if cell.model == MERGED else cell.model,
        "all" if cell.environment == MERGED else cell.environment,
        formats.count(cell.requests),
        formats.count(cell.tokens),
        formats.money(cell.cost, cell.currency, decimals) if cell.currency else "",
        merged,
    )


def _reports(reports: Sequence[SentReport]) -> tuple[ReportRow | QuietReports, ...]:
    """Newest first; several quiet ones in a row are one line. The newest with cells is open."""
    rows: list[ReportRow | QuietReports] = []
    opened = False
    for quiet, run in groupby(reports, key=lambda r: not r.cells):
        members = list(run)
        if quiet and len(members) > 1:
            rows.append(_quiet(members))
            continue
        for report in members:
            rows.append(replace(_report(report), open=bool(report.cells) and not opened))
            opened = opened or bool(report.cells)
    return tuple(rows)


def _quiet(members: Sequence[SentReport]) -> QuietReports:
    newest, oldest = members[0], members[-1]
    return QuietReports(
        sequences=f"{formats.count(oldest.sequence)} to {formats.count(newest.sequence)}",
        at=newest.received_at,
        size=formats.size(sum(r.bytes for r in members)),
        period=formats.period(oldest.period_start, newest.period_end),
        count=formats.count(len(members)),
        digests=tuple((formats.count(r.sequence), r.digest) for r in members),
    )
