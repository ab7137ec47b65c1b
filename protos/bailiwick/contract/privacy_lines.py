"""What a report counts: settlements and refusals as lines, keyed by registered words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from bailiwick.contract.entry_usage import Decision, Settlement
from bailiwick.contract.errors import MalformedError

UNKNOWN: Final = "unknown"
"""Stands in a cell for a tag that was missing or is not registered."""
ANY: Final = "*"
"""Stands in a cell for a dimension that was merged away."""

Counted: TypeAlias = Settlement | Decision


class CellKey(NamedTuple):
    """The dimensions of a cell; the currency is never merged away."""

    cost_centre: str
    team: str
    project: str
    product: str
    use_case: str
    model: str
    environment: str
    tier: str
    currency: str


DIMENSIONS: Final[tuple[str, ...]] = CellKey._fields[:-1]

LEVELS: Final[tuple[tuple[str, ...], ...]] = (
    ("use_case",),
    ("product",),
    ("project",),
    ("team",),
    ("cost_centre",),
    ("model", "environment", "tier"),
)
"""What each step upward merges away; the last step is the whole region."""


class Stream(NamedTuple):
    """Lines that may share a cell: settled requests and refusals each stand on people of their own."""

    settled: bool
    service: bool


class Line(NamedTuple):
    """One settlement or refusal; a refusal has no tokens, cost or times."""

    idx: int
    person: str
    day: str
    key: CellKey
    outcome: str
    prompt: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cost: int = 0
    first_ms: int = 0
    total_ms: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The registered words by dimension; a dimension that is left out takes every word that the ledger holds."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not set(self.words).issubset(DIMENSIONS):
            raise MalformedError("a grid has other dimensions than cells have")

    def word(self, dimension: str, value: str) -> str:
        """The word that stands in a cell for a recorded value."""
        known = self.words.get(dimension)
        return value if value and (known is None or value in known) else UNKNOWN

    def key(self, entry: Counted) -> CellKey:
        """The finest cell that an entry belongs to."""
        tags = entry.tags
        values = {**tags, "model": entry.model, "tier": entry.tier}
        return CellKey(**{name: self.word(name, values[name]) for name in DIMENSIONS}, currency=entry.currency)


def line(index: int, entry: Counted, grid: Grid) -> tuple[Stream, Line]:
    """An entry as a line, with the stream that it belongs to."""
    key = grid.key(entry)
    if isinstance(entry, Decision):
        return Stream(settled=False, service=entry.service), Line(index, entry.person, entry.day, key, entry.reason)
    usage = entry.usage
    counted = Line(
        index,
        entry.person,
        entry.day,
        key,
        entry.finish,
        usage.prompt,
        usage.cached,
        usage.output,
        usage.reasoning,
        entry.cost,
        entry.first_ms,
        entry.total_ms,
    )
    return Stream(settled=True, service=entry.service), counted


def lines(entries: Sequence[tuple[int, Counted]], grid: Grid) -> dict[Stream, list[Line]]:
    """All lines by stream, in the order of their indices; an index given twice is refused."""
    ordered = sorted(entries, key=lambda pair: pair[0])
    if any(ordered[place][0] == ordered[place + 1][0] for place in range(len(ordered) - 1)):
        raise MalformedError("an entry is given twice")
    streams: dict[Stream, list[Line]] = {}
    for index, entry in ordered:
        stream, counted = line(index, entry, grid)
        streams.setdefault(stream, []).append(counted)
    return streams
