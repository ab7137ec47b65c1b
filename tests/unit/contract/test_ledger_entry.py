"""Ledger entries: one canonical form each, and nothing else is read."""

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract import ledger_entry
from bailiwick.contract.errors import ContractError, MalformedError
from bailiwick.contract.ledger_entry import Admission, Erasure, Pad, commit, decode
from tests.unit.contract.strategies import ENTRIES

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@given(ENTRIES)
def test_every_entry_reads_back_from_its_rfc_8785_bytes(entry):
    encoded = entry.encode()
    assert decode(encoded) == entry
    assert rfc8785.dumps(json.loads(encoded)) == encoded


@given(ENTRIES, st.data())
def test_no_two_entries_share_their_bytes(entry, data):
    encoded = bytearray(entry.encode())
    place, bit = data.draw(st.integers(0, len(encoded) - 1)), data.draw(st.integers(0, 7))
    encoded[place] ^= 1 << bit
    try:
        assert decode(bytes(encoded)) != entry
    except ContractError:
        return


@given(ENTRIES, st.data())
def test_missing_and_unknown_members_are_refused(entry, data):
    document = json.loads(entry.encode())
    with pytest.raises(MalformedError):
        decode(rfc8785.dumps({**document, "zzz": 1}))
    name = data.draw(st.sampled_from(sorted(document)))
    del document[name]
    with pytest.raises(MalformedError):
        decode(rfc8785.dumps(document))


@given(ENTRIES, st.data())
def test_members_of_other_types_are_refused_or_read(entry, data):
    document = json.loads(entry.encode())
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(st.sampled_from([None, True, -1, 2**53 - 1, "", "\n", [], {}, [[]], {"a": 1}]))
    try:
        assert decode(rfc8785.dumps(document)).encode() == rfc8785.dumps(document)
    except ContractError:
        return


@given(st.binary(max_size=200))
def test_the_decoder_is_total(data):
    with pytest.raises(MalformedError):
        decode(data)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"v": True, "kind": "pad", "at": "2026-11-22T16:00:00.000000Z"},
        {"v": 2, "kind": "pad", "at": "2026-11-22T16:00:00.000000Z"},
        {"v": 1, "kind": "other", "at": "2026-11-22T16:00:00.000000Z"},
        {"v": 1, "kind": ["pad"], "at": "2026-11-22T16:00:00.000000Z"},
        {"v": 1, "kind": "erasure", "at": "2026-11-22T16:00:00.000000Z", "commits": True},
    ],
)
def test_other_documents_are_refused(document):
    with pytest.raises(MalformedError):
        decode(rfc8785.dumps(document))


def test_each_kind_is_known_by_its_class():
    assert decode(Pad(NOW).encode()).kind == "pad"
    assert Admission.kind == "admission"
    assert set(ledger_entry.KINDS) == {
        *("admission", "settlement", "decision", "change", "consent", "veto", "egress"),
        *("key", "budget", "grant", "erasure", "correction", "pad"),
    }


def test_the_form_of_a_pad_is_fixed():
    assert Pad(NOW).encode() == b'{"at":"2026-11-22T16:00:00.000000Z","kind":"pad","v":1}'


def test_an_entry_that_does_not_fit_a_bundle_is_refused():
    with pytest.raises(MalformedError):
        ledger_entry.Consent(NOW, "A" * 70_000, "sha256:" + "0" * 64, 1).encode()


def test_a_time_without_zone_is_refused():
    with pytest.raises(MalformedError):
        Erasure(datetime(2026, 11, 22), 1).encode()  # noqa: DTZ001 # the point of the test


def test_a_commitment_is_the_hash_of_salt_and_value():
    assert commit(b"salt", b"value") == "d430a1da30afe1a9d07b3b36042151ebaf53c4882af1609733c04930de318e33"
