"""Entries with an open number or person become exactly what the contract would have written."""

import string
import uuid
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract import pricing
from bailiwick.contract.ledger_entry import Admission, Decision, decode
from bailiwick.contract.pricing import Bound, Price
from data_plane.metering import entries
from data_plane.metering.requests import AdmissionRequest, DecisionRecord
from tests.fixtures.metering import DIGEST, TAGS

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


@given(requests(), st.integers(1, 2**50))
def test_the_number_is_put_where_the_contract_puts_it(request: AdmissionRequest, number: int) -> None:
    head, tail = entries.admission(request, AT, "EUR", 7, ("region", "team/payments"))
    entry = decode(head + str(number).encode() + tail)
    assert isinstance(entry, Admission)
    assert (entry.number, entry.request, entry.pots) == (
        number,
        request.request.hex,
        (("region", 7), ("team/payments", 7)),
    )


@given(st.binary(min_size=16, max_size=16), WORDS)
def test_the_person_is_put_where_the_contract_puts_it(person: bytes, model: str) -> None:
    record = DecisionRecord(uuid.uuid4(), "budget", b"s", service=False, tags={"team": "lab"}, model=model)
    head, tail = entries.decision(record, AT, date(2026, 11, 22), "EUR")
    entry = decode(head + person.hex().encode() + tail)
    assert isinstance(entry, Decision)
    assert (entry.person, entry.model, entry.tags["team"], entry.tags["project"]) == (person.hex(), model, "lab", "")


@given(requests())
def test_what_nobody_saw_costs_the_whole_reservation(request: AdmissionRequest) -> None:
    amount = pricing.worst_case(request.price, request.bound)
    head, tail = entries.admission(request, AT, "EUR", amount, ())
    entry = decode(head + b"1" + tail)
    assert isinstance(entry, Admission)
    assert pricing.cost(request.price, entries.full_usage(entry)) == amount
