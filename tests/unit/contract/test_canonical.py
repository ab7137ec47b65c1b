"""Canonical JSON against the reference implementation of RFC 8785."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract import canonical, fields, times
from bailiwick.contract.errors import MalformedError
from tests.unit.contract.strategies import MOMENTS

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(max_codepoint=127))
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)


@given(DOCUMENTS)
def test_the_encoding_is_that_of_rfc_8785(document):
    encoded = canonical.dumps(document)
    assert encoded == rfc8785.dumps(document)
    assert canonical.loads(encoded, len(encoded)) == document


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), 2**53, -(2**53), "\ud800", {"é": 1}, {1: 2}, b"x", object(), {"a": {"b": 1.5}}]
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(MalformedError):
        canonical.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}x",
        b" {}",
        b"{} ",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"-0",
        b"Infinity",
        b'"\\u0061"',
        b'"\\ud800"',
        b"9007199254740992",
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b'"\xff"',
        b"\xef\xbb\xbf{}",
    ],
)
def test_any_other_form_is_refused(data):
    with pytest.raises(MalformedError):
        canonical.loads(data, 1 << 20)


@given(st.binary(max_size=64))
def test_the_parser_is_total_and_canonical(data):
    try:
        parsed: Any = canonical.loads(data, 64)
        assert canonical.dumps(parsed) == data
    except MalformedError:
        return


def test_length_is_capped_first():
    with pytest.raises(MalformedError, match="longer"):
        canonical.loads(b"\xff" * 100, 99)


def test_a_lenient_parse_keeps_the_subset():
    assert canonical.parse(b' {"b": 1, "a": [true, null]} ', 100) == {"b": 1, "a": [True, None]}
    with pytest.raises(MalformedError):
        canonical.parse(b'{"a": 1, "a": 2}', 100)


@given(MOMENTS)
def test_times_round_trip(moment):
    assert times.parse_time(times.format_time(moment)) == moment


@given(st.text(max_size=40) | st.none() | st.integers())
def test_the_time_parser_is_total(value):
    try:
        assert times.format_time(times.parse_time(value)) == value
    except MalformedError:
        return


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T16:00:00Z",
        "2026-11-22T16:00:00.000000+00:00",
        "2026-11-22 16:00:00.000000Z",
        "2026-02-30T16:00:00.000000Z",
        "2026-11-22T24:00:00.000000Z",
        "20261122T160000.0000000000Z",
    ],
)
def test_other_times_are_refused(text):
    with pytest.raises(MalformedError):
        times.parse_time(text)


@given(DOCUMENTS)
def test_field_readers_are_total(value):
    for read in (
        fields.text,
        fields.identifier,
        fields.identifier_or_empty,
        fields.jurisdiction,
        fields.integer,
        fields.boolean,
        fields.digest,
        fields.day,
        fields.currency,
        fields.moment,
        fields.labels,
        lambda v: fields.hexadecimal(v, 4),
        lambda v: fields.items(v, 4, fields.text),
        lambda v: fields.distinct(v, 4, fields.text),
        lambda v: fields.members(v, ("a",)),
        lambda v: fields.member_of(v, ("a",)),
    ):
        try:
            read(value)
        except MalformedError:
            continue


def test_the_encoder_is_the_standard_librarys():
    assert json.loads(canonical.dumps({"a": '\u2028\x7f\x00"\\/\b\f\n\r\t'})) == {"a": '\u2028\x7f\x00"\\/\b\f\n\r\t'}
