"""One page for people: what the bundle covers, in tables and bars. Self-contained, no script, nothing fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from bailiwick.contract.times import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from data_plane.evidence.sources import Facts
    from data_plane.evidence.tables import Summary

BAR = 240


def render(facts: Facts, summary: Summary) -> str:
    """The page."""
    environment = Environment(loader=PackageLoader("data_plane.evidence"), autoescape=True, undefined=StrictUndefined)
    cost = {f"{team or 'unknown'}, {currency}": amount for (team, currency), amount in summary.cost.items()}
    return environment.get_template("report.html.j2").render(
        region=facts.region,
        jurisdiction=facts.jurisdiction,
        origin=facts.origin,
        first=facts.first,
        next=facts.next,
        size=facts.head.size,
        root=facts.head.root.hex(),
        previous=facts.previous.size if facts.previous else None,
        created=format_time(facts.created),
        tables=(
            ("Entries by kind", "entries", _bars(summary.kinds)),
            ("Settled requests by team", "requests", _bars(summary.requests)),
            ("Cost by team", "micro-units", _bars(cost)),
            ("How usage is known", "requests", _bars(summary.how)),
            ("Refusals by reason", "requests", _bars(summary.refusals)),
            ("Refusals by rule", "requests", _bars(summary.rules)),
            ("Messages that left", "messages", _bars(summary.left)),
        ),
        events=summary.events,
    )


def _bars(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Name, number with commas, and width of the bar in pixels; largest first."""
    most = max(counts.values(), default=0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name or "unknown", f"{count:,}", BAR * count // most if most else 0) for name, count in ordered]
