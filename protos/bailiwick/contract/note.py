"""Signed notes and their keys (C2SP signed-note): Ed25519 (0x01) and, for `cosignature`, Ed25519 cosigners (0x04)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bailiwick.contract.errors import MalformedError, SignatureError
from bailiwick.contract.keys import decode_base64, raw_public

MAX_NOTE: Final = 64 * 1024
MAX_NAME: Final = 255
MAX_SIGNATURES: Final = 64
_MARK: Final = "\u2014 "


class Algorithm(IntEnum):
    """Signature types of the specification that Bailiwick uses."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


def check_name(name: str) -> str:
    """Return `name` if it may name a key: no spaces, no plus, no control characters, not empty."""
    if not 1 <= len(name) <= MAX_NAME or "+" in name or not name.isprintable() or any(c.isspace() for c in name):
        raise MalformedError("not the name of a key")
    return name


def key_hash(name: str, algorithm: Algorithm, public: bytes) -> bytes:
    """The key id of 4 bytes: SHA-256(name || 0x0A || algorithm || public key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and its one algorithm."""

    name: str
    algorithm: Algorithm
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != 32:
            raise MalformedError("an Ed25519 public key has 32 bytes")

    @property
    def id(self) -> bytes:
        """The 4 bytes that stand before each signature."""
        return key_hash(self.name, self.algorithm, self.public)

    @property
    def key(self) -> Ed25519PublicKey:
        """The key itself."""
        return Ed25519PublicKey.from_public_bytes(self.public)

    def __str__(self) -> str:
        """``<name>+<key id in hex>+<base64(algorithm || public key)>``."""
        material = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    @staticmethod
    def parse(text: str) -> "VerifierKey":
        """Read what `str()` writes; a wrong key id is refused."""
        parts = text.split("+", 2) if len(text) <= MAX_NAME + 64 else []
        if len(parts) != 3:
            raise MalformedError("a verifier key has a name, a key id and a key")
        material = decode_base64(parts[2], 44)
        if len(material) != 33 or material[0] not in set(Algorithm):
            raise MalformedError("a verifier key of an algorithm that is not used here")
        key = VerifierKey(parts[0], Algorithm(material[0]), material[1:])
        if str(key) != text:
            raise MalformedError("a verifier key whose key id is wrong")
        return key


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with the name and algorithm that it signs under."""

    name: str
    private: Ed25519PrivateKey
    algorithm: Algorithm = Algorithm.ED25519

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.algorithm, raw_public(self.private.public_key()))


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line; `blob` is what follows the key id."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}\n"

    def by(self, key: VerifierKey) -> bool:
        """Whether the line claims to be by `key`."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; nothing in it is verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Text, blank line, signature lines."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()

    def with_signature(self, signature: NoteSignature) -> "Note":
        """The note with one more signature, in place of an earlier one by the same key."""
        kept = tuple(s for s in self.signatures if (s.name, s.key_id) != (signature.name, signature.key_id))
        return Note(self.text, (*kept, signature))


def check_text(text: str) -> str:
    """Return `text` if it may be signed: it ends in a newline and has no other control characters."""
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text) or len(text) > MAX_NOTE:
        raise MalformedError("not the text of a note")
    return text


def parse_signature(line: str) -> NoteSignature:
    """Read one signature line, with its newline."""
    fields = line.removesuffix("\n").removeprefix(_MARK).split(" ")
    if len(fields) != 2:
        raise MalformedError("not a signature line")
    blob = decode_base64(fields[1], 8192)
    if len(blob) < 5:
        raise MalformedError("a signature is too short")
    signature = NoteSignature(check_name(fields[0]), blob[:4], blob[4:])
    if signature.line() != line:
        raise MalformedError("not the canonical form of a signature line")
    return signature


def parse_note(data: bytes) -> Note:
    """Split a note into text and signature lines; trailing bytes and any other form are refused."""
    if len(data) > MAX_NOTE:
        raise MalformedError(f"a note has at most {MAX_NOTE} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("a note is UTF-8") from error
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise MalformedError("a note has a text, a blank line and signatures")
    rows = lines.split("\n")[:-1]
    if len(rows) > MAX_SIGNATURES:
        raise MalformedError(f"a note has at most {MAX_SIGNATURES} signatures")
    note = Note(check_text(text + "\n"), tuple(parse_signature(row + "\n") for row in rows))
    if note.encode() != data:
        raise MalformedError("not the canonical form of a note")
    return note


def sign_text(text: str, signer: SignerKey) -> NoteSignature:
    """One plain Ed25519 signature over a note's text."""
    if signer.algorithm is not Algorithm.ED25519:
        raise SignatureError("only an Ed25519 key signs a note's plain text")
    verifier = signer.verifier
    return NoteSignature(verifier.name, verifier.id, signer.private.sign(check_text(text).encode()))


def sign_note(text: str, signers: Sequence[SignerKey]) -> bytes:
    """The note over `text`, signed by each of `signers`."""
    return Note(text, tuple(sign_text(text, signer) for signer in signers)).encode()


def open_note(data: bytes, verifiers: Sequence[VerifierKey]) -> str:
    """Return the text when at least one of `verifiers` signed it.

    Signatures by unknown keys are ignored; one by a known key that does not verify refuses the note. Raises
    MalformedError or SignatureError.
    """
    note = parse_note(data)
    verified = False
    for signature in note.signatures:
        for key in verifiers:
            if key.algorithm is Algorithm.ED25519 and signature.by(key):
                check_signature(key.key, signature.blob, note.text.encode())
                verified = True
    if not verified:
        raise SignatureError("no trusted key signed the note")
    return note.text


def check_signature(key: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    """Raise SignatureError unless `signature` is by `key` over `message`."""
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise SignatureError("a trusted key's signature does not verify") from error
