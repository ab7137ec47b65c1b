"""Spend: from cells to sums by any dimension. Currencies are never added; what was merged or withheld is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_plane.console.web import formats
from control_plane.console.web.facts.spend import DIMENSIONS, SpendFact, SpendSource
from control_plane.console.web.views.breakdown import LABELS, BreakRow, Sheet, by_currency, rate
from control_plane.console.web.views.chart import Chart, chart
from control_plane.console.web.views.parts import Stat

PERIODS: dict[str, tuple[str, timedelta, timedelta]] = {
    "hour": ("Last hour", timedelta(hours=1), timedelta(minutes=1)),
    "day": ("24 hours", timedelta(days=1), timedelta(minutes=30)),
    "week": ("7 days", timedelta(days=7), timedelta(hours=6)),
    "month": ("30 days", timedelta(days=30), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How complete a region's figures are."""

    region: str
    currency: str
    complete_to: datetime | None
    note: str
    old: bool


@dataclass(frozen=True, slots=True)
class MachineRow:
    """Engine time; sent whatever the floor withholds."""

    region: str
    engine_class: str
    hours: str


@dataclass(frozen=True, slots=True)
class SpendView:
    """Everything the spend page prints."""

    period: str
    periods: tuple[tuple[str, str], ...]
    dimension: str
    dimensions: tuple[tuple[str, str], ...]
    lede: str
    stats: tuple[Stat, ...]
    currencies: tuple[str, ...]
    rows: tuple[BreakRow, ...]
    total: BreakRow
    chart: Chart
    sources: tuple[SourceRow, ...]
    machines: tuple[MachineRow, ...]
    empty: bool


def build(fact: SpendFact, period: str, dimension: str, now: datetime) -> SpendView:
    """`period` is a key of PERIODS, `dimension` one of DIMENSIONS."""
    sheet = Sheet.of(fact, dimension)
    currencies = sheet.currencies
    return SpendView(
        period=period,
        periods=tuple((k, v[0]) for k, v in PERIODS.items()),
        dimension=dimension,
        dimensions=tuple((d, LABELS[d]) for d in DIMENSIONS),
        lede=_lede(fact, currencies),
        stats=_stats(fact, currencies),
        currencies=currencies,
        rows=sheet.rows(fact, dimension),
        total=sheet.row("Total", fact.cells),
        chart=chart(fact, currencies),
        sources=tuple(_source(s, now) for s in fact.sources),
        machines=tuple(MachineRow(m.region, m.engine_class, formats.span_seconds(m.seconds)) for m in fact.machines),
        empty=not fact.cells,
    )


def _lede(fact: SpendFact, currencies: Sequence[str]) -> str:
    if not fact.cells:
        return (
            "No spend has been reported for this period. A sum leaves its region only when enough people "
            "are in it; money is late, never lost."
        )
    sums = [formats.money(v, c) for c, v in by_currency(fact.cells).items()]
    total = formats.listing(sums) or "No cost"
    text = f"{total} reported by {formats.plural(len({c.region for c in fact.cells}), 'region')}."
    return text + (
        " Currencies are not added together: no signed rate table is in force." if len(currencies) > 1 else ""
    )


def _stats(fact: SpendFact, currencies: Sequence[str]) -> tuple[Stat, ...]:
    tokens = sum(c.tokens for c in fact.cells)
    prompt, output, cached = (
        sum(c.prompt for c in fact.cells),
        sum(c.output for c in fact.cells),
        sum(c.cached for c in fact.cells),
    )
    requests, refused = sum(c.requests for c in fact.cells), sum(c.refused for c in fact.cells)
    sums = by_currency(fact.cells)
    first = formats.money(sums[currencies[0]], currencies[0]) if currencies else "none"
    rest = tuple(formats.money(sums[c], c) for c in currencies[1:])
    figure, unit = formats.brief(tokens)
    rates = [rate(sums[c], sum(x.tokens for x in fact.cells if x.currency == c), c) for c in currencies]
    complete = [s.complete_to for s in fact.sources if s.complete_to and s.profile != "digest-only"]
    return (
        Stat("Cost", first, note="not added together" if rest else "in the currency of the price book", more=rest),
        Stat(
            "Requests",
            formats.count(requests),
            note=f"{formats.count(refused)} refused, {formats.percent(refused, requests, 2)}" if requests else "",
        ),
        Stat(
            "Tokens",
            figure,
            unit,
            f"{formats.count(prompt)} prompt ({formats.count(cached)} cached), {formats.count(output)} output",
        ),
        Stat("Per 1,000 tokens", rates[0] if rates else "none", note="all models together", more=tuple(rates[1:])),
        Stat(
            "Complete to",
            formats.clock(min(complete)),
            "UTC",
            f"{len(complete)} of {formats.plural(len(fact.sources), 'region')}; small sums may follow",
        )
        if complete
        else Stat("Complete to", "none", note="no report yet"),
    )


def _source(source: SpendSource, now: datetime) -> SourceRow:
    note = "digest-only: no figures leave" if source.profile == "digest-only" else f"floor of {source.floor} people"
    if source.complete_to is None:
        note = "no report yet"
    elif not source.connected:
        note = f"away; reports wait there since {formats.span(now - source.complete_to)}"
    return SourceRow(source.region, source.currency, source.complete_to, note, not source.connected)
