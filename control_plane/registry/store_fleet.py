"""Links of the regions, and what their sessions are told, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.fleet import Outbound
from control_plane.domain.regions import Link, LinkEvent
from control_plane.domain.releases import Desired, ReleaseStage
from control_plane.domain.words import RegionId
from control_plane.registry.store_evidence import evidence_of, gate_of
from control_plane.registry.tables_people import EvidenceRow, GateRow
from control_plane.registry.tables_regions import FleetMarkRow, LinkEventRow, LinkRow, ObservationRow
from control_plane.registry.tables_releases import DesiredRow, ReleaseRegionRow, ReleaseRow

_MOST = 64
_GATE_LIFE = timedelta(days=1)
_DONE = ("refused", "expired", "downloaded")


def _desired(row: DesiredRow) -> Desired:
    return Desired(RegionId(row.region), row.generation, row.manifest, row.rollback, row.rollout)


def _link(row: LinkRow) -> Link:
    return Link(RegionId(row.region), row.session, row.connected, row.since, row.seen_at)


class SqlFleet:
    """What sessions are told."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def outbound(self, region: RegionId, now: datetime) -> Outbound:
        """All that the region is to be told now."""
        gates = await self._session.scalars(
            select(GateRow)
            .where(col(GateRow.region) == region, col(GateRow.verdict) == "")
            .where(col(GateRow.requested_at) > now - _GATE_LIFE)
            .order_by(col(GateRow.requested_at).desc(), col(GateRow.id))
            .limit(_MOST)
        )
        evidence = await self._session.scalars(
            select(EvidenceRow)
            .where(col(EvidenceRow.region) == region, col(EvidenceRow.phase).not_in(_DONE))
            .where(col(EvidenceRow.expires_at) > now)
            .order_by(col(EvidenceRow.requested_at).desc(), col(EvidenceRow.id))
            .limit(_MOST)
        )
        return Outbound(
            desired=await self.desired(region),
            offers=await self._offers(region),
            gates=tuple(gate_of(row) for row in gates),
            evidence=tuple(evidence_of(row) for row in evidence),
        )

    async def desire(
        self, region: RegionId, manifest: bytes, *, rollback: bool, rollout: str | None, at: datetime
    ) -> Desired:
        """Set the desired state under the next generation; the same one again changes nothing."""
        values = {"manifest": manifest, "rollback": rollback, "rollout": rollout}
        new = insert(DesiredRow).values(region=region, generation=1, set_at=at, **values)
        differs = or_(
            col(DesiredRow.manifest) != manifest,
            col(DesiredRow.rollback) != rollback,
            col(DesiredRow.rollout).is_distinct_from(rollout),
        )
        change = new.on_conflict_do_update(
            index_elements=["region"],
            set_={"generation": DesiredRow.generation + 1, "set_at": at, **values},
            where=differs,
        )
        await self._session.execute(change)
        present = await self.desired(region)
        assert present is not None  # noqa: S101 - the row was written above
        return present

    async def desired(self, region: RegionId) -> Desired | None:
        """The present desired state."""
        row = await self._session.get(DesiredRow, region, populate_existing=True)
        return None if row is None else _desired(row)

    async def marks(self) -> Sequence[tuple[RegionId, int]]:
        """(region, count of changes that concern its session)."""
        rows = await self._session.execute(select(FleetMarkRow.region, FleetMarkRow.changes))
        return [(RegionId(region), changes) for region, changes in rows]

    async def _offers(self, region: RegionId) -> tuple[bytes, ...]:
        running = await self._session.scalar(select(ObservationRow.version).where(col(ObservationRow.region) == region))
        wanted = (
            select(ReleaseRow.digest)
            .join(ReleaseRegionRow, col(ReleaseRegionRow.version) == col(ReleaseRow.version))
            .where(col(ReleaseRegionRow.region) == region, col(ReleaseRow.version) > (running or 0))
            .where(col(ReleaseRow.stage) == ReleaseStage.PUBLISHED.value)
            .order_by(col(ReleaseRow.version).desc())
            .limit(_MOST)
        )
        return tuple(await self._session.scalars(wanted))


class SqlLinks:
    """Links and their events."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def open(self, region: RegionId, session: str, at: datetime) -> None:
        """Make `session` the region's, connected; records the event."""
        values = {"session": session, "connected": True, "since": at, "seen_at": at}
        new = insert(LinkRow).values(region=region, **values)
        await self._session.execute(new.on_conflict_do_update(index_elements=["region"], set_=values))
        await self._event(region, session, "connected", at)

    async def close(self, region: RegionId, session: str, kind: str, at: datetime) -> None:
        """Record the end of a session; the link goes down only if `session` is still the region's."""
        mine = col(LinkRow.region) == region, col(LinkRow.session) == session
        await self._session.execute(update(LinkRow).where(*mine).values(connected=False, since=at))
        await self._event(region, session, kind, at)

    async def seen(self, region: RegionId, session: str, at: datetime) -> None:
        """The region was heard of."""
        mine = col(LinkRow.region) == region, col(LinkRow.session) == session
        await self._session.execute(update(LinkRow).where(*mine).values(seen_at=at))

    async def get(self, region: RegionId) -> Link | None:
        """A region's link."""
        row = await self._session.get(LinkRow, region, populate_existing=True)
        return None if row is None else _link(row)

    async def all(self) -> Sequence[Link]:
        """All links."""
        rows = await self._session.scalars(
            select(LinkRow).order_by(col(LinkRow.region)).execution_options(populate_existing=True)
        )
        return [_link(row) for row in rows]

    async def events(self, region: RegionId | None, limit: int) -> Sequence[LinkEvent]:
        """Newest first."""
        wanted = select(LinkEventRow).order_by(col(LinkEventRow.id).desc()).limit(limit)
        if region is not None:
            wanted = wanted.where(col(LinkEventRow.region) == region)
        rows = await self._session.scalars(wanted)
        return [LinkEvent(RegionId(row.region), row.kind, row.at) for row in rows]

    async def reset(self, sessions_before: datetime, at: datetime) -> int:
        """Close links that were last heard of before a time (their process died); returns how many."""
        dead = col(LinkRow.connected).is_(True), col(LinkRow.seen_at) < sessions_before
        change = update(LinkRow).where(*dead).values(connected=False, since=at)
        closed = list(await self._session.execute(change.returning(col(LinkRow.region), col(LinkRow.session))))
        for region, session in closed:
            await self._event(RegionId(region), session, "disconnected", at)
        return len(closed)

    async def _event(self, region: RegionId, session: str, kind: str, at: datetime) -> None:
        await self._session.execute(insert(LinkEventRow).values(region=region, kind=kind, at=at, session=session))
