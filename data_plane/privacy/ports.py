"""What the outbox needs of the ledger; the composition root hands it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

import asyncpg

from bailiwick.contract.ledger_entry import Change, Correction, Egress

Clock: TypeAlias = Callable[[], datetime]
Append: TypeAlias = Callable[[asyncpg.Connection, "Change | Correction | Egress"], Awaitable[object]]
"""MUST insert the entry in the connection's present transaction."""


@dataclass(frozen=True)
class Boundary:
    """A published checkpoint at which a report is made."""

    size: int
    root: bytes
    note: bytes


class LedgerReader(Protocol):
    """The ledger as a report needs it."""

    async def boundary(self) -> Boundary:
        """Pads the ledger and gives the checkpoint published there.

        MUST give a checkpoint whose entries are all readable, and MUST raise rather than wait without end.
        """
        ...

    async def entries(self, first: int, following: int) -> Sequence[tuple[int, bytes]]:
        """The entries with indices in [first, following), in order. MUST raise where one is missing."""
        ...

    async def some(self, indices: Sequence[int]) -> Sequence[tuple[int, bytes]]:
        """The entries at `indices`, in order. MUST raise where one is missing."""
        ...


@dataclass(frozen=True)
class Machine:
    """A line that does not depend on use. `measure` is a number of the wire's MachineMeasure."""

    measure: int
    model: str
    amount: int


class Machines(Protocol):
    """What the region keeps running, used or not."""

    async def lines(self, seconds: int) -> Sequence[Machine]:
        """The lines of a period of `seconds`. MUST NOT depend on requests."""
        ...
