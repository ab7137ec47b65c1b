"""Regions, certificates and invitations in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from control_plane.domain.invitations import Invitation
from control_plane.domain.regions import Certificate, Region, RegionKeys, RegionPhase
from control_plane.domain.words import RegionId
from control_plane.registry.tables_regions import CertificateRow, InvitationRow, RegionKeyRow, RegionRow


def _region(row: RegionRow, keys: RegionKeyRow | None) -> Region:
    region = Region(
        id=RegionId(row.id),
        jurisdiction=row.jurisdiction,
        phase=RegionPhase(row.phase),
        invited_at=row.invited_at,
        enrolled_at=row.enrolled_at,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        revoked_at=row.revoked_at,
        conflict_since=row.conflict_since,
        ledger_origin=row.ledger_origin,
    )
    return replace(region, keys=_keys(keys)) if keys is not None else region


def _keys(row: RegionKeyRow) -> RegionKeys:
    return RegionKeys(
        enrolment=row.enrolment,
        ledger=row.ledger,
        report=row.report,
        evidence=row.evidence,
        officers=tuple(row.officers),
        officer_threshold=row.officer_threshold,
    )


class SqlRegions:
    """Regions and their keys."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, region: RegionId) -> Region | None:
        """The region with its present keys."""
        row = await self._session.get(RegionRow, region, populate_existing=True)
        return None if row is None else _region(row, await self._present(region))

    async def lock(self, region: RegionId) -> Region | None:
        """Like `get`, holding the row until the transaction ends."""
        row = await self._session.get(RegionRow, region, populate_existing=True, with_for_update=True)
        return None if row is None else _region(row, await self._present(region))

    async def by_enrolment_key(self, key: bytes) -> Region | None:
        """The region whose present enrolment key this is."""
        present = col(RegionKeyRow.until).is_(None)
        row = await self._session.scalar(select(RegionKeyRow).where(col(RegionKeyRow.enrolment) == key, present))
        return None if row is None else await self.get(RegionId(row.region))

    async def all(self) -> Sequence[Region]:
        """All regions in the order of their ids."""
        rows = await self._session.scalars(select(RegionRow).order_by(col(RegionRow.id)))
        present = await self._session.scalars(select(RegionKeyRow).where(col(RegionKeyRow.until).is_(None)))
        keys = {row.region: row for row in present}
        return [_region(row, keys.get(row.id)) for row in rows]

    async def save(self, region: Region) -> None:
        """Insert or replace the region's own fields."""
        values = {
            "jurisdiction": region.jurisdiction,
            "phase": region.phase.value,
            "invited_at": region.invited_at,
            "enrolled_at": region.enrolled_at,
            "approved_at": region.approved_at,
            "approved_by": region.approved_by,
            "revoked_at": region.revoked_at,
            "conflict_since": region.conflict_since,
            "ledger_origin": region.ledger_origin,
        }
        statement = insert(RegionRow).values(id=region.id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def replace_keys(self, region: RegionId, keys: RegionKeys, at: datetime) -> None:
        """Make `keys` the present ones and keep the earlier ones as history."""
        present = col(RegionKeyRow.region) == region, col(RegionKeyRow.until).is_(None)
        await self._session.execute(update(RegionKeyRow).where(*present).values(until=at))
        await self._session.execute(
            insert(RegionKeyRow).values(
                region=region,
                enrolment=keys.enrolment,
                ledger=keys.ledger,
                report=keys.report,
                evidence=keys.evidence,
                officers=list(keys.officers),
                officer_threshold=keys.officer_threshold,
                since=at,
            )
        )

    async def _present(self, region: RegionId) -> RegionKeyRow | None:
        wanted = select(RegionKeyRow).where(col(RegionKeyRow.region) == region, col(RegionKeyRow.until).is_(None))
        return await self._session.scalar(wanted.execution_options(populate_existing=True))


def _certificate(row: CertificateRow) -> Certificate:
    return Certificate(row.serial, RegionId(row.region), row.not_before, row.not_after, row.revoked_at)


class SqlCertificates:
    """Client certificates by serial."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, certificate: Certificate) -> None:
        """Record one that was issued."""
        await self._session.execute(
            insert(CertificateRow).values(
                serial=certificate.serial,
                region=certificate.region,
                not_before=certificate.not_before,
                not_after=certificate.not_after,
            )
        )

    async def get(self, serial: str) -> Certificate | None:
        """The certificate with this serial."""
        row = await self._session.get(CertificateRow, serial, populate_existing=True)
        return None if row is None else _certificate(row)

    async def newest(self, region: RegionId) -> Certificate | None:
        """The region's certificate with the latest expiry."""
        wanted = select(CertificateRow).where(col(CertificateRow.region) == region)
        row = await self._session.scalar(wanted.order_by(col(CertificateRow.not_after).desc()).limit(1))
        return None if row is None else _certificate(row)

    async def revoke_all(self, region: RegionId, at: datetime) -> Sequence[str]:
        """Revoke all of the region's; returns the serials that this call revoked."""
        alive = col(CertificateRow.region) == region, col(CertificateRow.revoked_at).is_(None)
        change = update(CertificateRow).where(*alive).values(revoked_at=at).returning(col(CertificateRow.serial))
        return list(await self._session.scalars(change))


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        id=row.id,
        secret_hash=row.secret_hash,
        region=RegionId(row.region),
        jurisdiction=row.jurisdiction,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


class SqlInvitations:
    """Invitations by id."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, invitation: Invitation) -> None:
        """Record a new one."""
        await self._session.execute(
            insert(InvitationRow).values(
                id=invitation.id,
                secret_hash=invitation.secret_hash,
                region=invitation.region,
                jurisdiction=invitation.jurisdiction,
                created_by=invitation.created_by,
                created_at=invitation.created_at,
                expires_at=invitation.expires_at,
            )
        )

    async def lock(self, invitation: bytes) -> Invitation | None:
        """The invitation, held until the transaction ends."""
        row = await self._session.get(InvitationRow, invitation, populate_existing=True, with_for_update=True)
        return None if row is None else _invitation(row)

    async def use(self, invitation: bytes, at: datetime) -> None:
        """Mark it used."""
        change = update(InvitationRow).where(col(InvitationRow.id) == invitation).values(used_at=at)
        await self._session.execute(change)

    async def open(self, now: datetime) -> Sequence[Invitation]:
        """Those that could still be used, newest first."""
        usable = col(InvitationRow.used_at).is_(None), col(InvitationRow.expires_at) > now
        rows = await self._session.scalars(
            select(InvitationRow).where(*usable).order_by(col(InvitationRow.created_at).desc())
        )
        return [_invitation(row) for row in rows]
