"""Live sessions of this process: at most one per region, the newest wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from control_plane.domain.words import RegionId

SUPERSEDED = "superseded"
STOPPING = "disconnected"


class LiveSession:
    """One region's stream in this process. Holds only what is newest, so nothing can pile up.

    `changed` is set whenever there may be something to write: an echo, a change at the centre, or the end. `taking` is
    held while a message of the region is being taken.
    """

    def __init__(self, session: str, region: RegionId, serial: str) -> None:
        self.id = session
        self.region = region
        self.serial = serial
        self.changed = asyncio.Event()
        self.taking = asyncio.Lock()
        self.stale = True
        self.echo: int | None = None
        self.ended: str | None = None
        self.failure: Exception | None = None

    def wake(self) -> None:
        """Something at the centre that concerns this region may have changed."""
        self.stale = True
        self.changed.set()

    def heard(self, sequence: int) -> None:
        """A heartbeat came; only the newest is echoed."""
        self.echo = sequence
        self.changed.set()

    def end(self, kind: str, failure: Exception | None = None) -> None:
        """The stream is to end; the first reason stands."""
        if self.ended is None:
            self.ended = kind
            self.failure = failure
        self.changed.set()

    async def due(self) -> tuple[bool, int | None]:
        """Wait for something to do: (whether to look what the region is to be told, heartbeat to echo)."""
        await self.changed.wait()
        self.changed.clear()
        stale, echo = self.stale, self.echo
        self.stale, self.echo = False, None
        return stale, echo


class LiveSessions:
    """All live sessions of this process."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._sessions: dict[RegionId, LiveSession] = {}
        self._closing = False

    def open(self, region: RegionId, serial: str) -> LiveSession:
        """A new session for a region; one that it has here already ends."""
        session = LiveSession(self._new_id(), region, serial)
        earlier = self._sessions.get(region)
        self._sessions[region] = session
        if earlier is not None:
            earlier.end(SUPERSEDED)
        if self._closing:
            session.end(STOPPING)
        return session

    def close(self, session: LiveSession) -> None:
        """Forget a session that ended."""
        if self._sessions.get(session.region) is session:
            del self._sessions[session.region]

    def wake(self, region: RegionId) -> None:
        """Have a region's session look again, if it has one here."""
        session = self._sessions.get(region)
        if session is not None:
            session.wake()

    def all(self) -> Sequence[LiveSession]:
        """Those that are live now."""
        return list(self._sessions.values())

    def stop(self) -> None:
        """End all, and whatever comes later."""
        self._closing = True
        for session in self.all():
            session.end(STOPPING)
