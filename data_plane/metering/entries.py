"""From requests to canonical entries. What only the store can know is left open: the number, the person's tag."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from bailiwick.contract import pricing
from bailiwick.contract.ledger_entry import TAGS, Admission, Decision, Settlement
from bailiwick.contract.pricing import Usage
from data_plane.metering.requests import AdmissionRequest, Admitted, DecisionRecord, Outcome

_NUMBER = b'"number":0,'
_PERSON = b'"person":"00000000000000000000000000000000",'


def admission(
    request: AdmissionRequest, at: datetime, currency: str, amount: int, pots: tuple[str, ...]
) -> tuple[bytes, bytes]:
    """The admission's canonical bytes before and after its number.

    The number's member name can stand only where it does: inside text its quotes would be escaped, and every other
    object of an admission has names of its own.
    """
    entry = Admission(
        at=at,
        number=0,
        request=request.request.hex,
        key=request.key,
        policy=request.policy,
        config=request.config,
        attributes=request.attributes,
        policies=request.policies,
        model=request.model,
        price=request.price,
        currency=currency,
        bound=request.bound,
        amount=amount,
        pots=tuple((pot, amount) for pot in pots),
    )
    head, _, tail = entry.encode().partition(_NUMBER)
    return head + b'"number":', b"," + tail


def settlement(admitted: Admitted, outcome: Outcome, at: datetime, currency: str) -> tuple[int, bytes]:
    """The cost, and the settlement's canonical bytes."""
    request = admitted.request
    cost = pricing.cost(request.price, outcome.usage)
    entry = Settlement(
        at=at,
        number=admitted.number,
        person=admitted.person.hex(),
        service=request.service,
        day=admitted.day.isoformat(),
        tags=request.tags,
        tier=request.tier,
        model=request.model,
        usage=outcome.usage,
        cost=cost,
        currency=currency,
        how=outcome.how,
        finish=outcome.finish,
        first_ms=outcome.first_ms,
        total_ms=outcome.total_ms,
        pots=tuple((pot, cost) for pot in admitted.pots),
    )
    return cost, entry.encode()


def decision(record: DecisionRecord, at: datetime, day: date, currency: str) -> tuple[bytes, bytes]:
    """The refusal's canonical bytes before and after the person's tag."""
    entry = Decision(
        at=at,
        request=record.request.hex,
        key=record.key,
        reason=record.reason,
        person="0" * 32,
        service=record.service,
        day=day.isoformat(),
        tags=complete(record.tags),
        tier=record.tier,
        model=record.model,
        currency=currency,
        attributes=record.attributes or {},
        policies=record.policies,
        policy=record.policy,
        config=record.config,
    )
    head, _, tail = entry.encode().partition(_PERSON)
    return head + b'"person":"', b'",' + tail


def complete(tags: Mapping[str, str]) -> dict[str, str]:
    """All six tags; what is unknown is empty."""
    return {name: tags.get(name, "") for name in TAGS}


def full_usage(entry: Admission) -> Usage:
    """The usage that costs the whole reservation: what a settlement says when nobody saw how the request ended."""
    cached = entry.bound.prompt if entry.price.cached > entry.price.prompt else 0
    return Usage(prompt=entry.bound.prompt, cached=cached, output=entry.bound.output, reasoning=0)


NOTHING = Usage(prompt=0, cached=0, output=0, reasoning=0)
