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
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import uvloop

from data_plane.database.migrate import upgrade
from data_plane.ledger.fsck import check
from data_plane.ledger.tile_files import TileFiles
from data_plane.metering.meter import Meter
from data_plane.metering.requests import Admitted
from tests.fixtures.ledger import place
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


async def sealed(database: Database, scratch: Path, work: Callable[[], Awaitable[dict[str, float]]]) -> dict[str, float]:
    """Runs `work` while the sequencer seals, then waits until everything is published, and checks all of it."""
    config = scratch / "region.toml"
    config.write_text(
        f'[region]\nid = "eu-de"\njurisdiction = "EU"\nhome = "{scratch}"\n[database]\ndsn = "{database.dsn("bw_ledger")}"\n'
    )
    plane = [sys.executable, "-m", "data_plane"]
    subprocess.run([*plane, "init", "--config", config], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    sequencer = subprocess.Popen([*plane, "ledger", "--config", config], cwd=ROOT, stderr=subprocess.DEVNULL)
    tiles = TileFiles(scratch / "data" / "tiles")
    connection = await asyncpg.connect(database.dsn("bw_console"))
    try:
        while tiles.checkpoint() is None:
            await asyncio.sleep(0.05)
        result = await work()
        began = time.perf_counter()
        while await connection.fetchval("SELECT count(*) FROM ledger_entry WHERE idx IS NULL"):
            await asyncio.sleep(0.05)
        result["sealing_lag_s"] = time.perf_counter() - began
    finally:
        sequencer.terminate()
        await asyncio.to_thread(sequencer.wait)
    signer = place(database, scratch).signer
    began = time.perf_counter()
    verdict = await check(connection, scratch / "data" / "tiles", scratch / "data" / "ledger" / "anchor.json", signer.verifier)
    await connection.close()
    codes = {finding.code for finding in verdict.findings} - {"CHECKPOINT-SIGNATURE"}
    result |= {"entries": verdict.entries, "fsck_entries_per_s": verdict.entries / (time.perf_counter() - began)}
    if codes:
        raise SystemExit(f"the ledger is not sound after the run: {sorted(codes)}")
    return result


async def main(seconds: float, in_flight: int) -> dict[str, object]:
    """The whole benchmark."""
    scratch = Path(tempfile.mkdtemp(prefix="bw-bench-ledger-"))
    scratch.chmod(0o755)
    server = PostgresServer(scratch / "pg", {"shared_buffers": "256MB", "max_wal_size": "2GB", "log_min_messages": "error"})
    try:
        server.create()
        database = server.create_database("bench")
        await asyncio.to_thread(upgrade, database.dsn("bw_owner"))
        await put_pots(database, [pot("region", None), pot("team", 10**15, team="payments")])
        (scratch / "region").mkdir()
        rows = await bare(database, seconds, 700)
        async with running_meter(database) as meter:
            unsealed = await governed(meter, seconds, in_flight)
            with_seal = await sealed(database, scratch / "region", lambda: governed(meter, seconds, in_flight))
            quiet = await governed(meter, seconds, 32)
        return {
            "bench": "ledger",
            "in_flight": in_flight,
            "bare_insert_rows_per_s": rows,
            "ratio_to_bare": with_seal["entries_per_s"] / rows,
            "sealing": with_seal,
            "not_sealing": unsealed,
            "in_flight_32_not_sealing": quiet,
        }
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    text = json.dumps(uvloop.run(main(chosen.seconds, chosen.in_flight)), indent=2)
    if chosen.out:
        chosen.out.write_text(text + "\n")
    print(text)
