"""The read model of rollouts, and the answers to repeated requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from control_plane.registry.base import CentreTable, document, key, moment, number, number_key, raw, serial_key, text


class RolloutRow(CentreTable, table=True):
    """A rollout: `plan` as it was asked for, `progress` as its workflow last told."""

    __tablename__ = "rollout"
    id: int = number_key()
    version: int = number()
    plan: dict[str, object] = document()
    state: str = text()
    progress: dict[str, object] = document()
    sequence: int = number()
    started_at: datetime = moment()


class RolloutRegionRow(CentreTable, table=True):
    """A region in a rollout, forward or back, as its workflow last told."""

    __tablename__ = "rollout_region"
    rollout: int = number_key()
    region: str = key()
    mode: str = key()
    wave: int = number()
    phase: str = text()
    sequence: int = number()
    view: dict[str, object] = document()


class RolloutEventRow(CentreTable, table=True):
    """Something that happened in a rollout; `digest` makes it happen once."""

    __tablename__ = "rollout_event"
    __table_args__ = (Index("rollout_event_rollout", "rollout", "at"),)
    id: int | None = serial_key()
    rollout: int = number()
    digest: bytes = raw(unique=True)
    at: datetime = moment()
    happening: dict[str, object] = document()


class IdempotencyRow(CentreTable, table=True):
    """The answer given to a write that carried an `Idempotency-Key`."""

    __tablename__ = "idempotency"
    actor: str = key()
    key: str = key()
    request: bytes = raw()
    status: int
    answer: str = text()
    at: datetime = moment()
