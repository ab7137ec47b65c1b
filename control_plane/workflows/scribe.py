"""Keeps a read model up to date beside a workflow: what changed is written soon, in order, before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from control_plane.domain.rollouts import Happening


class Scribe:
    """Collects happenings and calls `write` with them whenever something changed."""

    def __init__(self, write: Callable[[tuple[Happening, ...]], Awaitable[None]]) -> None:
        """`write` records the newest state along with the happenings since the last call."""
        self._write = write
        self._happenings: list[Happening] = []
        self._changed = False
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write in the background."""
        self._task = asyncio.create_task(self._run())

    def changed(self, *happenings: Happening) -> None:
        """Say that the state changed."""
        self._happenings.extend(happenings)
        self._changed = True

    async def settled(self) -> None:
        """Wait until all is written."""
        await workflow.wait_condition(lambda: not self._changed and not self._busy)

    async def stop(self) -> None:
        """Write what is left and end."""
        await self.settled()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._changed)
            self._changed, self._busy = False, True
            happenings, self._happenings = tuple(self._happenings), []
            await self._write(happenings)
            self._busy = False
