"""Checkpoints of a transparency log (C2SP tlog-checkpoint): origin, size and root in a signed note."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from bailiwick.contract.errors import MalformedError, SignatureError
from bailiwick.contract.keys import decode_base64
from bailiwick.contract.merkle import MAX_SIZE
from bailiwick.contract.note import SignerKey, VerifierKey, check_name, open_note, sign_note

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head; Bailiwick writes and accepts no extension lines."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != 32:
            raise MalformedError("a checkpoint has a size and a root of 32 bytes")

    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @staticmethod
    def parse(text: str) -> "Checkpoint":
        """Read what `text` writes."""
        lines = text.split("\n") if len(text) <= 512 else []
        if len(lines) != 4 or lines[3] or _SIZE.fullmatch(lines[1]) is None:
            raise MalformedError("a checkpoint has an origin, a size and a root")
        checkpoint = Checkpoint(lines[0], int(lines[1]), decode_base64(lines[2], 44))
        if checkpoint.text() != text:
            raise MalformedError("not the canonical form of a checkpoint")
        return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, signer: SignerKey) -> bytes:
    """The signed note; the log's key bears the origin's name."""
    if signer.name != checkpoint.origin:
        raise SignatureError("a log's key bears the name of its origin")
    return sign_note(checkpoint.text(), [signer])


def open_checkpoint(data: bytes, verifier: VerifierKey) -> Checkpoint:
    """Verify the log's signature and parse; a note of another origin is refused."""
    checkpoint = Checkpoint.parse(open_note(data, [verifier]))
    if checkpoint.origin != verifier.name:
        raise SignatureError("the checkpoint is of another log")
    return checkpoint
