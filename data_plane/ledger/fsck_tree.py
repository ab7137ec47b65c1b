"""The part of `fsck` that is about the tree: rows to hashes to tiles to checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bailiwick.contract.checkpoint import open_checkpoint
from bailiwick.contract.errors import ContractError
from bailiwick.contract.merkle import EMPTY_ROOT, Frontier, leaf_hash
from bailiwick.contract.merkle import root as merkle_root
from bailiwick.contract.note import VerifierKey
from bailiwick.contract.tiles import ENTRIES, WIDTH, Tile, encode_bundle, encode_tile, width_at
from data_plane.ledger import anchor as anchors
from data_plane.ledger.errors import LedgerError
from data_plane.ledger.reader import StoredEntry
from data_plane.ledger.tile_files import TileFiles

Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Outside:
    """What stands outside the database: the published note, and the anchor or why it cannot be read."""

    note: bytes | None
    anchor: anchors.Anchor | None
    fault: str = ""

    @classmethod
    def read(cls, files: TileFiles, path: Path) -> Outside:
        """Both as they stand now."""
        try:
            return cls(files.checkpoint(), anchors.read(path))
        except LedgerError as error:
            return cls(files.checkpoint(), None, str(error))


class TreeCheck:
    """Takes entries in the order of their indices and compares what they lead to with what is stored."""

    def __init__(
        self,
        files: TileFiles,
        outside: Outside,
        key: VerifierKey,
        report: Report,
        checkpoints: Sequence[asyncpg.Record],
    ) -> None:
        self._outside = outside
        self._files = files
        self._key = key
        self._report = report
        self._tree = Frontier()
        self._next = 0
        self._bundle: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        self._checkpoints = {row["size"]: row for row in checkpoints}
        self._roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self._published = self._read_published()
        self._wanted = {self._published, *self._checkpoints}

    @property
    def size(self) -> int:
        """How many entries were taken."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self._tree.root()

    def add(self, entry: StoredEntry) -> None:
        """Takes the next entry."""
        if entry.index != self._next:
            self._report("INDEX-GAP", f"index {entry.index} stands where {self._next} is due")
        self._next = entry.index + 1
        leaf = leaf_hash(entry.body)
        self._tree.append(leaf)
        self._bundle.append(entry.body)
        self._push(0, leaf)
        size = self._tree.size
        if len(self._bundle) == WIDTH or size == self._published:
            self._compare_bundle(size)
        if size in self._wanted:
            self._roots[size] = self._tree.root()
        if size == self._published:
            self._compare_partials(size)

    def finish(self, head: asyncpg.Record) -> None:
        """Compares the ends: head, checkpoints, anchor."""
        edge = b"".join(self._tree.hashes)
        if (head["size"], head["root"], head["frontier"]) != (self.size, self.root, edge):
            self._report("HEAD-DIFFERS", f"the head says {head['size']} entries, the rows lead to {self.size}")
        for size, row in self._checkpoints.items():
            self._check_note(size, row["note"], row["root"])
        if self._outside.note is not None:
            self._check_note(self._published, self._outside.note, None)
        self._check_anchor()

    def _read_published(self) -> int:
        if self._outside.note is None:
            return 0
        try:
            return open_checkpoint(self._outside.note, self._key).size
        except ContractError as error:
            self._report("CHECKPOINT-SIGNATURE", f"the published checkpoint: {error}")
            return 0

    def _push(self, level: int, value: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
        hashes = self._levels[level]
        hashes.append(value)
        if len(hashes) == WIDTH:
            self._compare(Tile(level, (self._tree.size >> (8 * (level + 1))) - 1), encode_tile(hashes))
            self._levels[level] = []
            self._push(level + 1, merkle_root(hashes))

    def _compare_partials(self, size: int) -> None:
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._compare(Tile(level, size >> (8 * (level + 1)), len(hashes)), encode_tile(hashes))

    def _compare_bundle(self, size: int) -> None:
        index = (size - 1) // WIDTH
        tile = Tile(ENTRIES, index, len(self._bundle))
        try:
            stored = self._files.read(tile)
        except LedgerError as error:
            if size <= self._published:
                self._report("BUNDLE-DIFFERS", str(error))
        else:
            if stored != encode_bundle(self._bundle):
                self._report("BUNDLE-DIFFERS", f"{tile.path} does not hold the rows' bytes")
        if len(self._bundle) == WIDTH:
            self._bundle = []

    def _compare(self, tile: Tile, expected: bytes) -> None:
        if width_at(tile.level, tile.index, self._published) < tile.width:
            return
        try:
            stored = self._files.read(tile)
        except LedgerError as error:
            self._report("TILE-DIFFERS", str(error))
            return
        if stored != expected:
            self._report("TILE-DIFFERS", f"{tile.path} is not what the rows lead to")

    def _check_note(self, size: int, note: bytes, root: bytes | None) -> None:
        try:
            checkpoint = open_checkpoint(note, self._key)
        except ContractError as error:
            self._report("CHECKPOINT-SIGNATURE", f"checkpoint of size {size}: {error}")
            return
        roots = {checkpoint.root, self._roots.get(size), root or checkpoint.root}
        if checkpoint.size != size or len(roots) != 1:
            self._report("CHECKPOINT-DIFFERS", f"checkpoint of size {size} has another root than the rows lead to")

    def _check_anchor(self) -> None:
        anchor = self._outside.anchor
        if anchor is None:
            if self._outside.fault:
                self._report("ANCHOR-DIFFERS", self._outside.fault)
            elif self.size:
                self._report("ANCHOR-DIFFERS", "there is no anchor")
            return
        if anchor.size > self.size or self._roots.get(anchor.size, anchor.root) != anchor.root:
            self._report("ANCHOR-DIFFERS", f"the anchor of size {anchor.size} is not a prefix of the rows' tree")
