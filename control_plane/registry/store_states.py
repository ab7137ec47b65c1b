"""What regions say of themselves, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.fleet import Received
from control_plane.domain.regions import EngineSeen, Observation
from control_plane.domain.releases import ReleaseStanding
from control_plane.domain.words import RegionId
from control_plane.registry.tables_regions import ObservationRow, ReceivedRow
from control_plane.registry.tables_releases import StandingRow


class SqlStates:
    """What regions say of themselves."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def observe(self, seen: Observation) -> None:
        """Keep the newest observation."""
        values = {
            "generation": seen.generation,
            "manifest": seen.manifest,
            "version": seen.version,
            "code": seen.code,
            "config": seen.config,
            "policy": seen.policy,
            "state": seen.state,
            "healthy": seen.healthy,
            "engines": [[engine.model, engine.state] for engine in seen.engines],
            "seen_at": seen.seen_at,
        }
        new = insert(ObservationRow).values(region=seen.region, **values)
        await self._session.execute(new.on_conflict_do_update(index_elements=["region"], set_=values))

    async def observations(self) -> Sequence[Observation]:
        """All regions' newest ones."""
        rows = await self._session.scalars(
            select(ObservationRow).order_by(col(ObservationRow.region)).execution_options(populate_existing=True)
        )
        return [_observation(row) for row in rows]

    async def stand(self, standing: ReleaseStanding) -> None:
        """Keep what a region says of a release."""
        values = {
            "phase": standing.phase,
            "reason": standing.reason,
            "statement": standing.statement,
            "at": standing.at,
        }
        new = insert(StandingRow).values(region=standing.region, manifest=standing.manifest, **values)
        await self._session.execute(new.on_conflict_do_update(index_elements=["region", "manifest"], set_=values))

    async def standings(self, manifest: bytes | None = None) -> Sequence[ReleaseStanding]:
        """What regions said, of one release or of all."""
        wanted = select(StandingRow).order_by(col(StandingRow.at), col(StandingRow.region))
        if manifest is not None:
            wanted = wanted.where(col(StandingRow.manifest) == manifest)
        rows = await self._session.scalars(wanted.execution_options(populate_existing=True))
        return [
            ReleaseStanding(RegionId(row.region), row.manifest, row.phase, row.reason, row.at, row.statement)
            for row in rows
        ]

    async def count(self, region: RegionId, kind: str, size: int, at: datetime, messages: int = 1) -> None:
        """Count messages of a type, of `size` bytes together, within their hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        new = insert(ReceivedRow).values(region=region, kind=kind, hour=hour, count=messages, size=size)
        change = new.on_conflict_do_update(
            index_elements=["region", "kind", "hour"],
            set_={"count": ReceivedRow.count + messages, "size": ReceivedRow.size + size},
        )
        await self._session.execute(change)

    async def received(self, since: datetime) -> Sequence[Received]:
        """Counts of the hours from `since` on."""
        wanted = select(ReceivedRow).where(col(ReceivedRow.hour) >= since)
        order = col(ReceivedRow.hour).desc(), col(ReceivedRow.region), col(ReceivedRow.kind)
        rows = await self._session.scalars(wanted.order_by(*order).execution_options(populate_existing=True))
        return [Received(RegionId(row.region), row.kind, row.hour, row.count, row.size) for row in rows]


def _observation(row: ObservationRow) -> Observation:
    return Observation(
        region=RegionId(row.region),
        generation=row.generation,
        manifest=row.manifest,
        version=row.version,
        code=row.code,
        config=row.config,
        policy=row.policy,
        state=row.state,
        healthy=row.healthy,
        engines=tuple(EngineSeen(model, state) for model, state in row.engines),
        seen_at=row.seen_at,
    )
