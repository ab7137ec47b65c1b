"""What an engine is doing, as everyone else in the region reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

State = Literal["loading", "ready", "failed", "asleep"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine out of the region's boundary settings. An empty command means that somebody else runs it."""

    model: str
    kind: str
    url: str
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """One engine at one moment. `reason` is a constant code, never an engine's own words."""

    spec: EngineSpec
    state: State
    reason: str
    restarts: int
    since: datetime


class StatusSink(Protocol):
    """Where states go."""

    async def write(self, status: EngineStatus) -> None:
        """MUST NOT raise when the place cannot be reached: an engine serves on without it."""


class Probe(Protocol):
    """Asks an engine whether it can serve."""

    async def healthy(self, url: str) -> bool:
        """MUST answer within a few seconds, and false for anything but a clear yes."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `failures` is how many probes in a row make a ready engine a failed one."""

    startup: float = 300.0
    loading_probe: float = 0.5
    ready_probe: float = 2.0
    failures: int = 3
    backoff_first: float = 1.0
    backoff_most: float = 30.0
    settled: float = 60.0
    stop: float = 6.0
