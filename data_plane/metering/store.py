"""The port through which the meter writes, and the rows that pass through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

from data_plane.budget.pots import Level

Status = Literal["ok", "stale", "due", "halted"]


@dataclass(frozen=True, slots=True)
class AdmitRow:
    """An admission to be numbered: its entry is `head`, the number in decimal, `tail`. `pots` are ids in one text."""

    request: UUID
    head: bytes
    tail: bytes
    amount: int
    pots: str
    subject: bytes
    tag: bytes
    day: date
    service: bool
    tags: str
    tier: str


@dataclass(frozen=True, slots=True)
class SettleRow:
    """A settlement: its canonical entry, and its cost on each pot of the admission."""

    number: int
    cost: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RefuseRow:
    """A refusal: its entry is `head`, the person tag in hex, `tail`."""

    head: bytes
    tail: bytes
    subject: bytes
    tag: bytes
    day: date


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes. `revision` is the set of pots that the admissions were matched against."""

    revision: int
    admits: Sequence[AdmitRow] = ()
    settles: Sequence[SettleRow] = ()
    refuses: Sequence[RefuseRow] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """The result. Lists are in the order of `admits`, empty unless `status` is ok. `settled` are those ended here."""

    status: Status
    reason: str = ""
    numbers: Sequence[int | None] = ()
    persons: Sequence[bytes] = ()
    refused: Sequence[str] = ()
    settled: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class PotBook:
    """All active pots with their levels, and the revision of the set."""

    revision: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An admission of a lost batch that did get through."""

    number: int
    request: UUID
    person: bytes
    pots: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of the batch that was under way when the store was lost."""

    written: bool
    found: Sequence[Found] = field(default_factory=tuple)


class MeterStore(Protocol):
    """Durable metering.

    `write` MUST be one transaction: all of it or nothing. It MUST number admissions gaplessly over all workers, MUST
    never let `reserved + settled` of a pot exceed the amount at which it stops, and MUST end an open admission at most
    once, whoever asks. When it raises StoreLostError the batch may or may not have been written; the caller MUST call
    `resolve` until it returns before writing again.
    """

    async def write(self, batch: Batch, now: datetime) -> Written:
        """Writes a batch.

        Raises:
            StoreLostError: the store went away; whether the batch was written is not known.
        """

    async def resolve(self) -> Resolution:
        """Reconnects and finds out what became of the last batch.

        Raises:
            StoreLostError: the store is still away.
        """

    async def pots(self) -> PotBook:
        """The active pots.

        Raises:
            StoreLostError: the store is away.
        """

    async def roll(self, now: datetime) -> None:
        """Opens new windows for all pots whose window has ended at `now`.

        Raises:
            StoreLostError: the store is away.
        """

    async def close(self) -> None:
        """Gives up the connection."""
