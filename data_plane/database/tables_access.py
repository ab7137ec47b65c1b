"""Tables of access and engines: API keys, and what each engine is doing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ApiKeyRow(SQLModel, table=True):
    """An API key. `hash` is keyed, the secret is nowhere; `changed_at` is set by a trigger, which also notifies."""

    __tablename__ = "api_key"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    tags: dict[str, list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    service: bool = Field(sa_column=Column(Boolean, nullable=False))
    premium: bool = Field(sa_column=Column(Boolean, nullable=False))
    key_commit: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(default=1, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))


class EngineStateRow(SQLModel, table=True):
    """What the supervisor last saw of an engine: loading, ready, failed or asleep."""

    __tablename__ = "engine_state"

    model: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    url: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    restarts: int = Field(sa_column=Column(Integer, nullable=False))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seen: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
