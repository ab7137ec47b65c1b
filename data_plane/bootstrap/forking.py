"""Several workers of one process: forked before any loop or thread exists, restarted when one dies, ended together."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

PR_SET_PDEATHSIG = 1
BACKOFF_SECONDS = 1.0
RETURNED = 0


def run_workers(count: int, work: Callable[[int], int]) -> int:
    """Runs `work(index)` in `count` children until SIGTERM or SIGINT; gives 0 when all of them stopped well.

    A child that ends by itself is started again after a second; one that refuses to run (exit code 1) ends all.
    """
    family = _Family(work)
    signal.signal(signal.SIGTERM, family.stop)
    signal.signal(signal.SIGINT, family.stop)
    for index in range(count):
        family.start(index)
    return family.watch()


class _Family:
    """The parent's view of its children."""

    def __init__(self, work: Callable[[int], int]) -> None:
        self._work = work
        self._children: dict[int, int] = {}
        self._stopping = False
        self._code = 0

    def start(self, index: int) -> None:
        """Forks one worker."""
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._children[pid] = index
            return
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        code = 1 if os.getppid() != parent else self._work(index)
        sys.stderr.flush()
        os._exit(code)

    def stop(self, _: int, __: FrameType | None) -> None:
        """Tells every worker to end."""
        self._stopping = True
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)

    def watch(self) -> int:
        """Waits until no worker is left."""
        while self._children:
            pid, status = os.wait()
            index = self._children.pop(pid, None)
            if index is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            if self._stopping:
                self._code = self._code or max(code, 0)
            elif code == 1:
                self._code = 1
                self.stop(signal.SIGTERM, None)
            else:
                time.sleep(BACKOFF_SECONDS)
                self.start(index)
        return self._code
