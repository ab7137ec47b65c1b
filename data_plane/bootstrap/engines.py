"""`python -m data_plane engines`: supervises every engine that the boundary settings name."""

from __future__ import annotations

import asyncio
import os

import aiohttp

from data_plane.bootstrap.lifecycle import run
from data_plane.database.pool import open_pool
from data_plane.engines.probe import HttpProbe
from data_plane.engines.states import EngineSpec, Timing
from data_plane.engines.store import DatabaseSink
from data_plane.engines.supervisor import EngineSupervisor, Place
from data_plane.settings import ENVIRONMENT_PREFIX, Engine, RegionSettings

ROLE = "bw_gateway"


def main(settings: RegionSettings) -> int:
    """Runs until SIGTERM; gives the exit code."""
    return run("engines", ROLE, settings, serve)


async def serve(settings: RegionSettings, stop: asyncio.Event) -> None:
    """Supervises all engines at once; returns when every one has stopped."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    place = Place(settings.home / "logs", settings.run_dir, inherited)
    timing = Timing(startup=float(settings.engines.startup_seconds))
    specs = [spec(engine, settings.engines.mode) for engine in settings.engines.engine]
    pool = await open_pool(settings.dsn(ROLE), size=2, name="bailiwick engines")
    async with pool, aiohttp.ClientSession() as session:
        sink, probe = DatabaseSink(pool), HttpProbe(session)
        await sink.forget_others([one.model for one in specs])
        supervisors = [EngineSupervisor(one, sink, probe, place, timing) for one in specs]
        await asyncio.gather(*(supervisor.run(stop) for supervisor in supervisors), stop.wait())


def spec(engine: Engine, mode: str) -> EngineSpec:
    """An engine as the supervisor knows it; with mode "url" the command is not ours to run."""
    command = engine.command if mode == "process" else ()
    return EngineSpec(engine.model, engine.kind, engine.url, command, tuple(sorted(engine.environment.items())))
