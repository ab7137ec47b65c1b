"""What a bundle is gathered from: the published log, and facts that were read beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bailiwick.contract import merkle, tiles
from data_plane.ledger.tile_files import TileFiles, entries_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from bailiwick.contract.bundle import Head
    from bailiwick.contract.release import Policy


class Log(Protocol):
    """A tree of entries, as it was published."""

    def entries(self, first: int, following: int) -> Iterator[bytes]:
        """The canonical bytes of entries [first, following), in order. MUST be the entries of the tree."""

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree (level, index)."""


class TileLog:
    """The log in its tiles on disk; entries are read bundle by bundle."""

    def __init__(self, directory: Path, size: int) -> None:
        self._files = TileFiles(directory)
        self._size = size
        self._hashes = tiles.HashTiles(size, self._files.read)

    def node(self, level: int, index: int) -> bytes:
        """A hash, out of its tile."""
        return self._hashes.node(level, index)

    def entries(self, first: int, following: int) -> Iterator[bytes]:
        """Entries out of their bundles."""
        for number in range(first // tiles.WIDTH, -(-following // tiles.WIDTH)):
            start = number * tiles.WIDTH
            width = tiles.width_at(tiles.ENTRIES, number, self._size)
            yield from entries_of(self._files, number, width)[max(0, first - start) : following - start]


class MemoryLog:
    """A log of entries held in memory."""

    def __init__(self, entries: list[bytes]) -> None:
        self._entries = entries
        self._leaves = [merkle.leaf_hash(entry) for entry in entries]
        self._nodes: dict[tuple[int, int], bytes] = {}

    def entries(self, first: int, following: int) -> Iterator[bytes]:
        """Entries in order."""
        yield from self._entries[first:following]

    def node(self, level: int, index: int) -> bytes:
        """A hash, computed once."""
        if level == 0:
            return self._leaves[index]
        known = self._nodes.get((level, index))
        if known is None:
            known = merkle.node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
            self._nodes[level, index] = known
        return known

    def root(self) -> bytes:
        """The root over all entries."""
        return merkle.root(self._leaves)


@dataclass(frozen=True)
class Facts:
    """All that a bundle needs beside the log.

    `note` is the cosigned checkpoint of `head`; `earlier` are indices below `first` that the range refers to; `words`
    the registered words by dimension; `documents` manifests, configurations and policy sets by digest; `contents`
    messages that left by digest; `tuf` release metadata by file name; `own` the region's own policies.
    """

    region: str
    jurisdiction: str
    origin: str
    first: int
    next: int
    head: Head
    previous: Head | None
    created: datetime
    note: bytes
    earlier: tuple[int, ...]
    words: Mapping[str, tuple[str, ...]]
    documents: Mapping[str, bytes]
    contents: Mapping[str, bytes]
    tuf: Mapping[str, bytes] = field(default_factory=dict)
    own: tuple[Policy, ...] = ()
