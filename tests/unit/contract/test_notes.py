"""Signed notes, checkpoints and cosignatures: published vectors, round trips, and every flipped bit."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract import checkpoint, cosignature, merkle, note
from bailiwick.contract.checkpoint import Checkpoint
from bailiwick.contract.errors import ContractError, MalformedError, SignatureError
from bailiwick.contract.note import Algorithm, SignerKey, VerifierKey
from tests.unit.contract.strategies import KEYS

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
MONKEYS_KEY = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT"
MONKEYS_5 = (
    "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n"
    "— monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=\n"
)

LOG = SignerKey("bailiwick/eu-de", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
WITNESSES = tuple(
    SignerKey(f"witness/{n}", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32), Algorithm.COSIGNATURE_V1)
    for n in (2, 3)
)
POINT = Checkpoint("bailiwick/eu-de", 42, sha256(b"root").digest())


def cosigned(*timestamps: int) -> bytes:
    signed = checkpoint.sign_checkpoint(POINT, LOG)
    for witness, timestamp in zip(WITNESSES, timestamps, strict=False):
        signed = cosignature.attach(signed, cosignature.cosign(POINT.text(), witness, timestamp))
    return signed


def test_the_note_of_the_go_library_opens():
    assert note.open_note(GO_NOTE.encode(), [VerifierKey.parse(GO_KEY)]) == GO_TEXT


def test_a_published_checkpoint_opens():
    opened = checkpoint.open_checkpoint(MONKEYS_5.encode(), VerifierKey.parse(MONKEYS_KEY))
    assert (opened.origin, opened.size) == ("monkeys", 5)
    assert base64.b64encode(opened.root) == b"41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE="


def test_the_cosigned_message_is_that_of_the_specification():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert cosignature.message(text, 1679315147) == b"cosignature/v1\ntime 1679315147\n" + text.encode()
    line = cosignature.cosign(text, WITNESSES[0], 1679315147)
    blob = base64.b64decode(line.split(" ")[2])
    assert len(blob) == 4 + 72
    assert blob[:4] == sha256(b"witness/2\n\x04" + WITNESSES[0].verifier.public).digest()[:4]
    assert int.from_bytes(blob[4:12], "big") == 1679315147


@given(KEYS, st.sampled_from(Algorithm))
def test_verifier_keys_round_trip(key, algorithm):
    verifier = SignerKey("example.com/log", key, algorithm).verifier
    assert VerifierKey.parse(str(verifier)) == verifier


@pytest.mark.parametrize(
    "text",
    [
        GO_KEY[:-1],
        GO_KEY + "\n",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("Peter", "Peter "),
        GO_KEY.replace("+AR", "+BR"),
        "+c74f20a3+AR",
        "",
    ],
)
def test_other_verifier_keys_are_refused(text):
    with pytest.raises(MalformedError):
        VerifierKey.parse(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).map(
    lambda text: "".join(c for c in text if c >= " " or c == "\n") + "\n"
)


@given(TEXTS, st.lists(KEYS, min_size=1, max_size=3, unique_by=lambda key: key.private_bytes_raw()))
def test_notes_round_trip(text, keys):
    signers = [SignerKey(f"key/{n}", key) for n, key in enumerate(keys)]
    signed = note.sign_note(text, signers)
    for signer in signers:
        assert note.open_note(signed, [signer.verifier]) == text
    assert note.parse_note(signed).encode() == signed


def _open_all(signed: bytes, witnesses: list[VerifierKey]) -> None:
    checkpoint.open_checkpoint(signed, LOG.verifier)
    cosignature.verify_cosignatures(signed, witnesses, len(witnesses))


@given(st.data())
def test_no_flipped_bit_goes_unnoticed(data):
    signed = cosigned(100, 200)
    place, bit = data.draw(st.integers(0, len(signed) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(signed)
    flipped[place] ^= 1 << bit
    witnesses = [witness.verifier for witness in WITNESSES]
    with pytest.raises(ContractError):
        _open_all(bytes(flipped), witnesses)


@pytest.mark.parametrize("trailing", [b"\n", b" ", b"x", b"\x00", "— a b\n".encode()])
def test_trailing_bytes_are_refused(trailing):
    with pytest.raises(ContractError):
        checkpoint.open_checkpoint(cosigned() + trailing, LOG.verifier)


@given(st.binary(max_size=400))
def test_the_note_parser_is_total(data):
    with pytest.raises(ContractError):
        note.open_note(data, [LOG.verifier])


@given(TEXTS)
def test_the_checkpoint_parser_is_total_and_canonical(text):
    try:
        assert Checkpoint.parse(text).text() == text
    except MalformedError:
        return


@pytest.mark.parametrize("size", ["-1", "01", "1 ", "+1", "1e3", "٣", "99999999999999999"])
def test_sizes_have_one_form(size):
    with pytest.raises(MalformedError):
        Checkpoint.parse(POINT.text().replace("42", size))


def test_extension_lines_are_refused():
    signed = note.sign_note(POINT.text() + "more\n", [LOG])
    with pytest.raises(MalformedError):
        checkpoint.open_checkpoint(signed, LOG.verifier)


def test_unknown_keys_are_ignored_and_known_ones_must_verify():
    signed = cosigned(100, 200)
    assert note.open_note(signed, [LOG.verifier]) == POINT.text()
    stranger = SignerKey("stranger", Ed25519PrivateKey.from_private_bytes(b"\x09" * 32))
    with pytest.raises(SignatureError):
        note.open_note(signed, [stranger.verifier])
    broken = note.parse_note(signed)
    forged = note.NoteSignature(LOG.name, LOG.verifier.id, b"\x00" * 64)
    with pytest.raises(SignatureError):
        note.open_note(broken.with_signature(forged).encode(), [LOG.verifier])


def test_a_checkpoint_of_another_log_is_refused():
    signed = note.sign_note(Checkpoint("bailiwick/in-mh", 1, POINT.root).text(), [LOG])
    with pytest.raises(SignatureError):
        checkpoint.open_checkpoint(signed, LOG.verifier)
    with pytest.raises(SignatureError):
        checkpoint.sign_checkpoint(Checkpoint("bailiwick/in-mh", 1, POINT.root), LOG)


def test_quorums():
    first, second = (witness.verifier for witness in WITNESSES)
    assert cosignature.verify_cosignatures(cosigned(100, 200), [first, second], 2) == [
        ("witness/2", 100),
        ("witness/3", 200),
    ]
    with pytest.raises(SignatureError):
        cosignature.verify_cosignatures(cosigned(100), [first, second], 2)
    assert cosignature.verify_cosignatures(cosigned(100), [first, second], 1) == [("witness/2", 100)]


def test_one_key_under_two_names_is_one_witness():
    alias = SignerKey("witness/alias", WITNESSES[0].private, Algorithm.COSIGNATURE_V1)
    signed = cosignature.attach(cosigned(100), cosignature.cosign(POINT.text(), alias, 300))
    with pytest.raises(SignatureError):
        cosignature.verify_cosignatures(signed, [WITNESSES[0].verifier, alias.verifier], 2)


def test_a_cosignature_over_another_checkpoint_does_not_count():
    line = cosignature.cosign(Checkpoint("bailiwick/eu-de", 43, POINT.root).text(), WITNESSES[0], 100)
    with pytest.raises(SignatureError):
        cosignature.verify_cosignatures(cosignature.attach(cosigned(), line), [WITNESSES[0].verifier], 1)


def test_a_witness_key_signs_no_plain_note_and_a_log_key_no_cosignature():
    with pytest.raises(SignatureError):
        note.sign_note(POINT.text(), [WITNESSES[0]])
    with pytest.raises(SignatureError):
        cosignature.cosign(POINT.text(), LOG, 1)
    with pytest.raises(SignatureError):
        note.open_note(cosigned(100), [WITNESSES[0].verifier])


def test_an_empty_log_has_a_checkpoint():
    empty = Checkpoint("bailiwick/eu-de", 0, merkle.EMPTY_ROOT)
    assert checkpoint.open_checkpoint(checkpoint.sign_checkpoint(empty, LOG), LOG.verifier) == empty
