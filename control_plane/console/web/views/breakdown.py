"""Spend by one dimension: one line per word, costs per currency, merged and withheld lines said as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from control_plane.console.web import formats
from control_plane.console.web.facts.spend import MERGED, SpendCell, SpendFact, SpendSource
from control_plane.console.web.views import figures

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
MERGED_NOTE = (
    "Merged in the regions before sending: fewer than {floor} people each, or one above half. "
    "What is still too small comes later; late, not lost."
)


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


def by_currency(cells: Sequence[SpendCell]) -> dict[str, int]:
    """Cost in micro-units per currency, in the order of their codes."""
    out: dict[str, int] = {}
    for cell in cells:
        if cell.currency:
            out[cell.currency] = out.get(cell.currency, 0) + cell.cost
    return dict(sorted(out.items()))


def rate(cost: int, tokens: int, currency: str) -> str:
    """Cost of 1,000 tokens with six decimals, since prices of small models are small."""
    return formats.money((cost * 1000 + tokens // 2) // tokens, currency, 6) if tokens else "\N{EN DASH}"


def value_of(cell: SpendCell, dimension: str) -> str:
    """A cell's word in a dimension."""
    value: str = getattr(cell, dimension)
    return value


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all lines share: the currencies, their totals, and how many decimals each column has."""

    whole: dict[str, int]
    decimals: dict[str, int]
    floor: int

    @property
    def currencies(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return tuple(self.whole)

    @staticmethod
    def of(fact: SpendFact, dimension: str) -> Sheet:
        """For one period and dimension."""
        sums: dict[str, dict[str, int]] = {}
        for cell in fact.cells:
            if cell.currency:
                column, word = sums.setdefault(cell.currency, {}), value_of(cell, dimension)
                column[word] = column.get(word, 0) + cell.cost
        decimals = {currency: formats.places(column.values()) for currency, column in sums.items()}
        return Sheet(by_currency(fact.cells), decimals, max((s.floor for s in fact.sources), default=10))

    def rows(self, fact: SpendFact, dimension: str) -> tuple[BreakRow, ...]:
        """Largest first, merged ones after, withheld regions last."""
        groups: dict[str, list[SpendCell]] = {}
        for cell in fact.cells:
            groups.setdefault(value_of(cell, dimension), []).append(cell)
        ordered = sorted(groups.items(), key=lambda g: (g[0] == MERGED, -sum(c.requests for c in g[1]), g[0]))
        rows = [self.row(_name(word, dimension), cells, merged=word == MERGED) for word, cells in ordered]
        if dimension == "region":
            rows.extend(self._withheld(s) for s in fact.sources if s.region not in groups)
        return tuple(rows)

    def row(self, name: str, cells: Sequence[SpendCell], *, merged: bool = False) -> BreakRow:
        """One line."""
        sums = by_currency(cells)
        tokens = {c: sum(x.tokens for x in cells if x.currency == c) for c in sums}
        return BreakRow(
            name,
            MERGED_NOTE.format(floor=self.floor) if merged else "",
            merged,
            formats.count(sum(c.requests for c in cells)),
            formats.count(sum(c.tokens for c in cells)),
            tuple(self._cost(sums[c], c) if c in sums else None for c in self.currencies),
            tuple(rate(sums[c], tokens[c], c) for c in self.currencies if c in sums),
        )

    def _cost(self, part: int, currency: str) -> CostCell:
        whole = self.whole[currency]
        return CostCell(
            formats.money(part, currency, self.decimals[currency]),
            formats.exact(part, currency),
            figures.share(part, whole),
            formats.percent(part, whole),
        )

    def _withheld(self, source: SpendSource) -> BreakRow:
        if source.profile == "digest-only":
            why = "Not sent: digest-only by decision of the region's officers. Not in the total."
        elif source.complete_to is None:
            why = "No report yet."
        else:
            why = (
                f"Nothing above the floor in this period: fewer than {source.floor} people. "
                "It is held back in the region and comes later. Not in the total."
            )
        none = tuple(None for _ in self.currencies)
        return BreakRow(
            source.region, "", merged=True, requests="", tokens="", costs=none, per_thousand=(), withheld=why
        )


def _name(word: str, dimension: str) -> str:
    if word == MERGED:
        return f"{LABELS[dimension]}s too small to show alone"
    return word or "not given"
