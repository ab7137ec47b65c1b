"""Series for the large chart: one value per bucket and region, as integers the browser only scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from control_plane.console.web import formats
from control_plane.console.web.facts.spend import SpendCell, SpendFact


@dataclass(frozen=True, slots=True)
class Measure:
    """What can be charted. `kind` is count or money; for money, values are micro-units of `currency`."""

    key: str
    label: str
    kind: str
    currency: str
    regions: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    series: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Buckets as ISO times, measures with a row of values per region, and the same as a table."""

    buckets: tuple[str, ...]
    labels: tuple[str, ...]
    bucket_seconds: int
    measures: tuple[Measure, ...]

    def payload(self) -> dict[str, object]:
        """JSON for the browser."""
        return {
            "labels": list(self.labels),
            "measures": [
                {
                    "key": m.key,
                    "label": m.label,
                    "kind": m.kind,
                    "symbol": formats.SYMBOLS.get(m.currency, f"{m.currency} " if m.currency else ""),
                    "regions": list(m.regions),
                    "values": [list(v) for v in m.values],
                    "series": list(m.series),
                }
                for m in self.measures
            ],
        }

    def table(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(bucket, one cell per region and measure) for non-empty buckets, newest first."""
        rows = []
        for i, label in reversed(list(enumerate(self.labels))):
            cells = [(m, v[i]) for m in self.measures for v in m.values]
            if any(v for _, v in cells):
                rows.append((label, tuple(_shown(m, v) for m, v in cells)))
        return tuple(rows[:60])


def _shown(measure: Measure, value: int) -> str:
    return formats.exact(value, measure.currency) if measure.kind == "money" else formats.count(value)


def chart(fact: SpendFact, currencies: Sequence[str]) -> Chart:
    """Requests, tokens, and cost once per currency.

    Buckets without a report are zero: nothing above the floor was sent.
    """
    step = timedelta(seconds=fact.bucket_seconds)
    first = _align(fact.start, fact.bucket_seconds)
    starts = []
    while first < fact.end:
        starts.append(first)
        first += step
    regions = tuple(sorted({s.region for s in fact.sources} | {c.region for c in fact.cells}))
    costs = [
        _measure(
            fact.cells,
            starts,
            tuple(sorted({c.region for c in fact.cells if c.currency == cur})),
            f"cost-{cur}",
            f"Cost, {cur}",
            cur,
            lambda c: c.cost,
        )
        for cur in currencies
    ]
    plain = [
        _measure(fact.cells, starts, regions, "tokens", "Tokens", "", lambda c: c.tokens),
        _measure(fact.cells, starts, regions, "requests", "Requests", "", lambda c: c.requests),
    ]
    ordered = costs + plain if len(currencies) == 1 else plain + costs
    colours: dict[str, int] = {r: i for i, r in enumerate(regions)}
    measures = tuple(replace(m, series=tuple(colours[r] for r in m.regions)) for m in ordered)
    return Chart(
        tuple(formats.iso(s) for s in starts),
        tuple(
            formats.day(s)
            if fact.bucket_seconds >= 86400
            else formats.stamp(s)
            if fact.bucket_seconds >= 21600
            else formats.clock(s)
            for s in starts
        ),
        fact.bucket_seconds,
        measures,
    )


def _align(at: datetime, seconds: int) -> datetime:
    epoch = int(at.timestamp())
    return datetime.fromtimestamp(epoch - epoch % seconds, UTC)


def _measure(
    cells: Sequence[SpendCell],
    starts: Sequence[datetime],
    regions: tuple[str, ...],
    key: str,
    label: str,
    currency: str,
    take: Callable[[SpendCell], int],
) -> Measure:
    index = {s: i for i, s in enumerate(starts)}
    rows = {r: [0] * len(starts) for r in regions}
    for cell in cells:
        at = index.get(cell.bucket)
        if at is not None and cell.region in rows and (not currency or cell.currency == currency):
            rows[cell.region][at] += take(cell)
    return Measure(
        key, label, "money" if currency else "count", currency, regions, tuple(tuple(rows[r]) for r in regions)
    )
