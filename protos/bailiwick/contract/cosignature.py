"""Witness cosignatures (C2SP tlog-cosignature, Ed25519): what a witness signs, and how a quorum is judged."""

from collections.abc import Sequence
from typing import Final

from bailiwick.contract.checkpoint import Checkpoint
from bailiwick.contract.errors import MalformedError, SignatureError
from bailiwick.contract.note import (
    Algorithm,
    NoteSignature,
    SignerKey,
    VerifierKey,
    check_signature,
    parse_note,
    parse_signature,
)

_BLOB: Final = 8 + 64
_MAX_TIME: Final = 2**63 - 1


def message(text: str, timestamp: int) -> bytes:
    """The signed bytes: header line, time line, and the checkpoint's whole text."""
    if not 0 <= timestamp <= _MAX_TIME:
        raise MalformedError("not a POSIX time")
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(checkpoint_text: str, signer: SignerKey, timestamp: int) -> str:
    """A signature line (with its newline) by a witness over a checkpoint's text, as of `timestamp` (POSIX seconds)."""
    if signer.algorithm is not Algorithm.COSIGNATURE_V1:
        raise SignatureError("a witness signs with a cosignature key")
    Checkpoint.parse(checkpoint_text)
    verifier = signer.verifier
    signature = signer.private.sign(message(checkpoint_text, timestamp))
    return NoteSignature(verifier.name, verifier.id, timestamp.to_bytes(8, "big") + signature).line()


def verify_cosignature(text: str, signature: NoteSignature, witness: VerifierKey) -> int:
    """Return the time of the cosignature by `witness`, or raise SignatureError."""
    if witness.algorithm is not Algorithm.COSIGNATURE_V1 or not signature.by(witness):
        raise SignatureError("the signature is not a cosignature of this witness")
    if len(signature.blob) != _BLOB:
        raise SignatureError("a cosignature has a time and 64 bytes")
    timestamp = int.from_bytes(signature.blob[:8], "big")
    if timestamp > _MAX_TIME:
        raise SignatureError("a cosignature's time is out of range")
    check_signature(witness.key, signature.blob[8:], message(text, timestamp))
    return timestamp


def verify_cosignatures(note: bytes, witnesses: Sequence[VerifierKey], quorum: int) -> list[tuple[str, int]]:
    """Name and time of each witness of `witnesses` that cosigned; raises SignatureError below `quorum`.

    A witness counts once however often it signed (its latest time counts), and keys that share their public key count
    as one. Signatures by unknown keys are ignored; one by a known key that does not verify refuses the note.
    """
    parsed = parse_note(note)
    Checkpoint.parse(parsed.text)
    times: dict[bytes, tuple[str, int]] = {}
    for signature in parsed.signatures:
        for witness in witnesses:
            if signature.by(witness):
                timestamp = verify_cosignature(parsed.text, signature, witness)
                known = times.get(witness.public)
                if known is None or known[1] < timestamp:
                    times[witness.public] = (witness.name, timestamp)
    if len(times) < quorum:
        raise SignatureError(f"{len(times)} of the {quorum} needed witnesses cosigned")
    return sorted(times.values())


def attach(note: bytes, line: str) -> bytes:
    """The note with one more signature line, in place of an earlier one by the same key."""
    return parse_note(note).with_signature(parse_signature(line)).encode()
