"""Spend: sums over the cells that regions have released.

Amounts are integers. Currencies are never added: each row has one. What a region withheld is unknown here, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from control_plane.domain.errors import InvalidError
from control_plane.domain.words import MERGED, RegionId


class Dimension(StrEnum):
    """By what spend may be grouped and filtered. The order is that of the columns."""

    REGION = "region"
    COST_CENTRE = "cost_centre"
    TEAM = "team"
    PROJECT = "project"
    PRODUCT = "product"
    USE_CASE = "use_case"
    MODEL = "model"
    ENVIRONMENT = "environment"
    TIER = "tier"
    SERVICE = "service"
    DAY = "day"
    PERIOD = "period"
    BUCKET = "bucket"


def dimensions(text: str) -> tuple[Dimension, ...]:
    """Parse `region,team`; an unknown or repeated name is refused with the permitted ones."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    permitted = ", ".join(Dimension)
    try:
        found = tuple(Dimension(name) for name in names)
    except ValueError as error:
        raise InvalidError("dimension", "There is no such dimension.", f"Use some of: {permitted}.") from error
    if len(set(found)) != len(found):
        raise InvalidError("dimension", "A dimension is named twice.", "Name each once.")
    return found


@dataclass(frozen=True)
class SpendQuery:
    """Which cells to sum: grouped by `group_by`, of periods that begin in [since, until), with these words only.

    The dimension `bucket` is the begin of the `bucket`-long time, counted from the epoch, in which a period begins.
    """

    group_by: tuple[Dimension, ...] = (Dimension.REGION,)
    since: datetime | None = None
    until: datetime | None = None
    where: tuple[tuple[Dimension, str], ...] = ()
    bucket: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class SpendRow:
    """One sum. `key` has one word per grouped dimension; "*" where the region merged finer cells.

    `cost_micro` is in micro-units of `currency`.
    """

    key: tuple[str, ...]
    currency: str
    requests: int
    refused: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_micro: int

    @property
    def merged(self) -> bool:
        """Whether finer cells were merged by a region, because they were about too few people."""
        return MERGED in self.key


@dataclass(frozen=True)
class Coverage:
    """How far a region's reports reach, and under which floor they were made."""

    region: RegionId
    reports: int
    first_period: datetime
    last_period: datetime
    last_sequence: int
    profile: str
    k: int
    p_permille: int


@dataclass(frozen=True)
class MachineSum:
    """Machine lines of a region over the query's time: `engine-seconds` are summed, `storage-mib` is the newest."""

    region: RegionId
    measure: str
    model: str
    amount: int


@dataclass(frozen=True)
class Spend:
    """The answer to a query. What regions withheld is not in it, and nobody here knows how much that is."""

    query: SpendQuery
    rows: tuple[SpendRow, ...]
    machines: tuple[MachineSum, ...]
    coverage: tuple[Coverage, ...]

    @property
    def totals(self) -> tuple[tuple[str, int], ...]:
        """(currency, micro-units) of all rows, one pair per currency."""
        sums: dict[str, int] = {}
        for row in self.rows:
            sums[row.currency] = sums.get(row.currency, 0) + row.cost_micro
        return tuple(sorted(sums.items()))


MERGED_NOTE = (
    "Cells about fewer people than the region's floor were merged by the region before they left. "
    "A * stands for words that cannot be told apart here."
)
WITHHELD_NOTE = (
    "What a region still withholds is unknown to the centre. It arrives in a later report once enough people "
    "are in it; the region's own ledger has it all."
)
