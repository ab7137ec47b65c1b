"""What goes into the meter and what comes out: frozen values, amounts in micro-units, times aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bailiwick.contract.ledger_entry import Finish, How, Reason
from bailiwick.contract.pricing import Bound, Price, Usage


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """A request that passed limits, tags and policy, with its worst case.

    `key` is the commitment of the API key's id (64 hex digits); `subject` is the keyed pseudonym of the person, or of
    the key where no person is named; `tags` has all six. `policies` are the ids that determined the permission.
    """

    request: UUID
    key: str
    subject: bytes
    service: bool
    tags: Mapping[str, str]
    tier: str
    model: str
    attributes: Mapping[str, str]
    policies: tuple[str, ...]
    policy: str
    config: str
    price: Price
    bound: Bound


@dataclass(frozen=True, slots=True)
class Admitted:
    """A durable admission: dispatch, and settle it exactly once. `amount` is what is reserved on each of `pots`."""

    number: int
    person: bytes
    day: date
    amount: int
    pots: tuple[str, ...]
    request: AdmissionRequest


@dataclass(frozen=True, slots=True)
class Refused:
    """No room: the first pot that is too full, and when its window ends (none: never)."""

    pot: str
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dispatched request ended. Times are milliseconds from dispatch; 0 where no token came."""

    usage: Usage
    how: How
    finish: Finish
    first_ms: int
    total_ms: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The settlement is durable. `mine` is false where another had settled it before, after taking us for dead."""

    cost: int
    mine: bool


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A refusal. What is not known is None, or empty for tags, tier and model."""

    request: UUID
    reason: Reason
    subject: bytes
    service: bool
    tags: Mapping[str, str]
    tier: str = ""
    model: str = ""
    key: str | None = None
    attributes: Mapping[str, str] | None = None
    policies: tuple[str, ...] = ()
    policy: str | None = None
    config: str | None = None
