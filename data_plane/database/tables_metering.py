"""Tables of metering: pots, the admission counter, open admissions, people of a day, gateway workers."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class PotRow(SQLModel, table=True):
    """A budget in its present window. All amounts are micro-units; `reserved` belongs to open admissions."""

    __tablename__ = "pot"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    match: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    window: str = Field(sa_column=Column(Text, nullable=False))
    thresholds: list[dict[str, object]] = Field(sa_column=Column(JSONB, nullable=False))
    limit_micro: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    stop_micro: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    reserved: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    settled: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    lifetime: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    window_start: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    resets_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    active: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))


class AdmissionCounterRow(SQLModel, table=True):
    """The last admission number given, and the revision of the set of pots (one row; its lock orders admissions)."""

    __tablename__ = "admission_counter"

    id: int = Field(default=1, primary_key=True)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
    pot_revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class OpenAdmissionRow(SQLModel, table=True):
    """An admission without its settlement: all that a settlement needs when its worker is gone."""

    __tablename__ = "open_admission"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    worker: str = Field(sa_column=Column(Text, nullable=False))
    request: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    pots: str = Field(sa_column=Column(Text, nullable=False))
    person: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    day: date = Field(sa_column=Column(Date, nullable=False))
    service: bool = Field(sa_column=Column(Boolean, nullable=False))
    tags: str = Field(sa_column=Column(Text, nullable=False))
    tier: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PersonRow(SQLModel, table=True):
    """The random tag of one pseudonymous subject on one day. Deleting the row is what erasure does."""

    __tablename__ = "person"

    subject: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    tag: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WorkerRow(SQLModel, table=True):
    """One gateway worker: its life sign, the digests that it serves, and its last batch that was committed."""

    __tablename__ = "worker"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    pid: int = Field(nullable=False)
    started: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seen: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    manifest: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    config: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    policy: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    state: str = Field(default="starting", sa_column=Column(Text, nullable=False))
    batch: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
