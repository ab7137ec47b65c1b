"""Two clocks of a dispatched request with one timer: the longest silence of the engine, and the longest whole answer.

A timer per read would cost more than the read; this one looks again only when it could have something to say.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Watch:
    """A context in which the engine may be silent for `stall` seconds at most, and which lasts `total` at most.

    Past either, the task inside is interrupted and the context raises TimeoutError, as `asyncio.timeout` does.
    """

    __slots__ = ("_cancelling", "_end", "_expired", "_last", "_loop", "_stall", "_task", "_timer")

    def __init__(self, stall: float, total: float) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a watch needs a task to interrupt")
        self._task = task
        self._cancelling = task.cancelling()
        self._stall = stall
        self._last = self._loop.time()
        self._end = self._last + total
        self._expired = False
        self._timer = self._loop.call_at(min(self._last + stall, self._end), self._look)

    def heard(self) -> None:
        """The engine said something."""
        self._last = self._loop.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if not self._expired or self._task.uncancel() > self._cancelling:
            return
        if kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _look(self) -> None:
        due = min(self._last + self._stall, self._end)
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._expired = True
        self._task.cancel()
