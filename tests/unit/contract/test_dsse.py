"""DSSE envelopes, against securesystemslib; statements of officers on top of them."""

import base64
import json
from datetime import UTC, datetime
from typing import Literal

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as Reference
from securesystemslib.signer import SSlibKey

from bailiwick.contract import dsse, keys, statement
from bailiwick.contract.errors import ContractError, MalformedError, SignatureError
from bailiwick.contract.statement import Statement
from tests.unit.contract.strategies import KEYS

KIND = "application/vnd.example+json"
OFFICERS = tuple(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
RING = {keys.key_id(officer.public_key()): officer.public_key() for officer in OFFICERS}
CONSENT = Statement("consent", "sha256:" + "a" * 64, "eu-de", 1, datetime(2026, 11, 22, tzinfo=UTC))


@given(st.binary(max_size=100), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_the_signed_bytes_are_those_of_securesystemslib(payload, kind):
    assert dsse.pae(kind, payload) == Reference(payload, kind, {}).pae()


@given(st.binary(max_size=100), KEYS)
def test_securesystemslib_verifies_our_envelopes(payload, key):
    reference = Reference.from_dict(json.loads(dsse.sign(KIND, payload, [key])))
    public = SSlibKey(
        keys.key_id(key.public_key()), "ed25519", "ed25519", {"public": keys.raw_public(key.public_key()).hex()}
    )
    assert reference.payload == payload
    assert public.keyid in reference.verify([public], 1)


@given(st.binary(max_size=100))
def test_envelopes_round_trip(payload):
    assert dsse.verify(dsse.sign(KIND, payload, OFFICERS[:2]), KIND, RING, 2) == payload


@given(st.data())
def test_no_flipped_bit_goes_unnoticed(data):
    envelope = bytearray(dsse.sign(KIND, b"payload", OFFICERS[:1]))
    place, bit = data.draw(st.integers(0, len(envelope) - 1)), data.draw(st.integers(0, 7))
    envelope[place] ^= 1 << bit
    with pytest.raises(ContractError):
        dsse.verify(bytes(envelope), KIND, RING, 1)


@given(st.binary(max_size=200))
def test_the_parser_is_total(data):
    with pytest.raises(MalformedError):
        dsse.parse(data)


def test_thresholds_count_distinct_trusted_keys():
    envelope = dsse.sign(KIND, b"x", OFFICERS[:1])
    with pytest.raises(SignatureError):
        dsse.verify(envelope, KIND, RING, 2)
    with pytest.raises(SignatureError):
        dsse.verify(envelope, KIND, {}, 1)
    with pytest.raises(SignatureError):
        dsse.verify(envelope, KIND, RING, 0)
    with pytest.raises(MalformedError):
        dsse.verify(dsse.sign(KIND, b"x", [OFFICERS[0]] * 2), KIND, RING, 2)


def test_another_payload_type_is_refused():
    with pytest.raises(SignatureError):
        dsse.verify(dsse.sign(KIND, b"x", OFFICERS), "application/other", RING, 1)


def test_a_known_key_that_does_not_verify_refuses_the_envelope():
    document = json.loads(dsse.sign(KIND, b"x", OFFICERS[:2]))
    document["signatures"][0]["sig"] = base64.b64encode(b"\x00" * 64).decode()
    with pytest.raises(SignatureError):
        dsse.verify(rfc8785.dumps(document), KIND, RING, 1)


def test_a_key_filed_under_another_id_is_refused():
    first, second, _ = RING
    with pytest.raises(SignatureError):
        dsse.verify(dsse.sign(KIND, b"x", OFFICERS[:1]), KIND, {first: RING[second]}, 1)


def test_officers_may_sign_one_after_another():
    one, two = (dsse.sign(KIND, b"x", [officer]) for officer in OFFICERS[:2])
    assert dsse.verify(dsse.merge(one, two), KIND, RING, 2) == b"x"
    assert dsse.merge(one, one) == one
    with pytest.raises(MalformedError):
        dsse.merge(one, dsse.sign(KIND, b"y", [OFFICERS[1]]))


@given(KEYS)
def test_public_keys_round_trip(key):
    text = keys.public_text(key.public_key())
    assert keys.raw_public(keys.parse_public(text)) == keys.raw_public(key.public_key())


@given(st.text(max_size=60))
def test_the_key_parser_is_total(text):
    with pytest.raises(MalformedError):
        keys.parse_public(text)


def test_spare_bits_of_base64_are_refused():
    assert keys.decode_base64("QQ==", 8) == b"A"
    for text in ("QR==", "QQ=", "QQ", "Q Q=", "QQ==\n", "QUE=QUE="):
        with pytest.raises(MalformedError):
            keys.decode_base64(text, 8)


def test_a_key_given_twice_is_refused():
    text = keys.public_text(OFFICERS[0].public_key())
    assert list(keys.key_ring([text])) == [keys.key_id(OFFICERS[0].public_key())]
    with pytest.raises(MalformedError):
        keys.key_ring([text, text])


def test_a_statement_opens_with_enough_officers():
    envelope = statement.sign_statement(CONSENT, OFFICERS[:2])
    assert statement.open_statement(envelope, RING, 2) == CONSENT
    with pytest.raises(SignatureError):
        statement.open_statement(envelope, RING, 3)


def test_a_veto_gives_its_reason_and_a_consent_none():
    veto = Statement("veto", CONSENT.manifest, "eu-de", 2, CONSENT.at, "LEGAL-BASIS-MISSING")
    assert Statement.decode(veto.encode()) == veto
    wrong: tuple[tuple[Literal["veto", "consent"], str | None], ...] = (("veto", None), ("consent", "OTHER"))
    for kind, reason in wrong:
        with pytest.raises(MalformedError):
            Statement(kind, CONSENT.manifest, "eu-de", 2, CONSENT.at, reason)
    document = json.loads(veto.encode())
    with pytest.raises(MalformedError):
        Statement.decode(rfc8785.dumps({**document, "reason_code": "BECAUSE"}))


@given(st.binary(max_size=100))
def test_the_statement_parser_is_total(data):
    with pytest.raises(MalformedError):
        Statement.decode(data)
