"""One process of the plan: started, probed, restarted with back-off, stopped with all that it started."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bailiwick_local.supervisor import logs, probes, reap
from bailiwick_local.supervisor.state import ItemState, ItemStatus, ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable

    from bailiwick_local.supervisor.plan import Item

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 30.0
HOPELESS = 4
PROBE_PAUSE = 0.2


class Child:
    """Runs one item. Its status is the single thing that others read; `changed` is called at each change."""

    def __init__(self, unit: str, item: Item, mark: str, changed: Callable[[], None]) -> None:
        """`mark` identifies the federation in the environment of everything that is started."""
        self.item = item
        self.status = ItemStatus(unit, item.name, item.kind, log=item.log)
        self._mark = mark
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stop = asyncio.Event()

    async def run_step(self) -> bool:
        """Run a step to its end; true if it ended with 0."""
        self._become("starting")
        process = await self._spawn()
        code = await process.wait()
        self._forget()
        if code == 0:
            self._become("done")
            return True
        self._become("stopped" if self._stop.is_set() else "failed", f"ended with {code}")
        return False

    async def keep_running(self, ready: asyncio.Event) -> None:
        """Keep the program running until `stop`; sets `ready` once it first is."""
        pause, early = FIRST_PAUSE, 0
        while not self._stop.is_set():
            began = time.monotonic()
            code = await self._one_life(ready)
            if self._stop.is_set():
                break
            steady = time.monotonic() - began >= STEADY_SECONDS
            pause, early = (FIRST_PAUSE, 0) if steady else (pause, early + 1)
            state: ItemState = "failed" if early >= HOPELESS else "backoff"
            self.status.restarts += 1
            self._become(state, f"ended with {code}, again in {pause:g} s")
            await self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        self._become("stopped")

    async def stop(self) -> None:
        """Ask the process to end, wait as long as the item allows, then kill it and all that it started."""
        self._stop.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._become("stopping")
        below = reap.descendants([process.pid])[process.pid]
        _signal(process, self.item.stop_signal)
        try:
            async with asyncio.timeout(self.item.stop_seconds):
                await process.wait()
        except TimeoutError:
            _signal(process, 9)
            await process.wait()
        await asyncio.to_thread(_kill, below)

    async def _one_life(self, ready: asyncio.Event) -> int:
        self._become("starting")
        process = await self._spawn()
        if self._stop.is_set():  # asked to stop while the process was being made
            _signal(process, self.item.stop_signal)
        watcher = asyncio.create_task(self._watch(ready))
        try:
            code = await process.wait()
        finally:
            watcher.cancel()
        orphans = [found for pid, at in self.status.descendants if (found := ProcessId(pid, at).alive())]
        if orphans and not self._stop.is_set():
            await asyncio.to_thread(reap.end, orphans, 5.0)
        self._forget()
        return code

    async def _watch(self, ready: asyncio.Event) -> None:
        began = time.monotonic()
        late = False
        while not await probes.ready(self.item.probe, time.monotonic() - began):
            if not late and time.monotonic() - began > self.item.probe.wait_seconds:
                late = True
                self._become("starting", f"not ready after {self.item.probe.wait_seconds:g} s")
            await asyncio.sleep(PROBE_PAUSE)
        self._become("running")
        ready.set()

    async def _spawn(self) -> asyncio.subprocess.Process:
        item = self.item
        environment = {**os.environ, **item.environment, reap.MARK: self._mark}
        log = logs.open_log(Path(item.log))
        try:
            process = await asyncio.create_subprocess_exec(
                *item.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=item.cwd,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            os.write(log, f"cannot start {item.argv[0]}: {error}\n".encode())
            process = await asyncio.create_subprocess_exec("/bin/false")
        finally:
            os.close(log)
        identity = ProcessId.of(process.pid)
        self._process = process
        self.status.pid = process.pid
        self.status.started = identity.started if identity else 0.0
        self._changed()
        return process

    def _forget(self) -> None:
        self._process = None
        self.status.pid = None
        self.status.descendants = ()

    def _become(self, state: ItemState, detail: str = "") -> None:
        self.status.state = state
        self.status.detail = detail
        self.status.since = time.time()
        self._changed()

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        return


def _kill(processes: list[psutil.Process]) -> None:
    alive = [process for process in processes if process.is_running()]
    if alive:
        reap.end(alive, 3.0)
