"""Entries with an open number or person become exactly what the contract would have written."""

import string
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract import pricing
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.ledger_entry import Admission, Decision, Settlement, decode
from bailiwick.contract.pricing import Bound, Price, Usage
from data_plane.metering import entries
from data_plane.metering.requests import AdmissionRequest, Admitted, DecisionRecord, Outcome
from tests.fixtures.metering import DIGEST, TAGS, admission_request

WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=9)
AMOUNTS = st.integers(0, 10**9)
AT = datetime(2026, 11, 22, 16, tzinfo=UTC)


@st.composite
def requests(draw: st.DrawFn) -> AdmissionRequest:
    return AdmissionRequest(
        request=uuid.UUID(int=draw(st.integers(0, 2**128 - 1))),
        key="cd" * 32,
        subject=b"s" * 32,
        service=draw(st.booleans()),
        tags=TAGS,
        tier="economy",
        model=draw(WORDS),
        attributes={"number": "0", draw(NAMES): draw(WORDS)},
        policies=tuple(draw(st.lists(WORDS, unique=True, max_size=3))),
        policy=DIGEST,
        config=DIGEST,
        price=Price(draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS)),
        bound=Bound(draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))),
    )


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(requests(), st.integers(1, 2**50), st.lists(TEXT, max_size=3).map(tuple))
def test_an_admission_is_what_the_contract_writes(
    request: AdmissionRequest, number: int, pots: tuple[str, ...]
) -> None:
    head, tail = entries.admission(request, AT, "EUR", 7, pots)
    expected = Admission(
        at=AT,
        number=number,
        request=request.request.hex,
        key=request.key,
        policy=request.policy,
        config=request.config,
        attributes=request.attributes,
        policies=request.policies,
        model=request.model,
        price=request.price,
        currency="EUR",
        bound=request.bound,
        amount=7,
        pots=tuple((pot, 7) for pot in pots),
    )
    assert head + str(number).encode() + tail == expected.encode()


@given(requests(), st.integers(0, 10**6), st.integers(0, 10**6), TEXT)
def test_a_settlement_is_what_the_contract_writes(
    request: AdmissionRequest, prompt: int, output: int, team: str
) -> None:
    request = replace(request, tags={**TAGS, "team": team})
    admitted = Admitted(5, b"p" * 16, date(2026, 11, 22), 7, ("region",), request)
    outcome = Outcome(Usage(prompt, 0, output, 0), "counted", "abort", 3, 9)
    cost, body = entries.settlement(admitted, outcome, AT, "EUR")
    expected = Settlement(
        at=AT,
        number=5,
        person=(b"p" * 16).hex(),
        service=request.service,
        day="2026-11-22",
        tags=request.tags,
        tier=request.tier,
        model=request.model,
        usage=outcome.usage,
        cost=pricing.cost(request.price, outcome.usage),
        currency="EUR",
        how="counted",
        finish="abort",
        first_ms=3,
        total_ms=9,
        pots=(("region", cost),),
    )
    assert (cost, body) == (expected.cost, expected.encode())


@given(st.binary(min_size=16, max_size=16), TEXT, st.none() | st.just("cd" * 32))
def test_a_refusal_is_what_the_contract_writes(person: bytes, model: str, key: str | None) -> None:
    record = DecisionRecord(uuid.uuid4(), "budget", b"s", service=False, tags={"team": "lab"}, model=model, key=key)
    head, tail = entries.decision(record, AT, date(2026, 11, 22), "EUR")
    expected = Decision(
        at=AT,
        request=record.request.hex,
        key=key,
        reason="budget",
        person=person.hex(),
        service=False,
        day="2026-11-22",
        tags=entries.complete({"team": "lab"}),
        tier="",
        model=model,
        currency="EUR",
        attributes={},
        policies=(),
        policy=None,
        config=None,
    )
    assert head + person.hex().encode() + tail == expected.encode()


@pytest.mark.parametrize("wrong", [1.0, True, "1", None])
def test_only_integers_are_amounts(wrong: int) -> None:
    admitted = Admitted(5, b"p" * 16, date(2026, 11, 22), 7, (), admission_request())
    with pytest.raises(MalformedError):
        entries.settlement(admitted, Outcome(Usage(1, 0, 1, 0), "reported", "stop", wrong, 1), AT, "EUR")


def test_text_that_is_no_text_has_no_entry() -> None:
    with pytest.raises(MalformedError):
        entries.admission(replace(admission_request(), model="\ud800"), AT, "EUR", 1, ())


@given(requests())
def test_what_nobody_saw_costs_the_whole_reservation(request: AdmissionRequest) -> None:
    amount = pricing.worst_case(request.price, request.bound)
    head, tail = entries.admission(request, AT, "EUR", amount, ())
    entry = decode(head + b"1" + tail)
    assert isinstance(entry, Admission)
    assert pricing.cost(request.price, entries.full_usage(entry)) == amount
