from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from data_plane.engines.orphans import read_record
from tests.fixtures.gateway import GatewayRegion, toml
from tests.fixtures.postgres import Database, free_port

pytestmark = [pytest.mark.integration, pytest.mark.faults]


async def states(region: GatewayRegion) -> dict[str, tuple[str, int]]:
    connection = await region.connect()
    try:
        rows = await connection.fetch("SELECT model, state, restarts FROM engine_state")
    finally:
        await connection.close()
    return {row["model"]: (row["state"], row["restarts"]) for row in rows}


async def until(region: GatewayRegion, wanted: dict[str, tuple[str, int]]) -> None:
    for _ in range(600):
        found = await states(region)
        if all(
            name in found and found[name][0] == state and found[name][1] >= least
            for name, (state, least) in wanted.items()
        ):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{found}")


async def test_the_engines_process_starts_restarts_and_stops_its_engines(
    tmp_path: Path, region_database: Database
) -> None:
    ports = {"tiny-chat": free_port(), "minilm": free_port()}
    region = GatewayRegion(
        tmp_path, region_database, {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    ).prepare()
    document: dict[str, Any] = region.document()
    document["engines"] = {
        "mode": "process",
        "startup_seconds": 60,
        "engine": [
            {
                "model": name,
                "kind": "chat",
                "url": f"http://127.0.0.1:{port}",
                "command": [sys.executable, "-m", "tests.fakes.vllm.server", "--port", str(port), "--model", name],
                "environment": {"HF_HUB_OFFLINE": "1"},
            }
            for name, port in ports.items()
        ],
    }
    path = tmp_path / "region.toml"
    path.write_text(toml(document))
    with (tmp_path / "logs/engines.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  # it is what is tested
            [sys.executable, "-m", "data_plane", "engines", "--config", str(path)], stdout=log, stderr=log
        )
    try:
        await until(region, {"tiny-chat": ("ready", 0), "minilm": ("ready", 0)})
        records = {name: read_record(tmp_path / f"run/engine-{name}.json") for name in ports}
        pids = [record.session for record in records.values() if record is not None]
        assert len(pids) == 2
        os.kill(pids[0], signal.SIGKILL)
        await until(region, {"tiny-chat": ("ready", 1)})
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
        assert not any(psutil.pid_exists(pid) for pid in pids)
    finally:
        if process.poll() is None:
            process.kill()
