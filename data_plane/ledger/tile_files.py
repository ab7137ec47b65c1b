"""The published ledger on disk, in the layout of C2SP tlog-tiles, and the writer that grows it.

A tile's bytes follow from the entries alone, so writing one twice, or after a crash anew, changes nothing.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bailiwick.contract import merkle
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.tiles import (
    ENTRIES,
    HASH_SIZE,
    HEIGHT,
    WIDTH,
    HashTiles,
    Tile,
    changed_tiles,
    decode_bundle,
    encode_bundle,
    encode_tile,
    tile_path,
)
from data_plane.ledger.durable import replace, sync
from data_plane.ledger.errors import TileMissingError

CHECKPOINT = "checkpoint"
LEVELS = 8
_WIDTH = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class TileFiles:
    """Reads and writes tiles beneath one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._unsynced: set[Path] = set()

    def checkpoint(self) -> bytes | None:
        """The published checkpoint, if there is one."""
        try:
            return (self.directory / CHECKPOINT).read_bytes()
        except FileNotFoundError:
            return None

    def publish(self, note: bytes) -> None:
        """Replaces the published checkpoint, durably."""
        replace(self.directory / CHECKPOINT, note)
        sync(self.directory)

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile; a partial one is cut out of a wider one where only that is left.

        Raises:
            TileMissingError: neither is there, or it is cut short.
        """
        for path in self._candidates(tile):
            try:
                return _cut(path.read_bytes(), tile)
            except FileNotFoundError:
                continue
            except MalformedError as error:
                raise TileMissingError(f"{path} is damaged: {error}") from error
        raise TileMissingError(f"{tile.path} is missing")

    def holds(self, size: int) -> bool:
        """Whether every full tile of a tree of `size` entries is there, by its length: a quick look, no proof."""
        for tile in changed_tiles(0, size):
            least = tile.width * (2 if tile.level == ENTRIES else HASH_SIZE)
            path = self.directory / tile.path
            if tile.width == WIDTH and not (path.is_file() and path.stat().st_size >= least):
                return False
        return True

    def write(self, tile: Tile, data: bytes) -> None:
        """Puts a tile in place. It is durable after `sync`."""
        path = self.directory / tile.path
        replace(path, data)
        self._unsynced.add(path.parent)

    def sync(self) -> None:
        """Makes every tile written so far durable, with the directories that lead to it."""
        pending = set(self._unsynced)
        for directory in self._unsynced:
            pending.update(parent for parent in directory.parents if self.directory in parent.parents)
        pending.add(self.directory)
        for directory in pending:
            if directory.is_dir():
                sync(directory)
        self._unsynced.clear()

    def prune(self, tile: Tile, keep: int) -> None:
        """Deletes the other partial widths of this tile's place, but for `keep`; all of them for a full tile."""
        directory = self.directory / (tile_path(tile.level, tile.index) + ".p")
        if tile.width == WIDTH:
            shutil.rmtree(directory, ignore_errors=True)
            return
        for width in _widths(directory):
            if width not in {tile.width, keep}:
                (directory / str(width)).unlink(missing_ok=True)

    def _candidates(self, tile: Tile) -> list[Path]:
        exact = self.directory / tile.path
        full = self.directory / tile_path(tile.level, tile.index)
        if tile.width == WIDTH:
            return [full]
        partials = full.with_name(full.name + ".p")
        wider = [partials / str(width) for width in _widths(partials) if width > tile.width]
        return [exact, full, *wider]


def _widths(directory: Path) -> list[int]:
    if not directory.is_dir():
        return []
    return sorted(int(path.name) for path in directory.iterdir() if _WIDTH.fullmatch(path.name))


def _cut(data: bytes, tile: Tile) -> bytes:
    if tile.level != ENTRIES:
        if len(data) < tile.width * HASH_SIZE or len(data) % HASH_SIZE:
            raise MalformedError("cut short")
        return data[: tile.width * HASH_SIZE]
    position = 0
    for _ in range(tile.width):
        if position + 2 > len(data):
            raise MalformedError("cut short")
        position += 2 + int.from_bytes(data[position : position + 2], "big")
    if position > len(data):
        raise MalformedError("cut short")
    return data[:position]


class TileWriter:
    """Grows the published tree entry by entry; full tiles are written at once, partial ones by `flush`.

    `size` entries are in it. It holds only the tiles of the right edge.
    """

    def __init__(self, files: TileFiles) -> None:
        self._files = files
        self._levels: list[list[bytes]] = [[] for _ in range(LEVELS)]
        self._entries: list[bytes] = []
        self._flushed: dict[int, Tile] = {}
        self.size = 0

    @classmethod
    def resume(cls, files: TileFiles, size: int) -> TileWriter:
        """The writer of a tree of `size` entries, a multiple of 256, whose tiles are on disk.

        Raises:
            TileMissingError: the right edge is not all there.
        """
        writer = cls(files)
        tiles = HashTiles(size, files.read)
        for level in range(LEVELS):
            count = size >> (HEIGHT * level)
            start = count // WIDTH * WIDTH
            writer._levels[level] = [tiles.node(HEIGHT * level, index) for index in range(start, count)]
        writer.size = size
        return writer

    def append(self, leaf: bytes, entry: bytes) -> None:
        """Adds the next entry, whose leaf hash is `leaf`."""
        self._entries.append(entry)
        if len(self._entries) == WIDTH:
            self._write(Tile(ENTRIES, self.size // WIDTH), encode_bundle(self._entries))
            self._entries = []
        self.size += 1
        self._push(0, leaf)

    def flush(self) -> None:
        """Writes the partial tiles of the present size and makes all tiles durable."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._write(Tile(level, self.size >> (HEIGHT * (level + 1)), len(hashes)), encode_tile(hashes))
        if self._entries:
            self._write(Tile(ENTRIES, self.size // WIDTH, len(self._entries)), encode_bundle(self._entries))
        self._files.sync()

    def _push(self, level: int, value: bytes) -> None:
        hashes = self._levels[level]
        hashes.append(value)
        if len(hashes) < WIDTH:
            return
        self._write(Tile(level, (self.size >> (HEIGHT * (level + 1))) - 1), encode_tile(hashes))
        self._levels[level] = []
        self._push(level + 1, merkle.root(hashes))

    def _write(self, tile: Tile, data: bytes) -> None:
        last = self._flushed.get(tile.level)
        if last == tile:
            return
        self._files.write(tile, data)
        same_place = last is not None and last.index == tile.index
        if tile.width == WIDTH or same_place:
            self._files.prune(tile, last.width if last is not None and same_place else 0)
        self._flushed[tile.level] = tile


def entries_of(files: TileFiles, index: int, width: int) -> list[bytes]:
    """The entries of bundle `index`, of which `width` are wanted.

    Raises:
        TileMissingError: the bundle is missing or damaged.
    """
    return decode_bundle(files.read(Tile(ENTRIES, index, width)), width)
