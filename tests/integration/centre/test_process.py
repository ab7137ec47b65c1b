"""`python -m control_plane api` as its supervisor sees it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from control_plane.bootstrap.compose import compose, gatekeepers
from control_plane.bootstrap.passwords import dsn
from control_plane.registry.engine import open_engine
from control_plane.settings import CentreSettings
from tests.fixtures.centre import (
    OPERATOR,
    CentreTemplate,
    Conversation,
    RegionEnd,
    RunningCentre,
    centre_settings,
)
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


def written(settings: CentreSettings) -> Path:
    path = settings.centre.home / "centre.toml"
    ports = "\n".join(f"[{name}]\nport = {getattr(settings, name).port}" for name in ("agents", "enrolment", "console"))
    database = f'[database]\nport = {settings.database.port}\nname = "{settings.database.name}"'
    path.write_text(f'[centre]\nname = "northbridge"\nhome = "{settings.centre.home}"\n{ports}\n{database}\n')
    return path


async def start(path: Path, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "control_plane", "api", "--config", path, *more, stderr=asyncio.subprocess.PIPE
    )


async def said(process: asyncio.subprocess.Process, event: str) -> dict[str, object]:
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while line := await process.stderr.readline():
            found: dict[str, object] = json.loads(line)
            if found["event"] == event:
                return found
    raise AssertionError(event)


async def test_it_serves_refuses_a_taken_port_and_stops_in_time_with_sessions_open(
    tmp_path: Path, centre_template: CentreTemplate, centre_database: Database
) -> None:
    shutil.copytree(centre_template.home, tmp_path, dirs_exist_ok=True)
    settings = centre_settings(tmp_path, centre_database)
    path = written(settings)
    process = await start(path)
    await said(process, "listening")
    second = await start(path)
    reason = await said(second, "process_refused")
    assert "port is taken" in str(reason["reason"])
    assert await second.wait() == 1
    engine = open_engine(dsn(settings, "bw_api"), 2)
    services = compose(settings, engine)
    end: RegionEnd = await RunningCentre(settings, services, gatekeepers(settings, services), engine).join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    assert (await services.regions.show(end.region)).state == "disconnected"
    assert (await services.regions.show(end.region)).region.approved_by == OPERATOR
    await engine.dispose()
