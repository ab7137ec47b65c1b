"""The console as a process: both doors open, only one for everybody, and it stops as it should."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.fixtures.agent import AgentRegion, until
from tests.fixtures.gateway import toml
from tests.fixtures.postgres import Database, free_port

pytestmark = pytest.mark.integration


async def test_the_console_serves_both_doors_clears_what_a_kill_left_and_stops(
    region_database: Database, tmp_path: Path
) -> None:
    region = AgentRegion(tmp_path / "eu-de", region_database, "localhost:1", "localhost:1").prepare()
    port, settings = free_port(), region.settings
    path = region.home / "region.toml"
    path.write_text(toml({**region.document(), "console": {"port": port}}))
    left = settings.data_dir / "bundles" / "build-killed"
    left.mkdir(parents=True)
    command = [sys.executable, "-m", "data_plane", "console", "--config", str(path)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)  # noqa: ASYNC220 - forks at once
    try:
        await until(settings.admin_socket.exists, seconds=30)
        assert settings.admin_socket.stat().st_mode & 0o777 == 0o600
        transport = httpx.AsyncHTTPTransport(uds=str(settings.admin_socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://region") as admin:
            url = (await admin.post("/officer/link")).json()["url"]
        async with httpx.AsyncClient(follow_redirects=True) as browser:
            assert (await browser.post(url)).status_code == 200
            assert (await browser.get(f"http://127.0.0.1:{port}/keys")).status_code == 404
        assert not left.exists()
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(process.wait, 15)
    assert code == 0, (tmp_path / "log").read_text()
    assert url.rpartition("/")[2] not in (tmp_path / "log").read_text()
    assert not settings.admin_socket.exists()
