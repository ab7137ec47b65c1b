"""Only allowed values become messages; anything else names its field and never its value."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.agent.v1 import agent_pb2
from bailiwick.contract.checkpoint import Checkpoint, sign_checkpoint
from bailiwick.contract.note import SignerKey
from bailiwick.contract.statement import Statement, sign_statement
from data_plane.agent.certificate import request
from data_plane.privacy import messages
from data_plane.privacy.documents import parsers, rebuild_checkpoint, rebuild_csr, rebuild_statement
from data_plane.privacy.errors import ForbiddenValueError, UnannotatedError
from data_plane.privacy.messages import Observation, ReleaseNote
from data_plane.privacy.rebuild import Rebuilder
from data_plane.privacy.vocabulary import registered
from data_plane.privacy.walk import border_files, walk

VOCABULARIES = registered("eu-de", "EUR", ["tiny-chat"], {"team": ("payments",)})
SECRET = "jane.doe@example.org"


@pytest.fixture(scope="module")
def rebuilder() -> Rebuilder:
    return Rebuilder(walk(border_files()), VOCABULARIES, parsers("eu-de", "bailiwick/eu-de"))


def test_a_heartbeat_is_made(rebuilder) -> None:
    made = messages.heartbeat(rebuilder, 7)
    assert agent_pb2.SessionRequest.FromString(made.body).heartbeat.sequence == 7


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("bailiwick.agent.v1.Heartbeat", {"sequence": -1}),
        ("bailiwick.agent.v1.Heartbeat", {"sequence": 2**53}),
        ("bailiwick.agent.v1.Heartbeat", {"sequence": SECRET}),
        ("bailiwick.agent.v1.Heartbeat", {"sequence": 1.5}),
        ("bailiwick.agent.v1.Heartbeat", {"note": SECRET}),
        ("bailiwick.agent.v1.Engine", {"model": SECRET}),
        ("bailiwick.agent.v1.Engine", {"state": 99}),
        ("bailiwick.agent.v1.Engine", {"state": True}),
        ("bailiwick.agent.v1.Observed", {"manifest": SECRET.encode()}),
        ("bailiwick.agent.v1.Observed", {"engines": [{"model": "tiny-chat"}] * 65}),
        ("bailiwick.agent.v1.Observed", {"engines": SECRET}),
        ("bailiwick.agent.v1.ReleaseState", {"statement": SECRET.encode()}),
        ("bailiwick.metrics.v1.Cell", {"team": "lab"}),
        ("bailiwick.metrics.v1.Cell", {"team": "Payments"}),
        ("bailiwick.metrics.v1.SubmitRequest", {"report": SECRET.encode()}),
        ("bailiwick.agent.v1.SessionResponse", {}),
        ("bailiwick.agent.v1.DesiredState", {"generation": 1}),
    ],
)
def test_what_is_not_allowed_is_refused_without_being_repeated(
    rebuilder, type_name: str, values: dict[str, Any]
) -> None:
    with pytest.raises(ForbiddenValueError) as refused:
        rebuilder.build(type_name, values)
    assert SECRET not in str(refused.value)


@given(st.text(min_size=1))
def test_no_text_passes_but_registered_words(text: str) -> None:
    rebuilder = Rebuilder(walk(border_files()), VOCABULARIES, parsers("eu-de", "bailiwick/eu-de"))
    for type_name, name in (("bailiwick.agent.v1.Engine", "model"), ("bailiwick.metrics.v1.Cell", "team")):
        words = VOCABULARIES.words[name]
        if text in words:
            rebuilder.build(type_name, {name: text})
        else:
            with pytest.raises(ForbiddenValueError):
                rebuilder.build(type_name, {name: text})


@given(st.binary(max_size=200))
def test_no_bytes_pass_for_a_report_unless_they_are_one(body: bytes) -> None:
    rebuilder = Rebuilder(walk(border_files()), VOCABULARIES, parsers("eu-de", "bailiwick/eu-de"))
    try:
        made = messages.submit(rebuilder, body, b"")
    except ForbiddenValueError:
        return
    assert made.message.report == body


def test_unknown_fields_inside_a_report_are_refused(rebuilder) -> None:
    smuggled = b"\xfa\x07" + bytes([len(SECRET)]) + SECRET.encode()  # field 127, length-delimited
    with pytest.raises(ForbiddenValueError):
        messages.submit(rebuilder, smuggled, b"")


def test_a_document_that_nothing_parses_stops_the_start() -> None:
    with pytest.raises(UnannotatedError):
        Rebuilder(walk(border_files()), VOCABULARIES, {})


def test_a_request_names_the_region_and_nothing_else() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    body = request(key, "eu-de")
    assert rebuild_csr(body, "eu-de") == body
    for body in (request(key, "in-mh"), _with_subject(key), b"\x30\x00", request(key, "eu-de") + b"\x00"):
        with pytest.raises(ForbiddenValueError):
            rebuild_csr(body, "eu-de")


def _with_subject(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SECRET)])
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("bailiwick://region/eu-de")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_checkpoint_leaves_with_the_ledgers_own_signature_only() -> None:
    own = SignerKey("bailiwick/eu-de", Ed25519PrivateKey.generate())
    note = sign_checkpoint(Checkpoint("bailiwick/eu-de", 3, b"\x01" * 32), own)
    extra = f"\u2014 {SECRET.replace('@', '.')} {base64.b64encode(b'1234' + SECRET.encode()).decode()}\n".encode()
    assert rebuild_checkpoint(note + extra, "bailiwick/eu-de") == note
    with pytest.raises(ForbiddenValueError):
        rebuild_checkpoint(note, "bailiwick/in-mh")


def test_a_statement_leaves_only_about_this_region() -> None:
    officer = Ed25519PrivateKey.generate()
    said = Statement("consent", "sha256:" + "0" * 64, "eu-de", 1, datetime.now(UTC))
    envelope = sign_statement(said, [officer])
    assert rebuild_statement(envelope, "eu-de") == envelope
    with pytest.raises(ForbiddenValueError):
        rebuild_statement(envelope, "in-mh")


def test_an_observation_and_a_note_are_made(rebuilder) -> None:
    seen = Observation(3, agent_pb2.REGION_STATE_CONNECTED, True, b"\x01" * 32, 2, engines=(("tiny-chat", 1),))
    observed = agent_pb2.SessionRequest.FromString(messages.observed(rebuilder, seen).body).observed
    assert (observed.generation, observed.healthy, observed.engines[0].model) == (3, True, "tiny-chat")
    note = ReleaseNote(b"\x02" * 32, agent_pb2.RELEASE_PHASE_REFUSED, agent_pb2.REASON_CODE_BOUNDARY)
    assert messages.release_state(rebuilder, note).message.release_state.reason == agent_pb2.REASON_CODE_BOUNDARY
