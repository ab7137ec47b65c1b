"""The supervisor process: `python -m bailiwick_local.supervisor.daemon DIRECTORY`, detached, one per federation.

Rules:
 1. It holds the locked pid file for as long as it lives; a second one leaves at once.
 2. Units run side by side; within a unit a stage starts when the one before is ready, and stops before it.
 3. SIGTERM or SIGINT stops everything in reverse order; regions before the centre.
 4. What it knows is in the state file at every moment, for whoever comes after a crash.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bailiwick_local.supervisor import logs, plan, reap
from bailiwick_local.supervisor.child import Child
from bailiwick_local.supervisor.state import Lock, Phase, ProcessId, State

if TYPE_CHECKING:
    from collections.abc import Awaitable

CENTRE = "centre"
SAVE_PAUSE = 0.1
HOUSEKEEPING_PAUSE = 2.0


class Unit:
    """The children of one unit, stage by stage."""

    def __init__(self, description: plan.Unit, children: list[list[Child]]) -> None:
        """`children`: one list for each stage of the description."""
        self.name = description.name
        self._stages = children
        self._running: list[asyncio.Task[None]] = []

    async def start(self) -> bool:
        """Start stage after stage; true when all programs have been ready, false when a step failed."""
        for stage in self._stages:
            if not await self._start_stage(stage):
                return False
        return True

    async def stop(self) -> None:
        """Stop stage after stage, the last one first."""
        for stage in reversed(self._stages):
            await asyncio.gather(*(child.stop() for child in stage))
        await asyncio.gather(*self._running)

    async def _start_stage(self, stage: list[Child]) -> bool:
        waits: list[Awaitable[bool]] = []
        for child in stage:
            if child.item.kind == "step":
                waits.append(child.run_step())
            else:
                ready = asyncio.Event()
                self._running.append(asyncio.create_task(child.keep_running(ready)))
                waits.append(ready.wait())
        return all(await asyncio.gather(*waits))


class Supervisor:
    """All units, the state file and the housekeeping."""

    def __init__(self, directory: Path, description: plan.Plan) -> None:
        """`directory`: where the state file goes."""
        self._state_path = directory / "state.json"
        self._dirty = asyncio.Event()
        self._phase: Phase = "starting"
        identity = ProcessId.of(os.getpid())
        self._self = identity or ProcessId(os.getpid(), time.time())
        self._children: list[Child] = []
        self._units = [self._unit(unit, description.mark) for unit in description.units]

    async def run(self) -> None:
        """Start everything, watch until a signal, stop everything."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        background = [asyncio.create_task(self._save_changes()), asyncio.create_task(self._housekeeping())]
        starting = asyncio.create_task(self._start())
        await stop.wait()
        self._enter("stopping")
        starting.cancel()
        regions = [unit.stop() for unit in self._units if unit.name != CENTRE]
        await asyncio.gather(*regions)
        await asyncio.gather(*(unit.stop() for unit in self._units if unit.name == CENTRE))
        for task in background:
            task.cancel()
        self._phase = "stopped"
        self._save()

    async def _start(self) -> None:
        if all(await asyncio.gather(*(unit.start() for unit in self._units))):
            self._enter("ready")

    def _unit(self, description: plan.Unit, mark: str) -> Unit:
        stages = [
            [Child(description.name, item, mark, self._dirty.set) for item in stage] for stage in description.stages
        ]
        self._children += [child for stage in stages for child in stage]
        return Unit(description, stages)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._dirty.set()

    def _save(self) -> None:
        State(self._phase, self._self, [child.status for child in self._children]).save(self._state_path)

    async def _save_changes(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._save()
            await asyncio.sleep(SAVE_PAUSE)

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_PAUSE)
            running = [child for child in self._children if child.status.pid]
            below = await asyncio.to_thread(reap.descendants, [child.status.pid or 0 for child in running])
            for child in running:
                found = reap.identities(below.get(child.status.pid or 0, []))
                if found != child.status.descendants:
                    child.status.descendants = found
                    self._dirty.set()
                logs.rotate(Path(child.item.log))


def main(arguments: list[str]) -> int:
    """Run the plan in the directory named on the command line."""
    directory = Path(arguments[0])
    if os.fork():  # who started us goes on at once, and never has to wait for our end
        os._exit(0)
    lock = Lock(directory / "supervisor.pid")
    if not lock.take():
        sys.stderr.write("another supervisor runs this federation\n")
        return 1
    supervisor_plan = plan.load(directory / "plan.json")
    asyncio.run(_run(directory, supervisor_plan))
    return 0


async def _run(directory: Path, description: plan.Plan) -> None:
    await Supervisor(directory, description).run()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
