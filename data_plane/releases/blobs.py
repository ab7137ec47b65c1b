"""The region's own copies of what releases are made of: `data/release/blobs/<hex>`, each named by its SHA-256."""

from __future__ import annotations

from pathlib import Path

from bailiwick.contract.release import digest as text_of
from bailiwick.contract.release import hex_of
from data_plane.database.durable import write_durably


def text_digest(raw: bytes) -> str:
    """`sha256:<hex>` of a raw digest of 32 bytes."""
    return f"sha256:{raw.hex()}"


class BlobStore:
    """Content-addressed files. What does not match its name counts as absent."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Where the blob of `digest` lies or would lie."""
        return self._root / hex_of(digest)

    def read(self, digest: str) -> bytes | None:
        """The blob, or none where it is absent or does not match its digest."""
        try:
            body = self.path(digest).read_bytes()
        except FileNotFoundError:
            return None
        return body if text_of(body) == digest else None

    def put(self, body: bytes) -> str:
        """Stores `body` durably and gives its digest."""
        digest = text_of(body)
        if self.read(digest) is None:
            write_durably(self.path(digest), body, 0o640)
        return digest
