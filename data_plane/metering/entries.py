"""From requests to canonical entries. What only the store can know is left open: the number, the person's tag.

Entries of the contract's kinds, written the short way: two of them are made per request, and `orjson` with sorted keys
writes RFC 8785 exactly where there are no floats. A property test holds each against the contract's own `encode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import orjson

from bailiwick.contract import pricing
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.ledger_entry import MAX_ENTRY, TAGS, Admission
from bailiwick.contract.pricing import Usage
from bailiwick.contract.times import format_time
from data_plane.metering.requests import AdmissionRequest, Admitted, DecisionRecord, Outcome

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_NUMBER = b'"number":0,'
_PERSON = b'"person":"00000000000000000000000000000000",'


def admission(
    request: AdmissionRequest, at: datetime, currency: str, amount: int, pots: tuple[str, ...]
) -> tuple[bytes, bytes]:
    """The admission's canonical bytes before and after its number.

    The number's member name can stand only where it does: inside text its quotes would be escaped, and every other
    object of an admission has names of its own.

    Raises:
        MalformedError: the request has no canonical form.
    """
    price, bound = request.price, request.bound
    _integers(price.prompt, price.cached, price.output, bound.prompt, bound.output)
    data = _dumps(
        {
            "v": 1,
            "kind": "admission",
            "at": format_time(at),
            "number": 0,
            "request": request.request.hex,
            "key": request.key,
            "policy": request.policy,
            "config": request.config,
            "attributes": dict(request.attributes),
            "policies": request.policies,
            "model": request.model,
            "price": {"prompt": price.prompt, "cached": price.cached, "output": price.output},
            "currency": currency,
            "bound": {"prompt": bound.prompt, "output": bound.output},
            "amount": amount,
            "pots": [(pot, amount) for pot in pots],
        }
    )
    head, _, tail = data.partition(_NUMBER)
    return head + b'"number":', b"," + tail


def settlement(admitted: Admitted, outcome: Outcome, at: datetime, currency: str) -> tuple[int, bytes]:
    """The cost, and the settlement's canonical bytes.

    Raises:
        MalformedError: the outcome has no canonical form.
    """
    request, usage = admitted.request, outcome.usage
    _integers(usage.prompt, usage.cached, usage.output, usage.reasoning, outcome.first_ms, outcome.total_ms)
    cost = admitted.amount if outcome.how == "estimated" else pricing.cost(request.price, usage)
    return cost, _dumps(
        {
            "v": 1,
            "kind": "settlement",
            "at": format_time(at),
            "number": admitted.number,
            "person": admitted.person.hex(),
            "service": request.service,
            "day": admitted.day.isoformat(),
            "tags": dict(request.tags),
            "tier": request.tier,
            "model": request.model,
            "usage": {
                "prompt": usage.prompt,
                "cached": usage.cached,
                "output": usage.output,
                "reasoning": usage.reasoning,
            },
            "cost": cost,
            "currency": currency,
            "how": outcome.how,
            "finish": outcome.finish,
            "first_ms": outcome.first_ms,
            "total_ms": outcome.total_ms,
            "pots": [(pot, cost) for pot in admitted.pots],
        }
    )


def decision(record: DecisionRecord, at: datetime, day: date, currency: str) -> tuple[bytes, bytes]:
    """The refusal's canonical bytes before and after the person's tag.

    Raises:
        MalformedError: the record has no canonical form.
    """
    data = _dumps(
        {
            "v": 1,
            "kind": "decision",
            "at": format_time(at),
            "request": record.request.hex,
            "key": record.key,
            "reason": record.reason,
            "person": "0" * 32,
            "service": record.service,
            "day": day.isoformat(),
            "tags": complete(record.tags),
            "tier": record.tier,
            "model": record.model,
            "currency": currency,
            "attributes": dict(record.attributes or {}),
            "policies": record.policies,
            "policy": record.policy,
            "config": record.config,
        }
    )
    head, _, tail = data.partition(_PERSON)
    return head + b'"person":"', b'",' + tail


def _dumps(document: dict[str, object]) -> bytes:
    try:
        data = orjson.dumps(document, option=_OPTIONS)
    except TypeError as error:
        raise MalformedError(f"no canonical form: {error}") from error
    if len(data) > MAX_ENTRY - 16:
        raise MalformedError("an entry would be too long")
    return data


def _integers(*values: int) -> None:
    for value in values:
        if type(value) is not int:
            raise MalformedError("amounts, tokens and milliseconds are integers")


def complete(tags: Mapping[str, str]) -> dict[str, str]:
    """All six tags; what is unknown is empty."""
    return {name: tags.get(name, "") for name in TAGS}


def full_usage(entry: Admission) -> Usage:
    """The usage that costs the whole reservation: what a settlement says when nobody saw how the request ended."""
    cached = entry.bound.prompt if entry.price.cached > entry.price.prompt else 0
    return Usage(prompt=entry.bound.prompt, cached=cached, output=entry.bound.output, reasoning=0)


NOTHING = Usage(prompt=0, cached=0, output=0, reasoning=0)
