"""Waiting between attempts: exponential, with full jitter, so that a fleet does not come back in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Seconds to wait before attempt n: uniform in [floor, min(ceiling, base * 2^n)]."""

    base: float = 0.25
    ceiling: float = 4.0
    floor: float = 0.05

    def delay(self, attempt: int, uniform: Callable[[float, float], float]) -> float:
        """The wait before `attempt` (from 0); `uniform` is the source of randomness."""
        top = min(self.ceiling, self.base * 2 ** min(attempt, 16))
        return uniform(self.floor, max(self.floor, top))
