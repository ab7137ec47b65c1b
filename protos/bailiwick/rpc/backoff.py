"""Exponential back-off with full jitter, so that regions do not come back in step after a centre's restart."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays of a uniformly random part of ``min(cap, base * 2**attempt)``.

    `uniform` draws a float from [0, 1): randomness is injected. With base 0.5 and cap 5 all agents are back within 5 s.
    """

    uniform: Callable[[], float]
    base_seconds: float = 0.5
    cap_seconds: float = 5.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait before retry number `attempt`, counted from 0."""
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** min(max(attempt, 0), 32))
        return ceiling * self.uniform()
