"""Tables of the ledger: entries, the head of the tree, published checkpoints, requested boundaries, salts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


class LedgerEntryRow(SQLModel, table=True):
    """One entry. `body` is its canonical bytes and never changes; `idx` is its place in the tree, given once."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ledger_entry_idx", "idx", unique=True, postgresql_where=text("idx IS NOT NULL")),
        Index("ledger_entry_pending", "row", postgresql_where=text("idx IS NULL")),
        Index("ledger_entry_number", "number", "kind", unique=True, postgresql_where=text("number IS NOT NULL")),
    )

    row: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    idx: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    number: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class LedgerHeadRow(SQLModel, table=True):
    """The tree as far as it is numbered (one row). `halted` says why nothing may be admitted, and what to do."""

    __tablename__ = "ledger_head"

    id: int = Field(default=1, primary_key=True)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    halted: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class CheckpointRow(SQLModel, table=True):
    """A published checkpoint; `cosigned` is the same note with the witnesses' lines, once they have signed."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    cosigned: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class BoundaryRow(SQLModel, table=True):
    """A request to the sequencer: pad to a multiple, seal there, and write the size here."""

    __tablename__ = "boundary"
    __table_args__ = (Index("boundary_open", "id", postgresql_where=text("size IS NULL")),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    multiple: int = Field(nullable=False)
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    size: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class SaltRow(SQLModel, table=True):
    """What opens a salted commitment. Deleting the row erases the value; every proof still verifies."""

    __tablename__ = "salt"

    commit: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    value: str = Field(sa_column=Column(Text, nullable=False))
