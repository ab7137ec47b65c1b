"""The console's process: it stops within seconds while pages are open, and answers many writes at once."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.fixtures.centre import centre_settings, set_up
from tests.fixtures.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


async def test_it_stops_while_an_event_stream_is_open(tmp_path: Path, fresh_database: Database) -> None:
    settings = centre_settings(tmp_path, fresh_database)
    await asyncio.to_thread(set_up, settings)
    place = settings.database
    config = tmp_path / "centre.toml"
    await asyncio.to_thread(
        config.write_text,
        f'[centre]\nname = "northbridge"\nhome = "{settings.centre.home}"\n[console]\nport = {settings.console.port}\n'
        f'[database]\nhost = "{place.host}"\nport = {place.port}\nname = "{place.name}"\n',
    )
    command = [sys.executable, "-m", "control_plane", "console", "--config", str(config)]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3])
    transport = httpx.AsyncHTTPTransport(uds=str(settings.admin_socket), retries=2)
    async with httpx.AsyncClient(transport=transport, base_url="http://centre", timeout=60) as client:
        await _listening(settings.admin_socket, process)
        answers = await asyncio.gather(*(_revoke(client, number) for number in range(24)))
        assert {answer.status_code for answer in answers} == {200}
        async with client.stream("GET", "/api/v1/events") as stream:
            lines = stream.aiter_lines()
            assert "ready" in await anext(lines)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
            assert time.monotonic() - began < 10
    assert not settings.admin_socket.exists()


async def _revoke(client: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {"region": f"r-{number}", "jurisdiction": "EU"}
    assert (await client.post("/api/v1/invitations", json=body)).status_code == 201
    return await client.post(f"/api/v1/regions/r-{number}/revoke", headers={"Idempotency-Key": f"k{number}"})


async def _listening(path: Path, process: asyncio.subprocess.Process) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and not await asyncio.to_thread(path.exists):
        assert process.returncode is None
        await asyncio.sleep(0.1)
