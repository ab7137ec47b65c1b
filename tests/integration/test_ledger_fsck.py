"""fsck finds each kind of damage by its code, and nothing where nothing is wrong."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from data_plane.ledger.fsck import Verdict, check
from data_plane.ledger.leader import LedgerPlace
from data_plane.metering.requests import Admitted
from tests.fixtures.ledger import leading, place, put, until_sealed
from tests.fixtures.metering import admission_request, outcome, pot, put_pots, refusal, running_meter
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


@pytest.fixture
async def ledger(region_database: Database, tmp_path: Path) -> LedgerPlace:
    """A small ledger with every kind of metering in it: two admissions are open."""
    where = place(region_database, tmp_path)
    await put_pots(region_database, [pot("region", None), pot("team", 10**6, team="payments")])
    async with leading(where), running_meter(region_database) as meter:
        results = await asyncio.gather(*(meter.admit(admission_request(3, 4)) for _ in range(150)))
        admitted = [result for result in results if isinstance(result, Admitted)]
        await asyncio.gather(*(meter.settle(one, outcome(3, 2)) for one in admitted[2:]))
        await meter.refuse(refusal())
        await put(region_database, 220)
        await until_sealed(where, 521)
    return where


async def run(database: Database, where: LedgerPlace, damage: str = "") -> Verdict:
    connection = await asyncpg.connect(database.dsn())
    try:
        if damage:
            await connection.execute(damage)
        return await check(connection, where.tiles, where.anchor, where.signer.verifier)
    finally:
        await connection.close()


async def test_a_sound_ledger_has_no_findings_for_any_role_that_reads(
    region_database: Database, ledger: LedgerPlace
) -> None:
    connection = await asyncpg.connect(region_database.dsn("bw_console"))
    verdict = await check(connection, ledger.tiles, ledger.anchor, ledger.signer.verifier)
    await connection.close()
    assert verdict.findings == ()
    assert (verdict.admissions, verdict.settlements, verdict.open, verdict.entries) == (150, 148, 2, 521)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("UPDATE ledger_entry SET body = overlay(body placing 'x' from 9) WHERE idx = 5", "ENTRY-MALFORMED"),
        ("UPDATE ledger_entry SET body = overlay(body placing 'x' from 9) WHERE idx = 5", "TILE-DIFFERS"),
        ("UPDATE ledger_entry SET body = overlay(body placing 'x' from 9) WHERE idx = 520", "BUNDLE-DIFFERS"),
        ("DELETE FROM ledger_entry WHERE idx = 515", "INDEX-GAP"),
        ("DELETE FROM ledger_entry WHERE number = 7 AND kind = 'settlement'", "SETTLEMENT-MISSING"),
        ("DELETE FROM ledger_entry WHERE number = 7 AND kind = 'admission'", "ADMISSION-GAP"),
        ("DELETE FROM ledger_entry WHERE number = 7 AND kind = 'admission'", "SETTLEMENT-ORPHAN"),
        ("DELETE FROM open_admission WHERE number = 1", "SETTLEMENT-MISSING"),
        ("UPDATE admission_counter SET last = 151", "ADMISSION-GAP"),
        ("UPDATE pot SET reserved = reserved + 1 WHERE id = 'team'", "POT-DIFFERS"),
        ("UPDATE pot SET lifetime = lifetime - 1 WHERE id = 'region'", "POT-DIFFERS"),
        ("DELETE FROM pot WHERE id = 'team'", "POT-DIFFERS"),
        ("UPDATE ledger_head SET size = 520", "HEAD-DIFFERS"),
        ("UPDATE checkpoint SET root = sha256('x')", "CHECKPOINT-DIFFERS"),
        ("UPDATE checkpoint SET note = 'x'", "CHECKPOINT-SIGNATURE"),
    ],
)
async def test_damage_in_the_database_is_found(
    region_database: Database, ledger: LedgerPlace, damage: str, code: str
) -> None:
    verdict = await run(region_database, ledger, damage)
    assert code in {finding.code for finding in verdict.findings}


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("tile/0/000", "TILE-DIFFERS"),
        ("tile/1/000.p/2", "TILE-DIFFERS"),
        ("tile/entries/001", "BUNDLE-DIFFERS"),
        ("tile/entries/002.p/9", "BUNDLE-DIFFERS"),
        ("checkpoint", "CHECKPOINT-SIGNATURE"),
        ("../anchor.json", "ANCHOR-DIFFERS"),
    ],
)
@pytest.mark.parametrize("how", ["flipped", "removed"])
async def test_damage_on_disk_is_found(
    region_database: Database, ledger: LedgerPlace, file: str, code: str, how: str
) -> None:
    path = ledger.tiles / file
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    if how == "removed":
        path.unlink()
    verdict = await run(region_database, ledger)
    if (file, how) == ("checkpoint", "removed"):
        assert verdict.sound, "without a published checkpoint there is nothing that its tiles must agree with"
    else:
        assert code in {finding.code for finding in verdict.findings}
