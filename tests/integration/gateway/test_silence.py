from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.vllm.faults import Fault
from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import GatewayRegion
from tests.fixtures.postgres import PostgresServer

pytestmark = pytest.mark.integration
MARKER = "zebra-7f3a91c2-marker"
PERSON = "person-c0ffee42@example.org"


def files_with(needle: str, root: Path) -> list[str]:
    found = subprocess.run(["grep", "-rlaF", needle, str(root)], capture_output=True, text=True, check=False)
    return found.stdout.split()


async def test_prompts_and_persons_are_in_no_log_no_table_and_no_error(
    region: GatewayRegion, engine: FakeEngine, postgres: PostgresServer
) -> None:
    _, token = await region.key()
    chat = {"model": "tiny-chat", "messages": [{"role": "user", "content": MARKER}], "max_tokens": 5, "user": PERSON}
    bodies: list[object] = [
        chat,
        {**chat, "stream": True},
        {**chat, "model": MARKER},
        {**chat, "temperature": MARKER},
        {**chat, "metadata": {"team": MARKER}},
        {**chat, "messages": MARKER},
        {"model": "tiny-chat", "prompt": MARKER},
        {"model": "minilm", "input": [MARKER]},
    ]
    faults = [None, Fault("reset"), Fault("stall"), Fault("error", status=500)]
    answers = []
    async with region.process(), aiohttp.ClientSession() as session:
        await region.ready()
        for fault in faults:
            for body in bodies:
                if fault is not None:
                    engine.script.append(fault)
                path = "completions" if "prompt" in body else "embeddings" if "input" in body else "chat/completions"  # type: ignore[operator]
                async with session.post(
                    f"{region.url}/v1/{path}", json=body, headers={"authorization": f"Bearer {token}"}
                ) as response:
                    answers.append((await response.read()).decode())
                engine.script.clear()
    connection = await region.connect()
    await connection.execute("CHECKPOINT")
    await connection.close()

    assert await region.entries("settlement")
    for needle in (MARKER, PERSON):
        assert await asyncio.to_thread(files_with, needle, region.home) == []
        assert await asyncio.to_thread(files_with, needle, postgres.root) == []
    assert token not in (region.home / "logs/gateway.log").read_text()
    assert not any(PERSON in answer for answer in answers)
    named = [answer for answer in answers if MARKER in answer]
    assert all('"model_not_found"' in answer for answer in named)  # the client's own word back to the client
    assert os.access(region.home, os.R_OK)
