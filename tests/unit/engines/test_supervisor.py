from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import psutil
import pytest

from data_plane.engines.orphans import Record, read_record, reap, write_record
from data_plane.engines.probe import HttpProbe
from data_plane.engines.states import EngineSpec, EngineStatus, Timing
from data_plane.engines.supervisor import EngineSupervisor, Place
from tests.fixtures.postgres import free_port

FAST = Timing(
    startup=20, loading_probe=0.02, ready_probe=0.05, failures=2, backoff_first=0.05, backoff_most=0.2, stop=3
)


@dataclass
class Sink:
    """Remembers each change of state."""

    changes: list[tuple[str, str]] = field(default_factory=list)
    last: EngineStatus | None = None

    async def write(self, status: EngineStatus) -> None:
        if not self.changes or self.changes[-1] != (status.state, status.reason):
            self.changes.append((status.state, status.reason))
        self.last = status

    async def until(self, state: str, restarts: int = 0) -> None:
        for _ in range(1000):
            if self.last and self.last.state == state and self.last.restarts >= restarts:
                return
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{self.changes}")


def fake(port: int) -> EngineSpec:
    command = (sys.executable, "-m", "tests.fakes.vllm.server", "--port", str(port))
    return EngineSpec("tiny-chat", "chat", f"http://127.0.0.1:{port}", command)


@asynccontextmanager
async def supervised(spec: EngineSpec, home: Path, timing: Timing = FAST) -> AsyncIterator[Sink]:
    sink, stop = Sink(), asyncio.Event()
    place = Place(home / "logs", home / "run", dict(os.environ))
    async with aiohttp.ClientSession() as session:
        supervisor = EngineSupervisor(spec, sink, HttpProbe(session, 1.0), place, timing)
        task = asyncio.create_task(supervisor.run(stop))
        try:
            yield sink
        finally:
            stop.set()
            await task


def leader(home: Path) -> int:
    record = read_record(home / "run/engine-tiny-chat.json")
    assert record is not None
    return record.session


async def gone(pid: int) -> None:
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{pid} lives")


async def test_an_engine_is_loading_then_ready_and_is_gone_after_the_stop(tmp_path: Path) -> None:
    async with supervised(fake(free_port()), tmp_path) as sink:
        await sink.until("ready")
        pid = leader(tmp_path)
        assert sink.changes[0] == ("loading", "starting")
    assert not psutil.pid_exists(pid)
    assert not (tmp_path / "run/engine-tiny-chat.json").exists()


async def test_a_killed_engine_fails_and_is_restarted(tmp_path: Path) -> None:
    async with supervised(fake(free_port()), tmp_path) as sink:
        await sink.until("ready")
        os.kill(leader(tmp_path), signal.SIGKILL)
        await sink.until("ready", restarts=1)
        assert ("failed", "exited") in sink.changes


async def test_an_engine_that_stops_answering_is_restarted(tmp_path: Path) -> None:
    async with supervised(fake(free_port()), tmp_path, replace(FAST, stop=0.2)) as sink:
        await sink.until("ready")
        os.kill(leader(tmp_path), signal.SIGSTOP)
        await sink.until("ready", restarts=1)
        assert ("failed", "not-answering") in sink.changes


async def test_a_command_that_does_not_exist_is_said_and_tried_again(tmp_path: Path) -> None:
    async with supervised(
        EngineSpec("tiny-chat", "chat", "http://127.0.0.1:1", ("/no/such/program",)), tmp_path
    ) as sink:
        await sink.until("failed", restarts=1)
        assert ("failed", "not-startable") in sink.changes


async def test_an_engine_that_never_loads_fails_in_time(tmp_path: Path) -> None:
    spec = EngineSpec("tiny-chat", "chat", "http://127.0.0.1:1", ("/bin/sleep", "60"))
    async with supervised(spec, tmp_path, replace(FAST, startup=0.2)) as sink:
        await sink.until("failed", restarts=1)
        assert ("failed", "not-loaded-in-time") in sink.changes


async def test_what_an_engine_started_ends_with_it(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/child; exec sleep 300"
    spec = EngineSpec("tiny-chat", "chat", "http://127.0.0.1:1", ("/bin/sh", "-c", script))
    async with supervised(spec, tmp_path):
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    child = int((tmp_path / "child").read_text())
    await gone(child)


async def test_somebody_elses_engine_is_only_probed(tmp_path: Path) -> None:
    spec = EngineSpec("tiny-chat", "chat", "http://127.0.0.1:1")
    async with supervised(spec, tmp_path, replace(FAST, startup=0.1)) as sink:
        await sink.until("failed")
    assert not (tmp_path / "run").exists()


def test_only_marked_processes_of_the_recorded_session_are_reaped(tmp_path: Path) -> None:
    path = tmp_path / "engine.json"
    write_record(path, Record(os.getsid(0), "somebody else's"))
    assert reap(path) == []
    assert not path.exists()
    path.write_text("{")
    assert reap(path) == []


@pytest.mark.faults
async def test_engines_end_with_a_killed_supervisor_or_are_reaped_by_the_next(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, pathlib
from data_plane.engines.process import EngineProcess
from data_plane.engines.states import EngineSpec
spec = EngineSpec("m", "chat", "http://x", ("/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"))
async def main():
    home = pathlib.Path({str(tmp_path)!r})
    process = await EngineProcess.start(spec, dict(os.environ), home / "log", home / "engine.json")
    print(process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    assert psutil.pid_exists(pid)
    assert pid in reap(tmp_path / "engine.json")
    await gone(pid)
