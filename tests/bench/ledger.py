"""Durable ledger entries per second with sealing on, beside a bare batched INSERT of the same bytes in the same run.

`python -m tests.bench.ledger [--seconds 5] [--in-flight 256] [--out FILE]` makes its own PostgreSQL (fsync on), runs
the sequencer as a process of its own, and prints one JSON document. `cpu_ms` is the CPU of the metering process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import psycopg
import uvloop

from bailiwick.contract.note import SignerKey
from data_plane.database.migrate import upgrade
from data_plane.keys.files import load_signing_key
from data_plane.ledger.fsck import check
from data_plane.ledger.tile_files import TileFiles
from data_plane.metering.meter import Meter
from data_plane.metering.requests import Admitted
from tests.fixtures.metering import admission_request, outcome, pot, put_pots, running_meter
from tests.fixtures.postgres import Database, PostgresServer

ROOT = Path(__file__).parents[2]
BARE_BATCH = 100


async def bare(database: Database, seconds: float, size: int) -> float:
    """Rows per second of one connection that commits batches of rows as large as entries."""
    connection = await asyncpg.connect(database.dsn("bw_owner"))
    await connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, body bytea NOT NULL)")
    rows = [secrets.token_bytes(size) for _ in range(BARE_BATCH)]
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        await connection.execute("INSERT INTO bare (body) SELECT unnest($1::bytea[])", rows)
        done += BARE_BATCH
    elapsed = time.perf_counter() - start
    await connection.close()
    return done / elapsed


async def governed(meter: Meter, seconds: float, in_flight: int) -> dict[str, float]:
    """Requests admitted and settled per second, with latencies in milliseconds and CPU per request."""
    admit_ms: list[float] = []
    stop = time.perf_counter() + seconds

    async def client() -> None:
        while time.perf_counter() < stop:
            began = time.perf_counter()
            admitted = await meter.admit(admission_request(30, 40, person=f"p{secrets.randbelow(200)}"))
            admit_ms.append((time.perf_counter() - began) * 1000)
            if isinstance(admitted, Admitted):
                await meter.settle(admitted, outcome(30, 20))

    cpu, start = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(in_flight)))
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    admit_ms.sort()
    return {
        "requests_per_s": len(admit_ms) / elapsed,
        "entries_per_s": 2 * len(admit_ms) / elapsed,
        "admit_p50_ms": statistics.median(admit_ms),
        "admit_p99_ms": admit_ms[int(len(admit_ms) * 0.99)],
        "cpu_ms": 1000 * cpu / len(admit_ms),
    }


async def metered(database: Database, seconds: float, in_flight: int) -> dict[str, float]:
    """One worker's meter under load, for as long as the run takes."""
    async with running_meter(database) as meter:
        return await governed(meter, seconds, in_flight)


async def fsck(database: Database, home: Path) -> dict[str, float]:
    """Checks all that the run wrote; ends the benchmark if anything is not sound."""
    key = SignerKey("bailiwick/eu-de", load_signing_key(home / "keys" / "ledger.pem")).verifier
    connection = await asyncpg.connect(database.dsn("bw_console"))
    began = time.perf_counter()
    verdict = await check(connection, home / "data" / "tiles", home / "data" / "ledger" / "anchor.json", key)
    elapsed = time.perf_counter() - began
    await connection.close()
    if not verdict.sound:
        raise SystemExit(f"the ledger is not sound after the run: {verdict.findings}")
    return {"entries": verdict.entries, "fsck_entries_per_s": verdict.entries / elapsed}


@contextmanager
def cluster() -> Iterator[tuple[Database, Path]]:
    """A migrated database on a PostgreSQL with fsync on, and a directory."""
    scratch = Path(tempfile.mkdtemp(prefix="bw-bench-ledger-"))
    scratch.chmod(0o755)
    server = PostgresServer(scratch / "pg", {"shared_buffers": "256MB", "max_wal_size": "2GB"})
    try:
        server.create()
        database = server.create_database("bench")
        upgrade(database.dsn("bw_owner"))
        home = scratch / "eu-de"
        home.mkdir()
        yield database, home
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def sequencer(database: Database, home: Path) -> Iterator[psutil.Process]:
    """The sequencer as a process of its own, from its first checkpoint on."""
    config = home / "region.toml"
    region = f'[region]\nid = "eu-de"\njurisdiction = "EU"\nhome = "{home}"\n'
    config.write_text(f'{region}[database]\ndsn = "{database.dsn("bw_ledger")}"\n')
    plane = [sys.executable, "-m", "data_plane"]
    subprocess.run([*plane, "init", "--config", config], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([*plane, "ledger", "--config", config], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        while TileFiles(home / "data" / "tiles").checkpoint() is None:
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def until_numbered(database: Database) -> float:
    """Seconds until the sequencer has caught up."""
    began = time.perf_counter()
    with psycopg.connect(database.dsn("bw_console"), autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM ledger_entry WHERE idx IS NULL LIMIT 1").fetchone():
            time.sleep(0.02)
    return time.perf_counter() - began


def main(seconds: float, in_flight: int) -> dict[str, object]:
    """The whole benchmark."""
    with cluster() as (database, home):
        uvloop.run(put_pots(database, [pot("region", None), pot("team", 10**15, team="payments")]))
        rows = uvloop.run(bare(database, seconds, 700))
        plain = uvloop.run(metered(database, seconds, in_flight))
        quiet = uvloop.run(metered(database, seconds, 32))
        with sequencer(database, home) as process:
            until_numbered(database)
            before = sum(process.cpu_times()[:2])
            sealing = uvloop.run(metered(database, seconds, in_flight))
            sealing["lag_s"] = until_numbered(database)
            sealing["sequencer_cpu_ms"] = (
                1000 * (sum(process.cpu_times()[:2]) - before) / (sealing["requests_per_s"] * seconds)
            )
        sealing |= uvloop.run(fsck(database, home))
        return {
            "bench": "ledger",
            "in_flight": in_flight,
            "bare_insert_rows_per_s": rows,
            "ratio_to_bare": sealing["entries_per_s"] / rows,
            "sealing": sealing,
            "not_sealing": plain,
            "not_sealing_32_in_flight": quiet,
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    text = json.dumps(main(chosen.seconds, chosen.in_flight), indent=2)
    if chosen.out:
        chosen.out.write_text(text + "\n")
    print(text)
