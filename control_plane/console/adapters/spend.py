"""Spend for the console, from the centre's reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from control_plane.console.web.facts.spend import EngineHours, SpendCell, SpendFact, SpendSource
from control_plane.domain.spend import Coverage, Dimension, Spend, SpendQuery, SpendRow
from control_plane.domain.words import RegionId
from control_plane.services.regions import Regions
from control_plane.services.spend import SpendReader

KEYS = (
    Dimension.BUCKET,
    Dimension.REGION,
    Dimension.COST_CENTRE,
    Dimension.TEAM,
    Dimension.PROJECT,
    Dimension.PRODUCT,
    Dimension.USE_CASE,
    Dimension.MODEL,
    Dimension.ENVIRONMENT,
    Dimension.SERVICE,
)
AWAY = frozenset({"disconnected", "expired"})


class CentreSpend:
    """`SpendReader` of the console's ports."""

    def __init__(self, spend: SpendReader, regions: Regions) -> None:
        self._spend = spend
        self._regions = regions

    async def spend(self, start: datetime, end: datetime, bucket: timedelta) -> SpendFact:
        """Released cells of reports whose period begins in [start, end), summed per bucket."""
        read = await self._spend.read(SpendQuery(KEYS, start, end, (), bucket))
        states = {view.region.id: view.state for view in await self._regions.list()}
        cells = tuple(cell(row) for row in read.rows)
        return SpendFact(
            start=start,
            end=end,
            bucket_seconds=int(bucket.total_seconds()),
            cells=cells,
            sources=_sources(read, cells, {str(region): state for region, state in states.items()}),
            machines=tuple(
                EngineHours(RegionId(line.region), line.model or "engine", line.amount)
                for line in read.machines
                if line.measure == "engine-seconds"
            ),
        )


def cell(row: SpendRow) -> SpendCell:
    """A row grouped by KEYS."""
    bucket, region, cost_centre, team, project, product, use_case, model, environment, service = row.key
    return SpendCell(
        bucket=datetime.fromisoformat(bucket).astimezone(UTC),
        region=RegionId(region),
        currency=row.currency,
        cost_centre=cost_centre,
        team=team,
        project=project,
        product=product,
        use_case=use_case,
        model=model,
        environment=environment,
        requests=row.requests,
        refused=row.refused,
        prompt=row.prompt_tokens,
        cached=row.cached_tokens,
        output=row.output_tokens,
        cost=row.cost_micro,
        service=service == "true",
    )


def _sources(read: Spend, cells: tuple[SpendCell, ...], states: dict[str, str]) -> tuple[SpendSource, ...]:
    """One per region, with the currency that its cells carry."""
    covered: dict[str, Coverage] = {found.region: found for found in read.coverage}
    currencies = {found.region: found.currency for found in cells if found.currency}
    sources = []
    for region, state in sorted(states.items()):
        known = covered.get(region)
        sources.append(
            SpendSource(
                RegionId(region),
                currencies.get(RegionId(region), ""),
                known.profile if known else "floor",
                known.k if known else 10,
                known.last_period if known else None,
                connected=state not in AWAY,
            )
        )
    return tuple(sources)
