"""Faults: workers, sequencer and PostgreSQL killed, stalled, restored: nothing lost, twice or forked."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bailiwick.contract.ledger_entry import Settlement, decode
from bailiwick.contract.note import SignerKey
from data_plane.database.migrate import upgrade
from data_plane.keys.files import load_signing_key
from data_plane.ledger.fsck import Verdict, check
from data_plane.ledger.leader import LedgerPlace
from data_plane.metering.errors import LedgerHaltedError, MeteringUnavailableError
from data_plane.metering.meter import Meter
from data_plane.metering.recovery import recover
from data_plane.metering.requests import Admitted
from data_plane.settings import load
from tests.fixtures.ledger import bodies, leading, place, put, until_sealed
from tests.fixtures.metering import admission_request, now, outcome, pot, put_pots, refusal, running_meter
from tests.fixtures.postgres import Database, PostgresServer

pytestmark = [pytest.mark.integration, pytest.mark.faults]

ROOT = Path(__file__).parents[2]


async def query(database: Database, statement: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(database.dsn())
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


async def settlements(database: Database) -> list[Settlement]:
    rows = await query(database, "SELECT body FROM ledger_entry WHERE kind = 'settlement' ORDER BY number")
    return [entry for entry in (decode(row["body"]) for row in rows) if isinstance(entry, Settlement)]


async def checked(database: Database, where: LedgerPlace) -> Verdict:
    connection = await asyncpg.connect(database.dsn())
    try:
        verdict = await check(connection, where.tiles, where.anchor, where.signer.verifier)
    finally:
        await connection.close()
    assert verdict.findings == ()
    return verdict


def start_worker(database: Database, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fixtures.meter_worker", database.dsn("bw_gateway"), name, "20"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


async def test_killed_workers_are_settled_exactly_once(region_database: Database, tmp_path: Path) -> None:
    await put_pots(region_database, [pot("region", None), pot("team", 10**9, team="payments")])
    workers = [start_worker(region_database, f"w{i}") for i in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        for _ in range(50):
            worker.stdout.readline()
        worker.kill()
    said = [line.split() for worker in workers for line in (worker.stdout.read() if worker.stdout else "").splitlines()]
    for worker in workers:
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()
    connections = [await asyncpg.connect(region_database.dsn("bw_gateway")) for _ in range(3)]
    async with asyncio.timeout(10):
        recovered = 0
        while not recovered:
            recovered = sum(await asyncio.gather(*(recover(connection, now, grace=0.0) for connection in connections)))
    for connection in connections:
        await connection.close()
    ended = await settlements(region_database)
    by_number = {entry.number: entry for entry in ended}
    assert len(by_number) == len(ended)
    killed = [entry for entry in ended if entry.finish == "killed"]
    assert len(killed) == recovered
    assert {entry.how for entry in killed} == {"estimated"}
    assert {entry.cost for entry in killed} == {7}
    for what, number in (words for words in said if len(words) == 2):
        if what == "settled":
            assert by_number[int(number)].finish == "stop"
    rows = await query(region_database, "SELECT reserved, lifetime FROM pot ORDER BY id")
    assert [tuple(row) for row in rows] == [(0, sum(entry.cost for entry in ended))] * 2
    where = place(region_database, tmp_path)
    async with leading(where):
        await until_sealed(where, 2 * len(ended))
    assert (await checked(region_database, where)).open == 0


async def test_a_living_worker_is_not_recovered(region_database: Database) -> None:
    async with running_meter(region_database) as meter:
        admitted = await meter.admit(admission_request())
        assert isinstance(admitted, Admitted)
        connection = await asyncpg.connect(region_database.dsn("bw_gateway"))
        assert await recover(connection, now, grace=-5.0) == 0
        await connection.close()
        assert (await meter.settle(admitted, outcome())).mine


async def test_a_worker_wrongly_taken_for_dead_cannot_settle_twice(region_database: Database) -> None:
    await put_pots(region_database, [pot("team", 100, team="payments")])
    async with running_meter(region_database) as meter:
        admitted = await meter.admit(admission_request(3, 4))
        assert isinstance(admitted, Admitted)
        await query(
            region_database,
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE application_name LIKE '%lease'",
        )
        connection = await asyncpg.connect(region_database.dsn("bw_gateway"))
        assert await recover(connection, now, grace=-5.0) == 1
        await connection.close()
        assert not (await meter.settle(admitted, outcome(3, 1))).mine
    ended = await settlements(region_database)
    assert [(entry.number, entry.cost, entry.how) for entry in ended] == [(1, 7, "estimated")]
    rows = await query(region_database, "SELECT reserved, settled FROM pot")
    assert tuple(rows[0]) == (0, 7)


async def migrated(server: PostgresServer) -> Database:
    database = server.create_database("region")
    await asyncio.to_thread(upgrade, database.dsn("bw_owner"))
    return database


async def client(meter: Meter, stop: asyncio.Event, costs: list[int]) -> None:
    while not stop.is_set():
        try:
            admitted = await meter.admit(admission_request(3, 4))
        except MeteringUnavailableError:
            await asyncio.sleep(0.02)
            continue
        assert isinstance(admitted, Admitted)
        await asyncio.sleep(0.002)
        costs.append((await meter.settle(admitted, outcome(3, 2))).cost)


async def under_fault(server: PostgresServer, down: Any, up: Any, tmp_path: Path) -> None:
    database = await migrated(server)
    await put_pots(database, [pot("team", 10**9, team="payments")])
    stop, costs = asyncio.Event(), list[int]()
    async with running_meter(database, patience=0.5) as meter:
        clients = [asyncio.create_task(client(meter, stop, costs)) for _ in range(16)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(down)
        with pytest.raises(MeteringUnavailableError):
            await asyncio.wait_for(meter.admit(admission_request()), 20)
        await asyncio.to_thread(up)
        before = len(costs)
        async with asyncio.timeout(20):
            while len(costs) < before + 50:  # noqa: ASYNC110 -- the clients' progress is what is waited for
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.gather(*clients)
        await meter.refuse(refusal())
    ended = await settlements(database)
    dispatched = [entry for entry in ended if entry.finish == "stop"]
    assert len(dispatched) == len(costs)
    assert {entry.cost for entry in ended if entry.finish != "stop"} <= {0}
    where = place(database, tmp_path)
    async with leading(where):
        await until_sealed(where, 2 * len(ended) + 2)
    assert (await checked(database, where)).open == 0


async def test_postgresql_killed_under_load(private_postgres: PostgresServer, tmp_path: Path) -> None:
    def down() -> None:
        private_postgres.stop(signal.SIGKILL)

    await under_fault(private_postgres, down, private_postgres.start, tmp_path)


async def test_postgresql_stalled_under_load(private_postgres: PostgresServer, tmp_path: Path) -> None:
    def down() -> None:
        private_postgres.signal_all(signal.SIGSTOP)

    def up() -> None:
        time.sleep(2.0)
        private_postgres.signal_all(signal.SIGCONT)

    await under_fault(private_postgres, down, up, tmp_path)


def write_region(database: Database, home: Path) -> Path:
    path = home / "region.toml"
    path.write_text(
        f'[region]\nid = "eu-de"\njurisdiction = "EU"\nhome = "{home}"\n'
        f'[database]\ndsn = "{database.dsn("bw_ledger")}"\n[ledger]\nseal_seconds = 0.05\n'
    )
    subprocess.run([sys.executable, "-m", "data_plane", "init", "--config", path], check=True, cwd=ROOT)
    return path


def start_ledger(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "data_plane", "ledger", "--config", str(config)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def until_leading(process: subprocess.Popen[str]) -> float:
    """Reads the log until the process leads; gives the time."""
    assert process.stderr is not None
    for line in process.stderr:
        if "sequencer_leading" in line:
            return time.monotonic()
    raise AssertionError("the sequencer ended before it led")


def region_place(config: Path, dsn: str) -> LedgerPlace:
    settings = load(config)
    signer = SignerKey(settings.ledger_origin, load_signing_key(settings.keys_dir / "ledger.pem"))
    return LedgerPlace(dsn, settings.tiles_dir, settings.anchor_path, signer)


@pytest.mark.timeout(180)
async def test_the_sequencer_killed_at_random_points(region_database: Database, tmp_path: Path) -> None:
    config = write_region(region_database, tmp_path)
    chance = random.Random(20261122)
    written = 0
    for _ in range(4):
        process = start_ledger(config)
        leading_since = await asyncio.to_thread(until_leading, process)
        while time.monotonic() < leading_since + chance.uniform(0.0, 0.4):
            await put(region_database, 40)
            written += 40
        process.kill()
        process.communicate()
    process = start_ledger(config)
    where = region_place(config, region_database.dsn("bw_ledger"))
    try:
        await until_sealed(where, written)
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.to_thread(process.communicate, timeout=10)
        sys.stdout.write(log)
    assert process.returncode == 0
    assert len(await bodies(region_database)) == written
    assert (await checked(region_database, where)).entries == written


@pytest.mark.timeout(180)
async def test_an_older_copy_of_the_database_is_refused(private_postgres: PostgresServer, tmp_path: Path) -> None:
    database = await migrated(private_postgres)
    config = write_region(database, tmp_path)
    where = region_place(config, database.dsn("bw_ledger"))
    async with leading(where):
        await put(database, 50)
        await until_sealed(where, 50)
    private_postgres.stop()
    private_postgres.copy_to(tmp_path / "copy")
    private_postgres.start()
    async with leading(where):
        await put(database, 50)
        await until_sealed(where, 100)
    private_postgres.stop()
    private_postgres.restore_from(tmp_path / "copy")
    private_postgres.start()
    process = start_ledger(config)
    _, log = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 1
    assert "this is an older copy" in log
    assert "restore the newest copy" in log
    async with running_meter(database) as meter:
        with pytest.raises(LedgerHaltedError, match="older copy"):
            await meter.admit(admission_request())
