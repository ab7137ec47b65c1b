"""Tables of evidence: read tokens, grants and what was built for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Text
from sqlmodel import Field, SQLModel


class ReadTokenRow(SQLModel, table=True):
    """A token that reads entries or one bundle; only its hash is kept."""

    __tablename__ = "read_token"

    hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    scope: str = Field(sa_column=Column(Text, nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class EvidenceGrantRow(SQLModel, table=True):
    """An officer's grant, and the sealed bundle that was built for it."""

    __tablename__ = "evidence_grant"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    request: str = Field(sa_column=Column(Text, nullable=False))
    recipient: str = Field(sa_column=Column(Text, nullable=False))
    first_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    next_idx: int = Field(sa_column=Column(BigInteger, nullable=False))
    checkpoint_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    path: str = Field(sa_column=Column(Text, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    granted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    downloaded_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
