"""Reading the ledger: entries from the database, tiles, roots and proofs from the published files.

A proof is made from tiles and is worth what its verifier computes; nothing here is trusted by `bailiwick verify`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from bailiwick.contract import merkle
from bailiwick.contract.checkpoint import Checkpoint, open_checkpoint
from bailiwick.contract.note import VerifierKey
from bailiwick.contract.tiles import HashTiles
from data_plane.ledger.tile_files import TileFiles

ENTRIES = "SELECT idx, number, kind, body, at FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx LIMIT $3"
NUMBERED = "SELECT idx FROM ledger_entry WHERE number = $1 AND kind = $2"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry at its index, as canonical bytes."""

    index: int
    kind: str
    body: bytes


async def entries(
    connection: asyncpg.Connection | asyncpg.Pool, first: int, after: int, page: int = PAGE
) -> AsyncIterator[StoredEntry]:
    """Entries [first, after) in order, a page at a time; stops early where the ledger ends."""
    position = first
    while position < after:
        rows = await connection.fetch(ENTRIES, position, after, page)
        for row in rows:
            yield StoredEntry(row["idx"], row["kind"], row["body"])
        if not rows:
            return
        position = rows[-1]["idx"] + 1


async def size(connection: asyncpg.Connection | asyncpg.Pool) -> int:
    """How many entries are numbered; the published size may be a little behind."""
    found: int = await connection.fetchval("SELECT size FROM ledger_head WHERE id = 1")
    return found


async def index_of(connection: asyncpg.Connection | asyncpg.Pool, number: int, kind: str = "admission") -> int | None:
    """The index of the admission, or the settlement, with this number; None while it has none."""
    found: int | None = await connection.fetchval(NUMBERED, number, kind)
    return found


class PublishedLedger:
    """The published tree: its checkpoint and proofs from its tiles."""

    def __init__(self, files: TileFiles, key: VerifierKey) -> None:
        self._files = files
        self._key = key

    def note(self) -> bytes | None:
        """The published checkpoint as signed; None before the first."""
        return self._files.checkpoint()

    def checkpoint(self) -> Checkpoint | None:
        """The published checkpoint, its signature verified; None before the first.

        Raises:
            ContractError: it is not ours, or damaged.
        """
        note = self.note()
        return None if note is None else open_checkpoint(note, self._key)

    def root(self, at: int) -> bytes:
        """The root of the first `at` entries.

        Raises:
            TileMissingError: the tree is not published that far.
        """
        return self._tiles(at).root()

    def inclusion(self, index: int, at: int) -> list[bytes]:
        """The proof (RFC 6962, 2.1.1) that entry `index` is in the tree of `at` entries.

        Raises:
            ProofError: the index lies outside that tree. TileMissingError: the tree is not published that far.
        """
        return merkle.inclusion_proof(index, at, self._tiles(at).node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof (RFC 6962, 2.1.2) that the tree of `new` entries continues that of `old`.

        Raises:
            ProofError: the old size exceeds the new. TileMissingError: the tree is not published that far.
        """
        return merkle.consistency_proof(old, new, self._tiles(new).node)

    def proofs(self, at: int) -> HashTiles:
        """The nodes of the tree of `at` entries, for many proofs at once: each tile is read once."""
        return self._tiles(at)

    def _tiles(self, at: int) -> HashTiles:
        return HashTiles(at, self._files.read)
