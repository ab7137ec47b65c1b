"""What waits in the meter for the next transaction, each with the future of who waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from data_plane.metering.drawing import Draw
from data_plane.metering.requests import AdmissionRequest, Admitted, Refused, Settled
from data_plane.metering.store import AdmitRow, RefuseRow, SettleRow

T = TypeVar("T")


@dataclass(slots=True)
class PendingAdmission:
    """An admission not yet durable. `draw` and `row` are made anew when the set of pots changes beneath them."""

    request: AdmissionRequest
    at: datetime
    draw: Draw
    row: AdmitRow
    done: asyncio.Future[Admitted | Refused]


@dataclass(frozen=True, slots=True)
class PendingSettlement:
    """A settlement not yet durable."""

    row: SettleRow
    done: asyncio.Future[Settled]


@dataclass(frozen=True, slots=True)
class PendingRefusal:
    """A refusal not yet durable."""

    row: RefuseRow
    done: asyncio.Future[None]


def resolve_future(future: asyncio.Future[T], value: T) -> bool:
    """Hands `value` to who waits; false when nobody does any more."""
    if future.done():
        return False
    future.set_result(value)
    return True
