"""Spend: from cells to sums by any dimension. Currencies are never added; what was merged or withheld is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from control_plane.console.web import formats
from control_plane.console.web.facts.spend import DIMENSIONS, MERGED, SpendCell, SpendFact, SpendSource
from control_plane.console.web.views import figures
from control_plane.console.web.views.chart import Chart, chart
from control_plane.console.web.views.parts import Stat

PERIODS: dict[str, tuple[str, timedelta, timedelta]] = {
    "hour": ("Last hour", timedelta(hours=1), timedelta(minutes=1)),
    "day": ("24 hours", timedelta(days=1), timedelta(minutes=30)),
    "week": ("7 days", timedelta(days=7), timedelta(hours=6)),
    "month": ("30 days", timedelta(days=30), timedelta(days=1)),
}
LABELS = {
    "region": "Region",
    "team": "Team",
    "product": "Product",
    "use_case": "Use case",
    "model": "Model",
    "environment": "Environment",
    "project": "Project",
    "cost_centre": "Cost centre",
}


@dataclass(frozen=True, slots=True)
class CostCell:
    """Cost in one currency and its share of that currency's total, in per cent."""

    amount: str
    exact: str
    share: str
    percent: str


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A line of the breakdown. `merged` says that regions folded smaller groups into it before sending."""

    name: str
    note: str
    merged: bool
    requests: str
    tokens: str
    costs: tuple[CostCell | None, ...]
    per_thousand: tuple[str, ...]
    withheld: str = ""


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
    currencies = tuple(sorted({c.currency for c in fact.cells if c.currency}))
    decimals = {
        cur: formats.places(
            _sums(fact.cells, lambda c: (_value(c, dimension), c.currency)).get((v, cur), 0)
            for v in _values(fact.cells, dimension)
        )
        for cur in currencies
    }
    return SpendView(
        period=period,
        periods=tuple((k, v[0]) for k, v in PERIODS.items()),
        dimension=dimension,
        dimensions=tuple((d, LABELS[d]) for d in DIMENSIONS),
        lede=_lede(fact, currencies),
        stats=_stats(fact, currencies),
        currencies=currencies,
        rows=_rows(fact, dimension, currencies, decimals),
        total=_total(fact.cells, currencies, decimals),
        chart=chart(fact, currencies),
        sources=tuple(_source(s, now) for s in fact.sources),
        machines=tuple(MachineRow(m.region, m.engine_class, formats.span_seconds(m.seconds)) for m in fact.machines),
        empty=not fact.cells,
    )


def _value(cell: SpendCell, dimension: str) -> str:
    value: str = getattr(cell, dimension)
    return value


def _values(cells: Sequence[SpendCell], dimension: str) -> set[str]:
    return {_value(c, dimension) for c in cells}


def _sums(cells: Sequence[SpendCell], key: Callable[[SpendCell], tuple[str, str]]) -> dict[tuple[str, str], int]:
    out: dict[tuple[str, str], int] = {}
    for cell in cells:
        out[key(cell)] = out.get(key(cell), 0) + cell.cost
    return out


def _by_currency(cells: Sequence[SpendCell]) -> dict[str, int]:
    out: dict[str, int] = {}
    for cell in cells:
        if cell.currency:
            out[cell.currency] = out.get(cell.currency, 0) + cell.cost
    return dict(sorted(out.items()))


def _lede(fact: SpendFact, currencies: Sequence[str]) -> str:
    if not fact.cells:
        return "No spend has been reported for this period. A sum leaves its region only when enough people are in it; money is late, never lost."
    sums = [formats.money(v, c) for c, v in _by_currency(fact.cells).items()]
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
    sums = _by_currency(fact.cells)
    first = formats.money(sums[currencies[0]], currencies[0]) if currencies else "none"
    rest = tuple(formats.money(sums[c], c) for c in currencies[1:])
    figure, unit = formats.brief(tokens)
    rates = [_rate(sums[c], sum(x.tokens for x in fact.cells if x.currency == c), c) for c in currencies]
    complete = [s.complete_to for s in fact.sources if s.complete_to]
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


def _rate(cost: int, tokens: int, currency: str) -> str:
    """Cost of 1,000 tokens with five decimals at most six, since prices of small models are small."""
    return formats.money((cost * 1000 + tokens // 2) // tokens, currency, 6) if tokens else "\N{EN DASH}"


def _rows(fact: SpendFact, dimension: str, currencies: Sequence[str], decimals: dict[str, int]) -> tuple[BreakRow, ...]:
    whole = _by_currency(fact.cells)
    rows = []
    for value in sorted(_values(fact.cells, dimension), key=lambda v: _rank(fact.cells, dimension, v)):
        cells = [c for c in fact.cells if _value(c, dimension) == value]
        rows.append(_row(_name(value, dimension), value == MERGED, cells, currencies, whole, decimals, _floor(fact)))
    if dimension == "region":
        rows.extend(_withheld(s, currencies) for s in fact.sources if s.region not in _values(fact.cells, "region"))
    return tuple(rows)


def _rank(cells: Sequence[SpendCell], dimension: str, value: str) -> tuple[bool, int, str]:
    """Merged last, then by requests."""
    return value == MERGED, -sum(c.requests for c in cells if _value(c, dimension) == value), value


def _floor(fact: SpendFact) -> int:
    return max((s.floor for s in fact.sources), default=10)


def _name(value: str, dimension: str) -> str:
    if value == MERGED:
        return (
            f"{LABELS[dimension]}s too small to show alone"
            if dimension != "use_case"
            else "Use cases too small to show alone"
        )
    return value or "not given"


def _row(
    name: str,
    merged: bool,
    cells: Sequence[SpendCell],
    currencies: Sequence[str],
    whole: dict[str, int],
    decimals: dict[str, int],
    floor: int,
) -> BreakRow:
    sums = _by_currency(cells)
    note = (
        f"Merged in the regions before sending: fewer than {floor} people each, or one above half. What is still too small comes later; late, not lost."
        if merged
        else ""
    )
    return BreakRow(
        name,
        note,
        merged,
        formats.count(sum(c.requests for c in cells)),
        formats.count(sum(c.tokens for c in cells)),
        tuple(_cost(sums[c], whole[c], c, decimals[c]) if c in sums else None for c in currencies),
        tuple(_rate(sums[c], sum(x.tokens for x in cells if x.currency == c), c) for c in currencies if c in sums),
    )


def _cost(part: int, whole: int, currency: str, decimals: int) -> CostCell:
    return CostCell(
        formats.money(part, currency, decimals),
        formats.exact(part, currency),
        figures.share(part, whole),
        formats.percent(part, whole),
    )


def _total(cells: Sequence[SpendCell], currencies: Sequence[str], decimals: dict[str, int]) -> BreakRow:
    return _row("Total", False, cells, currencies, _by_currency(cells), decimals, 0)


def _withheld(source: SpendSource, currencies: Sequence[str]) -> BreakRow:
    if source.profile == "digest-only":
        why = "Not sent: digest-only by decision of the region's officers. Not in the total."
    elif source.complete_to is None:
        why = "No report yet."
    else:
        why = f"Nothing above the floor: fewer than {source.floor} people. It is held back in the region and comes later. Not in the total."
    return BreakRow(source.region, "", True, "", "", tuple(None for _ in currencies), (), why)


def _source(source: SpendSource, now: datetime) -> SourceRow:
    note = "digest-only: no figures leave" if source.profile == "digest-only" else f"floor of {source.floor} people"
    if source.complete_to is None:
        note = "no report yet"
    elif not source.connected:
        note = f"away; reports wait there since {formats.span(now - source.complete_to)}"
    return SourceRow(source.region, source.currency, source.complete_to, note, not source.connected)
