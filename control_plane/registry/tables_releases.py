"""Releases, their blobs, TUF metadata, and what regions are to run and say of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from control_plane.registry.base import CentreTable, key, moment, number, number_key, raw, raw_key, text


class ReleaseRow(CentreTable, table=True):
    """A release; `manifest` is its exact bytes."""

    __tablename__ = "release"
    version: int = number_key()
    digest: bytes = raw(unique=True)
    manifest: bytes = raw()
    stage: str = text()
    built_by: str = text()
    built_at: datetime = moment()
    published_by: str | None = text(default=None)
    published_at: datetime | None = moment(default=None)


class ReleaseRegionRow(CentreTable, table=True):
    """A region that a release names."""

    __tablename__ = "release_region"
    __table_args__ = (Index("release_region_region", "region", "version"),)
    version: int = number_key()
    region: str = key()


class BlobRow(CentreTable, table=True):
    """A part of a release by its SHA-256."""

    __tablename__ = "blob"
    digest: bytes = raw_key()
    body: bytes = raw()
    added_at: datetime = moment()


class SigningRow(CentreTable, table=True):
    """Unsigned targets metadata of a draft, made over the targets version `base`."""

    __tablename__ = "release_signing"
    version: int = number_key()
    base: int = number()
    payload: bytes = raw()


class SignatureRow(CentreTable, table=True):
    """A signature by an offline key over a draft's targets metadata."""

    __tablename__ = "release_signature"
    version: int = number_key()
    keyid: str = key()
    signature: bytes = raw()


class TufMetadataRow(CentreTable, table=True):
    """A file of the TUF repository."""

    __tablename__ = "tuf_metadata"
    role: str = key()
    version: int = number_key()
    body: bytes = raw()
    added_at: datetime = moment()


class DesiredRow(CentreTable, table=True):
    """Which release a region is to run."""

    __tablename__ = "desired_state"
    region: str = key(foreign_key="region.id")
    generation: int = number()
    manifest: bytes = raw()
    rollback: bool
    rollout: str | None = text(default=None)
    set_at: datetime = moment()


class StandingRow(CentreTable, table=True):
    """What a region last said of a release."""

    __tablename__ = "release_state"
    region: str = key(foreign_key="region.id")
    manifest: bytes = raw(primary_key=True)
    phase: str = text()
    reason: str = text()
    statement: bytes = raw()
    at: datetime = moment()
