"""The sequencer on a real PostgreSQL: numbers by commit, publishes crash-safely, refuses a restored database."""

import asyncio
import random
from pathlib import Path

import asyncpg
import pytest

from bailiwick.contract.checkpoint import open_checkpoint
from bailiwick.contract.ledger_entry import Erasure, decode
from bailiwick.contract.merkle import leaf_hash, root
from bailiwick.contract.tiles import ENTRIES, WIDTH, HashTiles, Tile, changed_tiles
from data_plane.ledger import anchor, boundary
from data_plane.ledger.append import append
from data_plane.ledger.errors import BoundaryError, TreeRefusedError
from data_plane.ledger.leader import Leader, LedgerPlace
from data_plane.ledger.tile_files import TileFiles, entries_of
from tests.fixtures.ledger import bodies, leading, now, place, put, until_sealed
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


async def check_published(database: Database, where: LedgerPlace) -> int:
    """Everything on disk follows from the rows: every tile of the tree, the checkpoint, the anchor."""
    files = TileFiles(where.tiles)
    note = files.checkpoint()
    assert note is not None
    checkpoint = open_checkpoint(note, where.signer.verifier)
    rows = await bodies(database)
    assert len(rows) >= checkpoint.size
    rows = rows[: checkpoint.size]
    hashes = [leaf_hash(body) for body in rows]
    assert checkpoint.root == root(hashes) == HashTiles(checkpoint.size, files.read).root()
    for tile in changed_tiles(0, checkpoint.size):
        assert (where.tiles / tile.path).is_file(), tile.path
        if tile.level == ENTRIES:
            start = tile.index * WIDTH
            assert entries_of(files, tile.index, tile.width) == rows[start : start + tile.width]
        elif tile.level == 0:
            assert files.read(Tile(0, tile.index, tile.width)) == b"".join(
                hashes[tile.index * WIDTH : tile.index * WIDTH + tile.width]
            )
    anchored = anchor.read(where.anchor)
    assert anchored is not None
    assert anchored.size >= checkpoint.size
    return checkpoint.size


async def test_entries_are_numbered_hashed_and_sealed(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)
    async with leading(where):
        for count in (3, 300, 1, 500):
            await put(region_database, count)
            await asyncio.sleep(0.1)
        await until_sealed(where, 804)
        assert await check_published(region_database, where) == 804
    assert not list((tmp_path / "tiles" / "tile" / "0").glob("000.p")), "partial tiles of a full one are gone"


async def test_ids_that_commit_out_of_order_are_all_numbered(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)

    async def writer(seed: int) -> None:
        connection = await asyncpg.connect(region_database.dsn("bw_console"))
        chance = random.Random(seed)
        try:
            for _ in range(20):
                async with connection.transaction():
                    for _ in range(4):
                        await append(connection, Erasure(at=now(), commits=1))
                        await asyncio.sleep(chance.random() * 0.01)
        finally:
            await connection.close()

    async with leading(where):
        await asyncio.gather(*(writer(seed) for seed in range(10)))
        await until_sealed(where, 800)
    assert len(await bodies(region_database)) == 800
    await check_published(region_database, where)


async def test_only_one_leads_and_the_other_takes_over(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)
    async with leading(where) as first, leading(where):
        await put(region_database, 10)
        await until_sealed(where, 10)
        await put(region_database, 10)
        await until_sealed(where, 20)
        connection = await asyncpg.connect(region_database.dsn())
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bailiwick ledger'"
        )
        await connection.close()
        await put(region_database, 10)
        await until_sealed(where, 30)
        assert not first.done()
    assert await check_published(region_database, where) == 30


async def test_a_boundary_is_padded_and_sealed_exactly_there(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)
    connection = await asyncpg.connect(region_database.dsn("bw_agent"))
    async with leading(where, seal=1.0):
        await put(region_database, 5)
        found = await boundary.wait(connection, await boundary.request(connection, 256, now()), 10)
        again = await boundary.wait(connection, await boundary.request(connection, 256, now()), 10)
        assert found.size == again.size == 256
        await put(region_database, 300)
        third = await boundary.wait(connection, await boundary.request(connection, 256, now()), 10)
        assert third.size == 768
    await connection.close()
    kinds = [decode(body).kind for body in await bodies(region_database)]
    assert kinds[5:256] == ["pad"] * 251
    assert open_checkpoint(third.note, where.signer.verifier).root == third.root
    assert await check_published(region_database, where) == 768


async def test_without_a_sequencer_a_boundary_says_so(region_database: Database) -> None:
    connection = await asyncpg.connect(region_database.dsn("bw_agent"))
    asked = await boundary.request(connection, 256, now())
    with pytest.raises(BoundaryError, match="is the ledger process running"):
        await boundary.wait(connection, asked, 0.3)
    await connection.close()


async def halted(database: Database) -> str | None:
    connection = await asyncpg.connect(database.dsn())
    try:
        found: str | None = await connection.fetchval("SELECT halted FROM ledger_head")
        return found
    finally:
        await connection.close()


async def change(database: Database, statement: str) -> None:
    connection = await asyncpg.connect(database.dsn())
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DELETE FROM ledger_entry WHERE idx >= 200; UPDATE ledger_head SET size = 200", "older copy"),
        ("UPDATE ledger_head SET root = sha256('x')", "does not follow"),
        ("UPDATE ledger_entry SET body = '{}' WHERE idx = 280", "at least one was changed or removed"),
        ("DELETE FROM ledger_entry WHERE idx = 280", "at least one was changed or removed"),
    ],
)
async def test_a_smaller_or_different_tree_is_refused(
    region_database: Database, tmp_path: Path, damage: str, message: str
) -> None:
    where = place(region_database, tmp_path)
    async with leading(where):
        await put(region_database, 300)
        await until_sealed(where, 300)
    before = {path: path.read_bytes() for path in where.tiles.rglob("*") if path.is_file()}
    await change(region_database, damage)
    with pytest.raises(TreeRefusedError, match=message):
        await asyncio.wait_for(Leader(where, 0.05, now).run(asyncio.Event()), 10)
    assert message in (await halted(region_database) or "")
    assert before == {path: path.read_bytes() for path in where.tiles.rglob("*") if path.is_file()}


async def test_a_deleted_anchor_is_no_way_around(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)
    async with leading(where):
        await put(region_database, 3)
        await until_sealed(where, 3)
    where.anchor.unlink()
    with pytest.raises(TreeRefusedError, match="the anchor is missing"):
        await Leader(where, 0.05, now).run(asyncio.Event())


async def test_lost_tiles_are_rebuilt_byte_for_byte(region_database: Database, tmp_path: Path) -> None:
    where = place(region_database, tmp_path)
    async with leading(where):
        await put(region_database, 600)
        await until_sealed(where, 600)
    (where.tiles / "tile" / "0" / "001").unlink()
    (where.tiles / "tile" / "entries" / "000").write_bytes(b"damaged")
    async with leading(where):
        await put(region_database, 1)
        await until_sealed(where, 601)
    assert await check_published(region_database, where) == 601
