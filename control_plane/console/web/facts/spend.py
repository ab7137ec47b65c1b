"""Facts about spend: the cells of reports, summed into time buckets.

Nothing finer than a report's cell exists at the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from control_plane.domain.words import RegionId

MERGED = "*"
"""The value of a dimension that the region merged away before sending."""

DIMENSIONS = ("region", "team", "product", "use_case", "model", "environment", "project", "cost_centre")


@dataclass(frozen=True, slots=True)
class SpendCell:
    """Released measures of one combination in one time bucket. `cost` is in micro-units of `currency`."""

    bucket: datetime
    region: RegionId
    currency: str
    cost_centre: str
    team: str
    project: str
    product: str
    use_case: str
    model: str
    environment: str
    requests: int
    refused: int
    prompt: int
    cached: int
    output: int
    cost: int
    service: bool = False

    @property
    def tokens(self) -> int:
        """All tokens; cached ones are part of the prompt, reasoning is part of the output."""
        return self.prompt + self.output


@dataclass(frozen=True, slots=True)
class SpendSource:
    """How complete a region's figures are. `profile` digest-only sends no figures at all."""

    region: RegionId
    currency: str
    profile: str
    floor: int
    complete_to: datetime | None
    connected: bool


@dataclass(frozen=True, slots=True)
class EngineHours:
    """Machine time that does not depend on use; always sent."""

    region: RegionId
    engine_class: str
    seconds: int


@dataclass(frozen=True, slots=True)
class SpendFact:
    """Everything the spend page shows for a period [start, end)."""

    start: datetime
    end: datetime
    bucket_seconds: int
    cells: tuple[SpendCell, ...]
    sources: tuple[SpendSource, ...]
    machines: tuple[EngineHours, ...] = ()
    withheld_reports: tuple[tuple[RegionId, int], ...] = ()
