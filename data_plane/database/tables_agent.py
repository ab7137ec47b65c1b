"""Tables of the agent: what runs, what is offered, what officers said, what left, and the state of the link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ActiveReleaseRow(SQLModel, table=True):
    """What the region runs (one row). Gateway workers follow it; a trigger notifies `active_release`."""

    __tablename__ = "active_release"

    id: int = Field(default=1, primary_key=True)
    manifest: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    config: str = Field(sa_column=Column(Text, nullable=False))
    policy: str = Field(sa_column=Column(Text, nullable=False))
    code: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    models: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    generation: int = Field(sa_column=Column(BigInteger, nullable=False))
    applied_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class OfferRow(SQLModel, table=True):
    """A release that the centre published for this region. `manifest_body` is its exact bytes, once verified."""

    __tablename__ = "offer"

    manifest: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    gated: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    manifest_body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    seen_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class StatementRow(SQLModel, table=True):
    """A consent or veto as signed. Sequences rise over all statements of the region."""

    __tablename__ = "statement"

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    manifest: str = Field(sa_column=Column(Text, nullable=False, index=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReportRow(SQLModel, table=True):
    """A report: the exact bytes that leave, and the indices of entries that it held back."""

    __tablename__ = "report"

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    first_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    next_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    carried: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    checkpoint_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    period_start: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    period_end: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    acked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))


class ReportCarryRow(SQLModel, table=True):
    """An entry that no report has released yet."""

    __tablename__ = "report_carry"

    idx: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class EgressObjectRow(SQLModel, table=True):
    """The exact bytes of a CONTENT message, by digest."""

    __tablename__ = "egress_object"

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    type: str = Field(sa_column=Column(Text, nullable=False))
    content: bytes = Field(sa_column=Column("bytes", LargeBinary, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ControlPeriodRow(SQLModel, table=True):
    """The running account of one type's CONTROL or ENROLMENT messages in a period; closed into one ledger entry."""

    __tablename__ = "control_period"
    __table_args__ = (Index("control_period_open", "period_end", postgresql_where=text("NOT closed")),)

    klass: str = Field(sa_column=Column("class", Text, primary_key=True))
    type: str = Field(sa_column=Column(Text, primary_key=True))
    period_start: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    period_end: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    count: int = Field(sa_column=Column(BigInteger, nullable=False))
    length: int = Field(sa_column=Column("bytes", BigInteger, nullable=False))
    rolling: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    closed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))


class LinkStateRow(SQLModel, table=True):
    """The link and the centre's newest wish (one row), as the officer's pages and the CLI show it."""

    __tablename__ = "link_state"

    id: int = Field(default=1, primary_key=True)
    state: str = Field(sa_column=Column(Text, nullable=False))
    code: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    connected: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    enrolment: str = Field(default="none", sa_column=Column(Text, nullable=False))
    last_contact: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    certificate_expires: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    generation: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    desired: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    rollback: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    conflict: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    centre_sequence: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    resume: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class EvidenceRequestRow(SQLModel, table=True):
    """A request for evidence that the centre passed on. The officer's grant moves `phase`; the agent reports it."""

    __tablename__ = "evidence_request"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    first_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    next_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    recipient: str = Field(sa_column=Column(Text, nullable=False))
    expires: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    phase: str = Field(sa_column=Column(Text, nullable=False))
    bundle: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    bundle_first: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    bundle_next: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    received_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
