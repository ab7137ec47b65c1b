"""Hypothesis strategies for the contract's values."""

import string
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from bailiwick.contract import entry_document as lists
from bailiwick.contract.ledger_entry import (
    TAGS,
    Admission,
    Budget,
    Change,
    Consent,
    Correction,
    Decision,
    Egress,
    Erasure,
    Grant,
    Key,
    Pad,
    Settlement,
    Veto,
)
from bailiwick.contract.pricing import Bound, Price, Usage

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # hypothesis wants naive bounds
WORDS = st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,8}[a-z0-9])?", fullmatch=True)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}")
MICRO = st.integers(0, 10**12)
COUNTS = st.integers(0, 10**6)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
KEYS = st.binary(min_size=32, max_size=32).map(Ed25519PrivateKey.from_private_bytes)
CURRENCIES = st.sampled_from(["EUR", "INR", "SAR"])
DAYS = st.dates().map(lambda day: f"{day.year:04d}-{day.month:02d}-{day.day:02d}")


def hexadecimal(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


def optional(values):
    return st.none() | values


PRICES = st.builds(Price, MICRO, MICRO, MICRO)
BOUNDS = st.builds(Bound, COUNTS, COUNTS)


@st.composite
def usages(draw, most=10**6):
    prompt, output = draw(st.integers(0, most)), draw(st.integers(0, most))
    return Usage(prompt, draw(st.integers(0, prompt)), output, draw(st.integers(0, output)))


TAG_SETS = st.fixed_dictionaries(dict.fromkeys(TAGS, WORDS | st.just("")))
ATTRIBUTES = st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=8), TEXTS, max_size=5)
POTS = st.lists(st.tuples(TEXTS, MICRO), max_size=4).map(tuple)
POLICIES = st.lists(WORDS, max_size=4, unique=True).map(tuple)

ENTRIES = st.one_of(
    st.builds(
        Admission,
        at=MOMENTS,
        number=st.integers(1, 2**53 - 1),
        request=hexadecimal(32),
        key=hexadecimal(64),
        policy=DIGESTS,
        config=DIGESTS,
        attributes=ATTRIBUTES,
        policies=POLICIES,
        model=WORDS,
        price=PRICES,
        currency=CURRENCIES,
        bound=BOUNDS,
        amount=MICRO,
        pots=POTS,
    ),
    st.builds(
        Settlement,
        at=MOMENTS,
        number=st.integers(1, 2**53 - 1),
        person=hexadecimal(32),
        service=st.booleans(),
        day=DAYS,
        tags=TAG_SETS,
        tier=WORDS,
        model=WORDS,
        usage=usages(),
        cost=MICRO,
        currency=CURRENCIES,
        how=st.sampled_from(lists.HOW),
        finish=st.sampled_from(lists.FINISHES),
        first_ms=COUNTS,
        total_ms=COUNTS,
        pots=POTS,
    ),
    st.builds(
        Decision,
        at=MOMENTS,
        request=hexadecimal(32),
        key=optional(hexadecimal(64)),
        reason=st.sampled_from(lists.REASONS),
        person=hexadecimal(32),
        service=st.booleans(),
        day=DAYS,
        tags=TAG_SETS,
        tier=WORDS | st.just(""),
        model=WORDS | st.just(""),
        currency=CURRENCIES,
        attributes=ATTRIBUTES,
        policies=POLICIES,
        policy=optional(DIGESTS),
        config=optional(DIGESTS),
    ),
    st.builds(
        Change,
        at=MOMENTS,
        release=DIGESTS,
        version=COUNTS,
        generation=COUNTS,
        action=st.sampled_from(lists.CHANGES),
        previous=optional(DIGESTS),
        code=optional(DIGESTS),
        config=DIGESTS,
        policy=DIGESTS,
        models=optional(DIGESTS),
    ),
    st.builds(Consent, at=MOMENTS, envelope=st.just("e30="), manifest=DIGESTS, sequence=st.integers(1, 100)),
    st.builds(Veto, at=MOMENTS, envelope=st.just("e30="), manifest=DIGESTS, sequence=st.integers(1, 100)),
    st.builds(
        Egress,
        at=MOMENTS,
        egress_class=st.sampled_from(lists.EGRESS_CLASSES),
        type=TEXTS,
        count=COUNTS,
        bytes=COUNTS,
        digest=DIGESTS,
        period_start=MOMENTS,
        period_end=MOMENTS,
        sequence=optional(COUNTS),
    ),
    st.builds(
        Key,
        at=MOMENTS,
        action=st.sampled_from(lists.KEY_ACTIONS),
        key=hexadecimal(64),
        team=WORDS,
        service=st.booleans(),
    ),
    st.builds(
        Budget,
        at=MOMENTS,
        pot=TEXTS,
        limit=optional(MICRO),
        window=st.sampled_from(lists.WINDOWS),
        action=st.sampled_from(lists.BUDGET_ACTIONS),
    ),
    st.builds(
        Grant, at=MOMENTS, request=hexadecimal(32), recipient=DIGESTS, first=COUNTS, next=COUNTS, expires=MOMENTS
    ),
    st.builds(Erasure, at=MOMENTS, commits=COUNTS),
    st.builds(Correction, at=MOMENTS, index=COUNTS, reason=WORDS),
    st.builds(Pad, at=MOMENTS),
)
