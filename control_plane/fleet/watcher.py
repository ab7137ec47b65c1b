"""Wakes live sessions when something at the centre changes for their regions: by bell at once, by polling at last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from control_plane.domain.words import RegionId
from control_plane.fleet.sessions import LiveSessions

POLL_FAILED = "fleet_poll_failed"
SWEPT = "fleet_links_swept"
SWEEP_EVERY = 10


class Marks(Protocol):
    """Where changes are counted."""

    async def marks(self) -> Mapping[RegionId, int]:
        """Per region a count that MUST rise with each change which concerns its session."""


@dataclass(frozen=True)
class Watch:
    """What the watcher needs: the counts, links to be swept, and how long to wait between polls (seconds)."""

    marks: Marks
    sweep: Callable[[], Awaitable[int]]
    poll_seconds: float


class Watcher:
    """One per process. `ring` may be called from a bell at any time; `run` polls until it is cancelled."""

    def __init__(self, live: LiveSessions, watch: Watch, transient: tuple[type[Exception], ...]) -> None:
        self._live = live
        self._watch = watch
        self._transient = transient
        self._known: Mapping[RegionId, int] = {}

    def ring(self, region: str) -> None:
        """The bell names a region, or nobody: then everyone looks again."""
        if region:
            self._live.wake(RegionId(region))
            return
        for session in self._live.all():
            session.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop`; a database that is away for a while is waited for."""
        log = structlog.get_logger()
        turn = 0
        while not stop.is_set():
            try:
                await self._poll()
                if turn % SWEEP_EVERY == 0:
                    swept = await self._watch.sweep()
                    if swept:
                        log.info(SWEPT, links=swept)
            except self._transient as error:
                log.warning(POLL_FAILED, error=type(error).__name__)
            turn += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._watch.poll_seconds)

    async def _poll(self) -> None:
        marks = await self._watch.marks.marks()
        for region, count in marks.items():
            if self._known.get(region) != count:
                self._live.wake(region)
        self._known = marks
