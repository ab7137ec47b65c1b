"""Ed25519 public keys as text, and their short identifiers. Reading and writing key files is the planes' work."""

import base64
import binascii
import hashlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bailiwick.contract.errors import MalformedError

PREFIX = "ed25519:"


def raw_public(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of RFC 8032."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def decode_base64(text: str | bytes, limit: int) -> bytes:
    """Decode standard base64 (RFC 4648, section 4) of at most `limit` characters; no spare bits, no stray bytes."""
    if len(text) > limit:
        raise MalformedError(f"base64 text longer than {limit} characters")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("not base64") from error
    if base64.b64encode(data) != (text.encode() if isinstance(text, str) else text):
        raise MalformedError("not canonical base64")
    return data


def public_text(key: Ed25519PublicKey) -> str:
    """``ed25519:<base64 of 32 bytes>``."""
    return PREFIX + base64.b64encode(raw_public(key)).decode()


def parse_public(text: str) -> Ed25519PublicKey:
    """Read what `public_text` writes."""
    if not text.startswith(PREFIX):
        raise MalformedError(f"a public key starts with {PREFIX!r}")
    raw = decode_base64(text.removeprefix(PREFIX), 44)
    if len(raw) != 32:
        raise MalformedError("an Ed25519 public key has 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(raw_public(key)).hexdigest()[:16]


def key_ring(texts: Iterable[str]) -> dict[str, Ed25519PublicKey]:
    """Public keys by id, from their texts; a key given twice is refused, for it would count twice in a threshold."""
    ring: dict[str, Ed25519PublicKey] = {}
    for text in texts:
        key = parse_public(text)
        if key_id(key) in ring:
            raise MalformedError("the same public key is given twice")
        ring[key_id(key)] = key
    return ring
