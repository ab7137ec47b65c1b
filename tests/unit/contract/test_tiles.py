"""C2SP tlog-tiles: paths, widths, bundles, nodes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bailiwick.contract import merkle, tiles
from bailiwick.contract.errors import ContractError, MalformedError
from bailiwick.contract.tiles import ENTRIES, Tile

TILES = st.builds(Tile, st.integers(-1, 63), st.integers(0, 2**53 - 1), st.integers(1, 256))


def test_the_paths_of_the_specification():
    assert tiles.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tiles.tile_path(ENTRIES, 273, 112) == "tile/entries/273.p/112"


@given(TILES)
def test_a_path_leads_back_to_its_tile(tile):
    assert tiles.parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/../000",
        "tile/0/x\u0660\u0660\u0661/002",
        "checkpoint",
    ],
)
def test_other_paths_are_refused(path):
    with pytest.raises(MalformedError):
        tiles.parse_tile_path(path)


@given(st.text(max_size=80))
def test_the_path_parser_is_total(text):
    try:
        assert tiles.parse_tile_path(text).path == text
    except MalformedError:
        return


def test_the_example_of_the_specification():
    made = list(tiles.changed_tiles(0, 70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in made) == 273
    assert Tile(0, 273, 112) in made
    assert [tile for tile in made if tile.level >= 1] == [Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [t for t in tiles.changed_tiles(0, 256) if t.level >= 0] == [Tile(0, 0), Tile(1, 0, 1)]


@given(st.integers(0, 70_000), st.integers(0, 3_000))
@example(255, 1)
@example(256, 0)
def test_growing_writes_every_tile_that_the_new_size_needs(old, more):
    new = old + more
    before = set(tiles.changed_tiles(0, old))
    written = set(tiles.changed_tiles(old, new))
    assert set(tiles.changed_tiles(0, new)) <= before | written
    for tile in written:
        assert tiles.width_at(tile.level, tile.index, new) == tile.width


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_round_trip(entries):
    assert tiles.decode_bundle(tiles.encode_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=200), st.integers(1, 256))
def test_bundles_are_total_and_canonical(data, width):
    try:
        assert tiles.encode_bundle(tiles.decode_bundle(data, width)) == data
    except ContractError:
        return


def test_an_entry_that_does_not_fit_its_prefix_is_refused():
    with pytest.raises(MalformedError):
        tiles.encode_bundle([b"x" * 65536])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 700, 66_000])
def test_nodes_roots_and_frontiers_from_tiles(size):
    hashes = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
    levels = [hashes]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([merkle.root(below[start : start + 256]) for start in range(0, len(below) - 255, 256)])
    reads = []

    def read(tile: Tile) -> bytes:
        reads.append(tile)
        return tiles.encode_tile(levels[tile.level][tile.index * 256 : tile.index * 256 + tile.width])

    log = tiles.HashTiles(size, read)
    assert log.root() == merkle.root(hashes)
    frontier = log.frontier()
    assert (frontier.size, frontier.root()) == (size, merkle.root(hashes))
    for index in range(0, size, 97):
        merkle.verify_inclusion(hashes[index], index, size, merkle.inclusion_proof(index, size, log.node), log.root())
    assert len(reads) == len(set(reads))
    with pytest.raises(MalformedError):
        log.node(0, size)


def test_a_tile_of_another_length_is_refused():
    with pytest.raises(MalformedError):
        tiles.HashTiles(2, lambda tile: b"x" * 63).node(0, 0)
