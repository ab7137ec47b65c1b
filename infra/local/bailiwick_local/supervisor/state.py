"""What the supervisor last wrote about itself and its processes, for `up`, `status`, `down` and the next supervisor."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import psutil

if TYPE_CHECKING:
    from pathlib import Path

Phase = Literal["starting", "ready", "stopping", "stopped"]
ItemState = Literal["waiting", "starting", "running", "done", "backoff", "failed", "stopping", "stopped"]


@dataclass(frozen=True)
class ProcessId:
    """A process beyond doubt: ids are reused, an id with its start time is not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The identity of a running process; none if it has gone."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def alive(self) -> psutil.Process | None:
        """The process, if it is still the same one and not a zombie."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


@dataclass
class ItemStatus:
    """One step or program as it stands. `since`: when it took its present state (Unix seconds)."""

    unit: str
    name: str
    kind: str
    state: ItemState = "waiting"
    since: float = 0.0
    pid: int | None = None
    started: float = 0.0
    restarts: int = 0
    detail: str = ""
    log: str = ""
    descendants: tuple[tuple[int, float], ...] = ()

    def process_ids(self) -> list[ProcessId]:
        """The process and all that it is known to have started."""
        own = [ProcessId(self.pid, self.started)] if self.pid else []
        return own + [ProcessId(pid, started) for pid, started in self.descendants]


@dataclass
class State:
    """The whole state file."""

    phase: Phase
    supervisor: ProcessId
    items: list[ItemStatus]

    def save(self, path: Path) -> None:
        """Write, replacing the file in one go."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.replace(path)


def load(path: Path) -> State | None:
    """Read the state file; none if there is no whole one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        items = [
            ItemStatus(**{**item, "descendants": tuple((pid, at) for pid, at in item["descendants"])})
            for item in document["items"]
        ]
        return State(document["phase"], ProcessId(**document["supervisor"]), items)
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Lock:
    """The pid file, locked for as long as the supervisor lives, however it ends."""

    def __init__(self, path: Path) -> None:
        """`path`: the file `supervisor.pid`."""
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Take the lock; false if another supervisor has it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def held(self) -> bool:
        """Whether a living supervisor has the lock."""
        if not self._path.exists():
            return False
        file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False
