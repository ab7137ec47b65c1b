"""Regions, their keys and certificates, invitations, links and what regions say of themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy import text as sql

from control_plane.registry.base import (
    CentreTable,
    document,
    key,
    moment,
    number,
    raw,
    raw_key,
    raws,
    serial_key,
    text,
)


class RegionRow(CentreTable, table=True):
    """A region, from its first invitation on."""

    __tablename__ = "region"
    id: str = key()
    jurisdiction: str = text()
    phase: str = text()
    invited_at: datetime = moment()
    enrolled_at: datetime | None = moment(default=None)
    approved_at: datetime | None = moment(default=None)
    approved_by: str | None = text(default=None)
    revoked_at: datetime | None = moment(default=None)
    conflict_since: datetime | None = moment(default=None)
    ledger_origin: str | None = text(default=None)


class RegionKeyRow(CentreTable, table=True):
    """A set of keys that a region enrolled; the one without `until` is the present one."""

    __tablename__ = "region_key"
    __table_args__ = (
        Index("region_key_present", "region", unique=True, postgresql_where=sql("until IS NULL")),
        Index("region_key_enrolment", "enrolment"),
    )
    id: int | None = serial_key()
    region: str = text(foreign_key="region.id")
    enrolment: bytes = raw()
    ledger: bytes = raw()
    report: bytes = raw()
    evidence: bytes = raw()
    officers: list[bytes] = raws()
    officer_threshold: int
    since: datetime = moment()
    until: datetime | None = moment(default=None)


class InvitationRow(CentreTable, table=True):
    """An invitation; the secret only as its hash."""

    __tablename__ = "invitation"
    id: bytes = raw_key()
    secret_hash: bytes = raw()
    region: str = text(foreign_key="region.id")
    jurisdiction: str = text()
    created_by: str = text()
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(default=None)


class CertificateRow(CentreTable, table=True):
    """A client certificate that the centre issued."""

    __tablename__ = "certificate"
    __table_args__ = (Index("certificate_region", "region", "not_after"),)
    serial: str = key()
    region: str = text(foreign_key="region.id")
    not_before: datetime = moment()
    not_after: datetime = moment()
    revoked_at: datetime | None = moment(default=None)


class LinkRow(CentreTable, table=True):
    """Which session is a region's."""

    __tablename__ = "link"
    region: str = key(foreign_key="region.id")
    session: str = text()
    connected: bool
    since: datetime = moment()
    seen_at: datetime = moment()


class LinkEventRow(CentreTable, table=True):
    """A change of a link."""

    __tablename__ = "link_event"
    __table_args__ = (Index("link_event_region", "region", "id"),)
    id: int | None = serial_key()
    region: str = text(foreign_key="region.id")
    kind: str = text()
    at: datetime = moment()
    session: str = text()


class ObservationRow(CentreTable, table=True):
    """What a region last said that it runs."""

    __tablename__ = "observation"
    region: str = key(foreign_key="region.id")
    generation: int = number()
    manifest: bytes = raw()
    version: int = number()
    code: bytes = raw()
    config: bytes = raw()
    policy: bytes = raw()
    state: str = text()
    healthy: bool
    engines: list[list[str]] = document()
    seen_at: datetime = moment()


class ReceivedRow(CentreTable, table=True):
    """Messages of one type that a region sent within an hour."""

    __tablename__ = "received"
    region: str = key(foreign_key="region.id")
    kind: str = key()
    hour: datetime = moment(primary_key=True)
    count: int = number()
    size: int = number()


class FleetMarkRow(CentreTable, table=True):
    """Counts changes that concern a region's session; kept by triggers."""

    __tablename__ = "fleet_mark"
    region: str = key()
    changes: int = number()
