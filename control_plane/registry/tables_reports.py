"""Reports of the regions and their cells; checkpoints that the centre cosigned; the centre's own log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from control_plane.registry.base import (
    CentreTable,
    document,
    key,
    moment,
    number,
    number_key,
    numbers,
    raw,
    raws,
    text,
)


class ReportRow(CentreTable, table=True):
    """A report as sent. Never changed, never deleted."""

    __tablename__ = "report"
    region: str = key(foreign_key="region.id")
    sequence: int = number_key()
    digest: bytes = raw()
    body: bytes = raw()
    signature: bytes = raw()
    period_start: datetime = moment()
    period_end: datetime = moment()
    first_index: int = number()
    next_index: int = number()
    ledger_size: int = number()
    ledger_root: bytes = raw()
    k: int
    p_permille: int
    profile: str = text()
    received_at: datetime = moment()


class CellRow(CentreTable, table=True):
    """A cell of a report, in columns to sum over."""

    __tablename__ = "report_cell"
    __table_args__ = (Index("report_cell_period", "period_start"),)
    region: str = key()
    sequence: int = number_key()
    position: int = number_key()
    period_start: datetime = moment()
    period_end: datetime = moment()
    cost_centre: str = text()
    team: str = text()
    project: str = text()
    product: str = text()
    use_case: str = text()
    model: str = text()
    environment: str = text()
    tier: str = text()
    service: bool
    requests: int = number()
    refused: int = number()
    outcomes: list[list[str | int]] = document()
    refusals: list[list[str | int]] = document()
    prompt_tokens: int = number()
    cached_tokens: int = number()
    output_tokens: int = number()
    reasoning_tokens: int = number()
    cost_micro: int = number()
    currency: str = text()
    first_token_ms: list[int] = numbers()
    total_ms: list[int] = numbers()


class MachineRow(CentreTable, table=True):
    """A machine line of a report."""

    __tablename__ = "machine_line"
    region: str = key()
    sequence: int = number_key()
    position: int = number_key()
    period_start: datetime = moment()
    measure: str = text()
    model: str = text()
    amount: int = number()


class CheckpointRow(CentreTable, table=True):
    """A region's checkpoint that this centre cosigned."""

    __tablename__ = "checkpoint"
    region: str = key(foreign_key="region.id")
    size: int = number_key()
    root: bytes = raw()
    note: bytes = raw()
    cosignature: bytes = raw()
    at: datetime = moment()


class LogEntryRow(CentreTable, table=True):
    """An entry of the centre's own log. Never changed, never deleted."""

    __tablename__ = "log_entry"
    idx: int = number_key()
    body: bytes = raw()
    leaf: bytes = raw()
    at: datetime = moment()


class LogHeadRow(CentreTable, table=True):
    """The one row that says how large the centre's log is."""

    __tablename__ = "log_head"
    id: int = number_key()
    size: int = number()
    hashes: list[bytes] = raws()
