"""What left each region, as the centre received it. The region's own ledger has its side of the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from control_plane.domain.fleet import Received
from control_plane.domain.ledger import Witnessed
from control_plane.domain.reports import KeptReport
from control_plane.domain.words import RegionId
from control_plane.services.ports import Clock, Registry


@dataclass(frozen=True)
class Left:
    """One region: message counts by type and hour, its reports (newest first), its newest checkpoint."""

    region: RegionId
    received: tuple[Received, ...]
    reports: tuple[KeptReport, ...]
    checkpoint: Witnessed | None


class LeftReader:
    """Reads what regions sent."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    async def read(self, span: timedelta = timedelta(days=1), reports: int = 50) -> Sequence[Left]:
        """All regions over the last `span`, with at most so many reports each."""
        since = self._clock() - span
        async with self._registry.begin() as tx:
            received = await tx.states.received(since)
            newest = {checkpoint.region: checkpoint for checkpoint in await tx.witness.all_newest()}
            return [
                Left(
                    region=region.id,
                    received=tuple(count for count in received if count.region == region.id),
                    reports=tuple(await tx.reports.recent(region.id, reports)),
                    checkpoint=newest.get(region.id),
                )
                for region in await tx.regions.all()
            ]
