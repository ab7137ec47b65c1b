"""Keeps one engine up: start, wait until it serves, watch, restart with back-off.

States: `loading` until the first healthy probe; `ready`; `failed` when the process ended, did not load in time, or
stopped answering; then `loading` again. An engine that somebody else runs (no command) is only probed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from data_plane.engines.errors import StartError
from data_plane.engines.orphans import forget, reap
from data_plane.engines.process import EngineProcess
from data_plane.engines.states import EngineSpec, EngineStatus, Probe, State, StatusSink, Timing

CHANGED = "engine_state_changed"
REAPED = "engine_orphans_reaped"
NOT_STARTED = "engine_not_started"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine's log and identity are kept, and the environment that it inherits."""

    logs: Path
    run: Path
    environment: Mapping[str, str]


def utc() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class EngineSupervisor:
    """One engine. `run` returns when `stop` is set and the process is gone."""

    def __init__(
        self,
        spec: EngineSpec,
        sink: StatusSink,
        probe: Probe,
        place: Place,
        timing: Timing,
        clock: Callable[[], datetime] = utc,
    ) -> None:
        self._spec = spec
        self._sink = sink
        self._probe = probe
        self._place = place
        self._timing = timing
        self._clock = clock
        self._restarts = 0
        self._status = EngineStatus(spec, "loading", "starting", 0, clock())
        self._log = structlog.get_logger().bind(model=spec.model)

    @property
    def status(self) -> EngineStatus:
        """The state as last seen."""
        return self._status

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps the engine up until `stop`."""
        if not self._spec.command:
            await self._watch(stop, None)
            return
        record = self._place.run / f"engine-{self._spec.model}.json"
        left = reap(record)
        if left:
            self._log.warning(REAPED, count=len(left))
        pause = self._timing.backoff_first
        while not stop.is_set():
            ready_for = await self._once(stop, record)
            if stop.is_set():
                break
            pause = self._timing.backoff_first if ready_for >= self._timing.settled else pause
            await _sleep(stop, pause)
            pause = min(pause * 2, self._timing.backoff_most)
            self._restarts += 1

    async def _once(self, stop: asyncio.Event, record: Path) -> float:
        """One life of the process; gives how many seconds it was ready."""
        await self._set("loading", "starting")
        log = self._place.logs / f"engine-{self._spec.model}.log"
        try:
            process = await EngineProcess.start(self._spec, self._place.environment, log, record)
        except StartError as error:
            self._log.error(NOT_STARTED, reason=str(error))
            await self._set("failed", "not-startable")
            return 0.0
        try:
            return await self._watch(stop, process)
        finally:
            await process.stop(self._timing.stop)
            forget(record)

    async def _watch(self, stop: asyncio.Event, process: EngineProcess | None) -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        ready_at: float | None = None
        failures = 0
        while not stop.is_set():
            if process is not None and not process.running:
                await self._set("failed", "exited")
                break
            if await self._probe.healthy(self._spec.url):
                ready_at, failures = ready_at or loop.time(), 0
                await self._set("ready", "")
            elif ready_at is None:
                if loop.time() - started > self._timing.startup:
                    await self._set("failed", "not-loaded-in-time")
                    if process is not None:
                        break
                else:
                    await self._set("loading", "loading")
            else:
                failures += 1
                if failures >= self._timing.failures:
                    await self._set("failed", "not-answering")
                    if process is not None:
                        break
                    ready_at = None
            await self._rest(stop, process, ready=ready_at is not None and failures == 0)
        return 0.0 if ready_at is None else loop.time() - ready_at

    async def _rest(self, stop: asyncio.Event, process: EngineProcess | None, *, ready: bool) -> None:
        seconds = self._timing.ready_probe if ready else self._timing.loading_probe
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(stop.wait())]
        if process is not None:
            waits.append(asyncio.ensure_future(_ended(process)))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await wait

    async def _set(self, state: State, reason: str) -> None:
        before = self._status
        changed = before.state != state or before.reason != reason or before.restarts != self._restarts
        since = self._clock() if before.state != state else before.since
        self._status = EngineStatus(self._spec, state, reason, self._restarts, since)
        if changed:
            self._log.info(CHANGED, state=state, reason=reason, restarts=self._restarts)
        await self._sink.write(self._status)


async def _ended(process: EngineProcess) -> None:
    await process.wait()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
