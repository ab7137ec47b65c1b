"""Tiled logs (C2SP tlog-tiles): paths, tiles of hashes, bundles of entries."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bailiwick.contract import merkle
from bailiwick.contract.errors import MalformedError

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH_SIZE: Final = 32
MAX_ENTRY: Final = 0xFFFF
"""An entry's length is a 16-bit prefix in its bundle."""
MAX_LEVEL: Final = 63

_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The address of a tile of hashes, or (level -1) of a bundle of entries; `width` is 256 when full."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not -1 <= self.level <= MAX_LEVEL or not 0 <= self.index < merkle.MAX_SIZE or not 1 <= self.width <= WIDTH:
            raise MalformedError("no such tile")

    @property
    def path(self) -> str:
        """The resource below the log's prefix."""
        return tile_path(self.level, self.index, self.width)


ENTRIES: Final = -1
"""The level that stands for bundles of entries."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """``tile/<L>/<N>[.p/<W>]``; level ENTRIES gives ``tile/entries/…``."""
    groups = [f"{index % 1000:03d}"]
    rest = index // 1000
    while rest:
        groups.append(f"x{rest % 1000:03d}")
        rest //= 1000
    name = "entries" if level == ENTRIES else str(level)
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{name}/{'/'.join(reversed(groups))}{partial}"


def parse_tile_path(path: str) -> Tile:
    """Read exactly what `tile_path` writes."""
    match = _PATH.fullmatch(path) if len(path) <= 64 else None
    if match is None:
        raise MalformedError("not the path of a tile")
    level = ENTRIES if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("/", "").replace("x", ""))
    width = WIDTH if match["width"] is None else int(match["width"])
    tile = Tile(level, index, width)
    if tile.path != path:
        raise MalformedError("not the canonical path of a tile")
    return tile


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes (or entries) the tile holds in a tree of `size` entries; 0 when it does not exist."""
    count = size >> (HEIGHT * max(level, 0))
    return max(0, min(WIDTH, count - index * WIDTH))


def changed_tiles(old: int, new: int) -> Iterator[Tile]:
    """Tiles of hashes and bundles of entries that a tree of `new` entries has and one of `old` entries did not have."""
    for level in range(ENTRIES, MAX_LEVEL // HEIGHT + 1):
        before, after = (size >> (HEIGHT * max(level, 0)) for size in (old, new))
        if after == 0:
            return
        if after == before:
            continue
        for index in range(before // WIDTH, -(-after // WIDTH)):
            yield Tile(level, index, min(WIDTH, after - index * WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries with big-endian 16-bit length prefixes."""
    if not 1 <= len(entries) <= WIDTH:
        raise MalformedError(f"a bundle holds 1 to {WIDTH} entries")
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise MalformedError(f"an entry has at most {MAX_ENTRY} bytes")
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle, and nothing after them."""
    if len(data) > WIDTH * (MAX_ENTRY + 2):
        raise MalformedError("a bundle is too long")
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        end = position + 2 + int.from_bytes(data[position : position + 2], "big")
        if len(entries) == width or position + 2 > len(data) or end > len(data):
            raise MalformedError("a bundle is cut short or has trailing bytes")
        entries.append(data[position + 2 : end])
        position = end
    if len(entries) != width:
        raise MalformedError("a bundle holds another number of entries than its path says")
    return entries


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Hashes, one after another."""
    if not 1 <= len(hashes) <= WIDTH or any(len(value) != HASH_SIZE for value in hashes):
        raise MalformedError(f"a tile holds 1 to {WIDTH} hashes of {HASH_SIZE} bytes")
    return b"".join(hashes)


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """The `width` hashes of a tile."""
    if len(data) != width * HASH_SIZE:
        raise MalformedError("a tile has another length than its path says")
    return [data[position : position + HASH_SIZE] for position in range(0, len(data), HASH_SIZE)]


class HashTiles:
    """Nodes of a tree of `size` entries, computed from tiles that `read` fetches.

    Each tile is read at most once; its width follows from `size`. A node is trusted no more than its tile: check the
    root (`root`) against a checkpoint first.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        if not 0 <= size <= merkle.MAX_SIZE:
            raise MalformedError("no such tree size")
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def _hashes(self, level: int, index: int) -> list[bytes]:
        known = self._tiles.get((level, index))
        if known is None:
            width = width_at(level, index, self.size)
            if width == 0:
                raise MalformedError("the tree has no such node")
            known = decode_tile(self._read(Tile(level, index, width)), width)
            self._tiles[level, index] = known
        return known

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree (level, index); raises MalformedError where the tree has none."""
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise MalformedError("the tree has no such node")
        tile_level, height = divmod(level, HEIGHT)
        start = index << height
        hashes = self._hashes(tile_level, start // WIDTH)
        offset = start % WIDTH
        return merkle.root(hashes[offset : offset + (1 << height)])

    def root(self) -> bytes:
        """The tree's root."""
        return merkle.range_root(0, self.size, self.node) if self.size else merkle.EMPTY_ROOT

    def frontier(self) -> merkle.Frontier:
        """The right edge, ready to append to."""
        hashes: list[bytes] = []
        start = 0
        for level in reversed(range(self.size.bit_length())):
            if self.size >> level & 1:
                hashes.append(self.node(level, start >> level))
                start += 1 << level
        return merkle.Frontier(self.size, hashes)
