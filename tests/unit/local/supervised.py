"""A supervisor of small scripts, for tests: started detached as in real life, in a directory of the test's own."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bailiwick_local.control import Control
from bailiwick_local.supervisor import reap
from bailiwick_local.supervisor.plan import Item, Plan, Unit
from bailiwick_local.supervisor.state import ItemStatus

STEADY = "import time, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(600)"
STUBBORN = "import time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
CHILD = f"subprocess.Popen([sys.executable, '-c', {STEADY!r}], start_new_session=True)"
PARENT = f"import subprocess, sys; {CHILD}; {STEADY}"
WAIT = 20.0


@dataclass(frozen=True)
class Supervised:
    """One supervisor and what it is to run."""

    control: Control

    @classmethod
    def at(cls, directory: Path) -> Supervised:
        """In `directory`, which also is the mark of its processes."""
        return cls(Control(directory / "supervisor", str(directory)))

    def start(self, *units: Unit, ports: dict[int, str] | None = None) -> None:
        """Start a detached supervisor."""
        self.control.start(Plan(self.control.mark, units), ports or {})

    def item(self, name: str) -> ItemStatus:
        """What the supervisor says of an item."""
        state = self.control.state()
        assert state is not None
        return next(item for item in state.items if item.name == name)

    def wait(self, name: str, *states: str) -> ItemStatus:
        """Wait until an item is in one of the states."""
        item: ItemStatus = eventually(lambda: now if (now := self.try_item(name)) and now.state in states else None)
        return item

    def try_item(self, name: str) -> ItemStatus | None:
        """As `item`, before there is a state too."""
        return self.item(name) if self.control.state() else None

    def crash(self) -> None:
        """Kill the supervisor alone, as the kernel would."""
        state = self.control.state()
        assert state is not None
        os.kill(state.supervisor.pid, signal.SIGKILL)
        eventually(lambda: True if not self.control.running() else None)

    def left(self) -> list[psutil.Process]:
        """Living processes of this federation."""
        return [process for process in reap.marked(self.control.mark) if process.status() != psutil.STATUS_ZOMBIE]


def eventually(ask, seconds: float = WAIT):
    """Ask until there is an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain")


def program(directory: Path, name: str, script: str, stop_seconds: float = 12.0) -> Item:
    """A program that runs a Python script."""
    log = str(directory / f"{name}.log")
    return Item(name=name, argv=(sys.executable, "-c", script), log=log, stop_seconds=stop_seconds)


def step(directory: Path, name: str, script: str) -> Item:
    """A step that runs a Python script."""
    return replace(program(directory, name, script), kind="step")
