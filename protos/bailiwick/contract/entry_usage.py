"""Ledger entries about use: admissions, settlements, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from bailiwick.contract import fields
from bailiwick.contract.entry_document import (
    FINISHES,
    HOW,
    REASONS,
    Body,
    Finish,
    How,
    PotShare,
    Reason,
    choice,
    document,
    policies,
    shares,
    tags,
)
from bailiwick.contract.pricing import Bound, Price, Usage


@dataclass(frozen=True, slots=True)
class Admission:
    """A request was let in: its worst case is reserved on every pot that applies.

    `number` is gapless from 1. `key` is the commitment of the API key's id. `amount` is the worst case under `price`
    and `bound`; `pots` names each pot and what was reserved on it.
    """

    kind: ClassVar[Literal["admission"]] = "admission"
    at: datetime
    number: int
    request: str
    key: str
    policy: str
    config: str
    attributes: Mapping[str, str]
    policies: tuple[str, ...]
    model: str
    price: Price
    currency: str
    bound: Bound
    amount: int
    pots: tuple[PotShare, ...]

    def encode(self) -> bytes:
        """Canonical bytes."""
        price, bound = self.price, self.bound
        return document(
            self.kind,
            self.at,
            {
                "number": self.number,
                "request": self.request,
                "key": self.key,
                "policy": self.policy,
                "config": self.config,
                "attributes": dict(self.attributes),
                "policies": self.policies,
                "model": self.model,
                "price": {"prompt": price.prompt, "cached": price.cached, "output": price.output},
                "currency": self.currency,
                "bound": {"prompt": bound.prompt, "output": bound.output},
                "amount": self.amount,
                "pots": self.pots,
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Admission":
        """From a parsed document."""
        price = fields.members(body["price"], ("prompt", "cached", "output"))
        bound = fields.members(body["bound"], ("prompt", "output"))
        return cls(
            at=at,
            number=fields.integer(body["number"], 1),
            request=fields.hexadecimal(body["request"], 32),
            key=fields.hexadecimal(body["key"], 64),
            policy=fields.digest(body["policy"]),
            config=fields.digest(body["config"]),
            attributes=fields.labels(body["attributes"]),
            policies=policies(body["policies"]),
            model=fields.identifier(body["model"]),
            price=Price(*(fields.integer(price[name]) for name in ("prompt", "cached", "output"))),
            currency=fields.currency(body["currency"]),
            bound=Bound(*(fields.integer(bound[name]) for name in ("prompt", "output"))),
            amount=fields.integer(body["amount"]),
            pots=shares(body["pots"]),
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """The one end of an admission.

    `person` is a random tag drawn for (subject, day), 32 hexadecimal digits; `service` marks traffic of a key that the
    officer declared non-personal; `day` is the day in the region's time zone.
    """

    kind: ClassVar[Literal["settlement"]] = "settlement"
    at: datetime
    number: int
    person: str
    service: bool
    day: str
    tags: Mapping[str, str]
    tier: str
    model: str
    usage: Usage
    cost: int
    currency: str
    how: How
    finish: Finish
    first_ms: int
    total_ms: int
    pots: tuple[PotShare, ...]

    def encode(self) -> bytes:
        """Canonical bytes."""
        usage = self.usage
        return document(
            self.kind,
            self.at,
            {
                "number": self.number,
                "person": self.person,
                "service": self.service,
                "day": self.day,
                "tags": dict(self.tags),
                "tier": self.tier,
                "model": self.model,
                "usage": {
                    "prompt": usage.prompt,
                    "cached": usage.cached,
                    "output": usage.output,
                    "reasoning": usage.reasoning,
                },
                "cost": self.cost,
                "currency": self.currency,
                "how": self.how,
                "finish": self.finish,
                "first_ms": self.first_ms,
                "total_ms": self.total_ms,
                "pots": self.pots,
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Settlement":
        """From a parsed document."""
        usage = fields.members(body["usage"], ("prompt", "cached", "output", "reasoning"))
        return cls(
            at=at,
            number=fields.integer(body["number"], 1),
            person=fields.hexadecimal(body["person"], 32),
            service=fields.boolean(body["service"]),
            day=fields.day(body["day"]),
            tags=tags(body["tags"]),
            tier=fields.identifier(body["tier"]),
            model=fields.identifier(body["model"]),
            usage=Usage(*(fields.integer(usage[name]) for name in ("prompt", "cached", "output", "reasoning"))),
            cost=fields.integer(body["cost"]),
            currency=fields.currency(body["currency"]),
            how=choice(body["how"], HOW),
            finish=choice(body["finish"], FINISHES),
            first_ms=fields.integer(body["first_ms"]),
            total_ms=fields.integer(body["total_ms"]),
            pots=shares(body["pots"]),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """A request was refused; admitted ones are recorded by their admission.

    `currency` is the region's, so that a refusal counts in the cells of that currency. `key`, `policy` and `config` are
    None where none was known or readable; tags, tier and model are empty where unknown.
    """

    kind: ClassVar[Literal["decision"]] = "decision"
    at: datetime
    request: str
    key: str | None
    reason: Reason
    person: str
    service: bool
    day: str
    tags: Mapping[str, str]
    tier: str
    model: str
    currency: str
    attributes: Mapping[str, str]
    policies: tuple[str, ...]
    policy: str | None
    config: str | None

    def encode(self) -> bytes:
        """Canonical bytes."""
        return document(
            self.kind,
            self.at,
            {
                "request": self.request,
                "key": self.key,
                "reason": self.reason,
                "person": self.person,
                "service": self.service,
                "day": self.day,
                "tags": dict(self.tags),
                "tier": self.tier,
                "model": self.model,
                "currency": self.currency,
                "attributes": dict(self.attributes),
                "policies": self.policies,
                "policy": self.policy,
                "config": self.config,
            },
        )

    @classmethod
    def read(cls, at: datetime, body: Body) -> "Decision":
        """From a parsed document."""
        return cls(
            at=at,
            request=fields.hexadecimal(body["request"], 32),
            key=fields.optional(body["key"], lambda value: fields.hexadecimal(value, 64)),
            reason=choice(body["reason"], REASONS),
            person=fields.hexadecimal(body["person"], 32),
            service=fields.boolean(body["service"]),
            day=fields.day(body["day"]),
            tags=tags(body["tags"]),
            tier=fields.identifier_or_empty(body["tier"]),
            model=fields.identifier_or_empty(body["model"]),
            currency=fields.currency(body["currency"]),
            attributes=fields.labels(body["attributes"]),
            policies=policies(body["policies"]),
            policy=fields.optional(body["policy"], fields.digest),
            config=fields.optional(body["config"], fields.digest),
        )
