"""One engine's process: started without a shell in a session of its own, stopped with everything that it started.

Rules:

1. The child dies with its supervisor (`PR_SET_PDEATHSIG`), and what outlives a killed one is reaped at the next
   start (`orphans`).
2. Stopping means SIGTERM to the leader, a grace, then SIGKILL to the whole process group.
3. The engine's words go to its own log file and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from data_plane.engines.errors import StartError
from data_plane.engines.orphans import Record, write_record
from data_plane.engines.states import EngineSpec

PR_SET_PDEATHSIG = 1
MARK = "BAILIWICK_ENGINE"


class EngineProcess:
    """A running engine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, spec: EngineSpec, environment: Mapping[str, str], log: Path, record: Path) -> EngineProcess:
        """Starts the command of `spec`; its output is appended to `log`, its identity written to `record`.

        Raises:
            StartError: the program is missing or may not be run.
        """
        marked = {**environment, **dict(spec.environment), MARK: mark(record)}
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *spec.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=marked,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        except OSError as error:
            where = f"{error.strerror}: {spec.command[0]}"
            raise StartError(f"the engine {spec.model} cannot be started: {where}") from error
        write_record(record, Record(process.pid, mark(record)))
        return cls(process)

    @property
    def pid(self) -> int:
        """The leader's process id, which is also the group's."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the leader lives."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """The leader's exit status."""
        return await self._process.wait()

    async def stop(self, grace: float) -> None:
        """Ends the leader and everything in its group."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


def mark(record: Path) -> str:
    """What the environment of an engine's processes carries, so that they are known again."""
    return str(record)


def die_with_parent() -> None:
    """Runs in the child between fork and exec: SIGTERM when the parent dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
