"""Starts, follows and ends the detached supervisor of one federation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bailiwick_local import ports
from bailiwick_local.supervisor import plan as plans
from bailiwick_local.supervisor import reap
from bailiwick_local.supervisor import state as states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLL = 0.2
STOP_SECONDS = 90.0


class PortsTakenError(Exception):
    """Somebody else listens on ports that the federation needs."""

    def __init__(self, sentences: list[str]) -> None:
        """`sentences`: one for each port."""
        super().__init__("; ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class Control:
    """What `up`, `down` and `status` need to know of a supervisor: its directory and its federation's mark."""

    directory: Path
    mark: str

    def running(self) -> bool:
        """Whether a supervisor lives."""
        return states.Lock(self.directory / "supervisor.pid").held()

    def state(self) -> states.State | None:
        """What the supervisor last wrote."""
        return states.load(self.directory / "state.json")

    def ready(self) -> bool:
        """Whether everything has been up, and the supervisor sees to it that it stays so."""
        last = self.state()
        return last is not None and last.phase == "ready" and self.running()

    def hopeless(self) -> bool:
        """Whether a supervisor lives that will never get all ready: one of its steps failed."""
        last = self.state()
        failed = last is not None and any(item.kind == "step" and item.state == "failed" for item in last.items)
        return failed and self.running()

    def reap(self) -> int:
        """End what a crashed supervisor left; how many processes there were."""
        last = self.state()
        known = [identity for item in last.items for identity in item.process_ids()] if last else []
        left = reap.leftovers(self.mark, known)
        reap.end(left, 10.0)
        return len(left)

    def start(self, plan: plans.Plan, wanted: dict[int, str]) -> None:
        """Start a detached supervisor for `plan`.

        Raises:
            PortsTakenError: a wanted port is not free.
        """
        sentences = ports.taken(wanted)
        if sentences:
            raise PortsTakenError(sentences)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.directory / "state.json").unlink(missing_ok=True)
        plans.save(plan, self.directory / "plan.json")
        with (self.directory / "supervisor.log").open("ab") as log:
            subprocess.run(
                [sys.executable, "-P", "-m", "bailiwick_local.supervisor.daemon", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
                check=True,
            )

    def follow(self, show: Callable[[states.State], None], seconds: float) -> states.State | None:
        """Call `show` with each new state until each unit is ready or cannot get there, or time is up."""
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            last = self.state()
            if last is not None:
                show(last)
                if last.phase != "starting" or _settled(last):
                    return last
            elif not self.running() and time.monotonic() > deadline - seconds + 10:
                return None
            time.sleep(POLL)
        return last

    def stop(self, show: Callable[[states.State], None]) -> int:
        """Stop the supervisor and all it runs; returns how many processes had to be ended afterwards."""
        last = self.state()
        if last is not None and (process := last.supervisor.alive()) and self.running():
            os.kill(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self.running() and time.monotonic() < deadline:
                current = self.state()
                if current is not None:
                    show(current)
                time.sleep(POLL)
        return self.reap()


def _settled(state: states.State) -> bool:
    """Whether each unit is all up, or has something that will not come up."""
    failed = {item.unit for item in state.items if item.state == "failed"}
    pending = {item.unit for item in state.items if item.state not in {"running", "done"}}
    return bool(failed) and pending <= failed
