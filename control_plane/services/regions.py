"""Regions: what stands where, approval, revocation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from control_plane.domain.errors import NotFoundError
from control_plane.domain.ledger import Witnessed
from control_plane.domain.regions import (
    Link,
    LinkEvent,
    Observation,
    Region,
    RegionPhase,
    approve_check,
    shown_state,
)
from control_plane.domain.releases import Desired, ReleaseStanding
from control_plane.domain.reports import KeptReport
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction


@dataclass(frozen=True)
class RegionView:
    """All that the centre knows of a region now. `state` is the word that status pages show."""

    region: Region
    state: str
    link: Link | None
    seen: Observation | None
    desired: Desired | None
    report: KeptReport | None
    checkpoint: Witnessed | None
    standings: tuple[ReleaseStanding, ...]


class Regions:
    """Use cases over regions. Revoking needs the centre alone; nothing here reaches into a region."""

    def __init__(self, registry: Registry, clock: Clock, away: timedelta) -> None:
        self._registry = registry
        self._clock = clock
        self._away = away

    async def list(self) -> Sequence[RegionView]:
        """All regions in the order of their ids."""
        async with self._registry.begin() as tx:
            regions = await tx.regions.all()
            return await self._views(tx, regions)

    async def show(self, region: RegionId) -> RegionView:
        """One region."""
        async with self._registry.begin() as tx:
            found = await tx.regions.get(region)
            if found is None:
                raise NotFoundError("region", "There is no such region.", "See `bailiwick region list`.")
            return (await self._views(tx, [found]))[0]

    async def events(self, region: RegionId | None, limit: int = 100) -> Sequence[LinkEvent]:
        """When links came and went, newest first."""
        async with self._registry.begin() as tx:
            return await tx.links.events(region, limit)

    async def approve(self, region: RegionId, by: str) -> Region:
        """Let an enrolled region have its certificate. Approving twice is refused."""
        now = self._clock()
        async with self._registry.begin() as tx:
            found = await self._locked(tx, region)
            approve_check(found)
            approved = replace(found, phase=RegionPhase.APPROVED, approved_at=now, approved_by=by)
            await tx.regions.save(approved)
            await record(tx, "region.approve", by, now, region=region)
            return approved

    async def revoke(self, region: RegionId, by: str) -> Sequence[str]:
        """Revoke all certificates of a region, which cuts its link; returns their serials. The region serves on."""
        now = self._clock()
        async with self._registry.begin() as tx:
            found = await self._locked(tx, region)
            serials = await tx.certificates.revoke_all(region, now)
            await tx.regions.save(replace(found, phase=RegionPhase.REVOKED, revoked_at=now))
            await record(tx, "region.revoke", by, now, region=region, certificates=len(serials))
            return serials

    async def _locked(self, tx: Transaction, region: RegionId) -> Region:
        found = await tx.regions.lock(region)
        if found is None:
            raise NotFoundError("region", "There is no such region.", "See `bailiwick region list`.")
        return found

    async def _views(self, tx: Transaction, regions: Sequence[Region]) -> Sequence[RegionView]:
        now = self._clock()
        links = {link.region: link for link in await tx.links.all()}
        seen = {observation.region: observation for observation in await tx.states.observations()}
        newest = {checkpoint.region: checkpoint for checkpoint in await tx.witness.all_newest()}
        standings = await tx.states.standings()
        views = []
        for region in regions:
            link, observation = links.get(region.id), seen.get(region.id)
            views.append(
                RegionView(
                    region=region,
                    state=shown_state(region, link, observation, now, self._away),
                    link=link,
                    seen=observation,
                    desired=await tx.fleet.desired(region.id),
                    report=await tx.reports.newest(region.id),
                    checkpoint=newest.get(region.id),
                    standings=tuple(standing for standing in standings if standing.region == region.id),
                )
            )
        return views
