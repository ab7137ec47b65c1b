"""DSSE envelopes (secure-systems-lab/dsse v1.0.2) with Ed25519, in one canonical JSON form."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bailiwick.contract import canonical
from bailiwick.contract.errors import MalformedError, SignatureError
from bailiwick.contract.keys import decode_base64, key_id

MAX_ENVELOPE = 1 << 20
MAX_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and the id of the key that claims to have made it."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope; nothing in it is verified yet."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical.dumps(
            {
                "payloadType": self.payload_type,
                "payload": base64.b64encode(self.payload).decode(),
                "signatures": [
                    {"keyid": signature.keyid, "sig": base64.b64encode(signature.sig).decode()}
                    for signature in self.signatures
                ],
            }
        )


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, keys: Sequence[Ed25519PrivateKey]) -> bytes:
    """Sign with each key and return the envelope's bytes."""
    message = pae(payload_type, payload)
    signatures = tuple(Signature(key_id(key.public_key()), key.sign(message)) for key in keys)
    return Envelope(payload_type, payload, signatures).encode()


def merge(first: bytes, second: bytes) -> bytes:
    """Put the signatures of two envelopes over the same payload into one, for officers who sign one after another."""
    one, two = parse(first), parse(second)
    if (one.payload_type, one.payload) != (two.payload_type, two.payload):
        raise MalformedError("the envelopes hold different payloads")
    known = {signature.keyid for signature in one.signatures}
    added = tuple(signature for signature in two.signatures if signature.keyid not in known)
    return Envelope(one.payload_type, one.payload, one.signatures + added).encode()


def _signature(value: object) -> Signature:
    if not isinstance(value, dict) or set(value) != {"keyid", "sig"}:
        raise MalformedError("a signature has exactly keyid and sig")
    keyid, sig = value["keyid"], value["sig"]
    if not isinstance(keyid, str) or len(keyid) > 64 or not isinstance(sig, str):
        raise MalformedError("a signature's keyid and sig are texts")
    raw = decode_base64(sig, 88)
    if len(raw) != 64:
        raise MalformedError("an Ed25519 signature has 64 bytes")
    return Signature(keyid, raw)


def parse(envelope: bytes) -> Envelope:
    """Parse an envelope in its canonical form, without looking at signatures."""
    value = canonical.loads(envelope, MAX_ENVELOPE)
    if not isinstance(value, dict) or set(value) != {"payloadType", "payload", "signatures"}:
        raise MalformedError("an envelope has exactly payloadType, payload and signatures")
    kind, payload, signatures = value["payloadType"], value["payload"], value["signatures"]
    if not isinstance(kind, str) or len(kind) > 255 or not isinstance(payload, str):
        raise MalformedError("payloadType and payload are texts")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise MalformedError(f"an envelope has 1 to {MAX_SIGNATURES} signatures")
    parsed = tuple(_signature(signature) for signature in signatures)
    if len({signature.keyid for signature in parsed}) != len(parsed):
        raise MalformedError("a key signed twice")
    return Envelope(kind, decode_base64(payload, MAX_ENVELOPE), parsed)


def verify(envelope: bytes, payload_type: str, keys: Mapping[str, Ed25519PublicKey], threshold: int) -> bytes:
    """Return the payload when at least `threshold` distinct keys of `keys` signed it.

    Signatures by unknown keys are ignored; a signature by a known key that does not verify refuses the envelope.
    Raises MalformedError for anything but a canonical envelope, SignatureError otherwise.
    """
    parsed = parse(envelope)
    if parsed.payload_type != payload_type:
        raise SignatureError("the envelope holds another type of payload")
    if threshold < 1:
        raise SignatureError("a threshold is at least 1")
    message = pae(parsed.payload_type, parsed.payload)
    valid: set[str] = set()
    for signature in parsed.signatures:
        key = keys.get(signature.keyid)
        if key is None:
            continue
        if key_id(key) != signature.keyid:
            raise SignatureError("a trusted key is filed under another key's id")
        try:
            key.verify(signature.sig, message)
        except InvalidSignature as error:
            raise SignatureError("a trusted key's signature does not verify") from error
        valid.add(signature.keyid)
    if len(valid) < threshold:
        raise SignatureError(f"{len(valid)} of the {threshold} needed trusted keys signed")
    return parsed.payload
