"""Users, approvals, gates and requests for evidence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from control_plane.registry.base import (
    CentreTable,
    key,
    moment,
    number,
    raw,
    raw_key,
    serial_key,
    text,
    words,
)


class UserRow(CentreTable, table=True):
    """A named user of the centre."""

    __tablename__ = "user_account"
    id: str = key()
    name: str = text()
    roles: list[str] = words()
    created_at: datetime = moment()
    disabled_at: datetime | None = moment(default=None)


class SecretRow(CentreTable, table=True):
    """A link, session or token; the secret only as its hash."""

    __tablename__ = "user_secret"
    hash: bytes = raw_key()
    account: str = text(foreign_key="user_account.id")
    kind: str = text()
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(default=None)
    revoked_at: datetime | None = moment(default=None)


class ApprovalRow(CentreTable, table=True):
    """A person's decision about a region, a rollout or a wave."""

    __tablename__ = "approval"
    __table_args__ = (Index("approval_subject", "kind", "subject"),)
    id: int | None = serial_key()
    kind: str = text()
    subject: str = text()
    decision: str = text()
    decided_by: str = text()
    at: datetime = moment()


class GateRow(CentreTable, table=True):
    """A question to a region about a release's health, and the answer."""

    __tablename__ = "gate"
    __table_args__ = (Index("gate_region", "region", "requested_at"),)
    id: bytes = raw_key()
    region: str = text(foreign_key="region.id")
    manifest: bytes = raw()
    window_seconds: int
    min_requests: int
    max_error_permille: int
    requested_at: datetime = moment()
    rollout: str | None = text(default=None)
    verdict: str = text()
    reason: str = text()
    answered_at: datetime | None = moment(default=None)


class EvidenceRow(CentreTable, table=True):
    """A request for evidence; the bundle never comes here."""

    __tablename__ = "evidence_request"
    __table_args__ = (Index("evidence_request_region", "region", "requested_at"),)
    id: bytes = raw_key()
    region: str = text(foreign_key="region.id")
    first: int = number()
    next: int = number()
    recipient: str = text()
    requested_by: str = text()
    requested_at: datetime = moment()
    expires_at: datetime = moment()
    phase: str = text()
    bundle: bytes = raw()
    built_first: int = number()
    built_next: int = number()
    updated_at: datetime | None = moment(default=None)
