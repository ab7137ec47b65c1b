"""Tiles on disk: incremental writing leads to the same bytes as writing at once, wherever it was interrupted."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.contract.merkle import leaf_hash, root
from bailiwick.contract.tiles import ENTRIES, WIDTH, HashTiles, Tile, changed_tiles, decode_bundle
from data_plane.ledger.errors import TileMissingError
from data_plane.ledger.tile_files import TileFiles, TileWriter, entries_of


def entry(index: int) -> bytes:
    return b"entry %d" % index * (index % 3 + 1)


def grow(writer: TileWriter, size: int) -> None:
    for index in range(writer.size, size):
        writer.append(leaf_hash(entry(index)), entry(index))


def check(directory: Path, size: int) -> None:
    files = TileFiles(directory)
    assert HashTiles(size, files.read).root() == root(leaf_hash(entry(index)) for index in range(size))
    for tile in changed_tiles(0, size):
        data = (directory / tile.path).read_bytes()
        if tile.level == ENTRIES:
            start = tile.index * WIDTH
            assert decode_bundle(data, tile.width) == [entry(index) for index in range(start, start + tile.width)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=4), st.booleans())
def test_any_sequence_of_seals_and_restarts_gives_the_same_tree(steps: list[int], restart: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        files = TileFiles(Path(name))
        writer = TileWriter(files)
        for step in steps:
            grow(writer, writer.size + step)
            writer.flush()
            check(Path(name), writer.size)
            if restart:
                size = writer.size
                writer = TileWriter.resume(TileFiles(Path(name)), size // WIDTH * WIDTH)
                grow(writer, size)


def test_partial_tiles_give_way_to_full_ones_and_to_wider_ones(tmp_path: Path) -> None:
    writer = TileWriter(TileFiles(tmp_path))
    for size in (10, 20, 30):
        grow(writer, size)
        writer.flush()
    partials = sorted(int(path.name) for path in (tmp_path / "tile/0/000.p").iterdir())
    assert partials == [20, 30], "the width before is kept for readers of the checkpoint before"
    files = TileFiles(tmp_path)
    assert files.read(Tile(0, 0, 10)) == files.read(Tile(0, 0, 30))[:320]
    assert entries_of(files, 0, 10) == [entry(index) for index in range(10)]
    grow(writer, 300)
    writer.flush()
    assert not (tmp_path / "tile/0/000.p").exists()
    assert files.read(Tile(0, 0, 30)) == (tmp_path / "tile/0/000").read_bytes()[: 30 * 32]


def test_a_missing_or_short_tile_is_no_tile(tmp_path: Path) -> None:
    files = TileFiles(tmp_path)
    with pytest.raises(TileMissingError, match="tile/0/000 is missing"):
        files.read(Tile(0, 0))
    files.write(Tile(0, 0), b"\0" * 31)
    with pytest.raises(TileMissingError, match="damaged"):
        files.read(Tile(0, 0, 1))
    files.write(Tile(ENTRIES, 0), b"\0\5abc")
    with pytest.raises(TileMissingError, match="damaged"):
        files.read(Tile(ENTRIES, 0, 1))
