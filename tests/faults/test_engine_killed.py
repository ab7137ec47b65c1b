"""An engine is killed under a gateway that serves: 503 with Retry-After at once, and service again without a hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest

from data_plane.engines.orphans import read_record
from tests.fixtures.agent import until
from tests.fixtures.gateway import GatewayRegion, toml
from tests.fixtures.postgres import Database, free_port

pytestmark = [pytest.mark.integration, pytest.mark.faults]
CHAT = {"model": "tiny-chat", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}


def engines(region: GatewayRegion, port: int) -> subprocess.Popen[bytes]:
    """The engines' supervisor with one engine."""
    command = [sys.executable, "-m", "tests.fakes.vllm.server", "--port", str(port)]
    engine = {"model": "tiny-chat", "kind": "chat", "url": f"http://127.0.0.1:{port}", "command": command}
    path = region.home / "engines.toml"
    path.write_text(toml({**region.document(), "engines": {"mode": "process", "engine": [engine]}}))
    with (region.home / "logs/engines.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "data_plane", "engines", "--config", str(path)], stdout=log, stderr=log
        )


async def ask(region: GatewayRegion, token: str) -> tuple[int, str]:
    """Status and Retry-After."""
    head = {"authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{region.url}/v1/chat/completions", json=CHAT, headers=head) as answer,
    ):
        await answer.read()
        return answer.status, answer.headers.get("retry-after", "")


async def test_a_killed_engine_is_a_503_and_then_serves_again(tmp_path: Path, region_database: Database) -> None:
    port = free_port()
    models = ("tiny-chat", "big-chat", "minilm")
    region = GatewayRegion(tmp_path, region_database, dict.fromkeys(models, f"http://127.0.0.1:{port}")).prepare()
    await region.activate()
    supervisor = engines(region, port)
    try:
        async with region.running():
            await region.ready()
            _, token = await region.key()
            await until(lambda: _answers(region, token, 200), seconds=40)
            record = read_record(tmp_path / "run/engine-tiny-chat.json")
            assert record is not None
            supervisor.send_signal(signal.SIGSTOP)  # so that it cannot have restarted the engine already
            os.kill(record.session, signal.SIGKILL)
            await until(lambda: psutil.Process(record.session).status() == psutil.STATUS_ZOMBIE)
            assert await ask(region, token) == (503, "5")
            supervisor.send_signal(signal.SIGCONT)
            await until(lambda: _answers(region, token, 200), seconds=40)
            admitted = await region.entries("admission")
            settled = await region.settled(len(admitted))
    finally:
        supervisor.send_signal(signal.SIGCONT)
        supervisor.terminate()
        supervisor.wait(20)
    assert len(settled) == len(admitted)
    assert {entry["cost"] for entry in settled if entry["finish"] == "error"} == {0}


async def _answers(region: GatewayRegion, token: str, status: int) -> bool:
    return (await ask(region, token))[0] == status
