"""Step 1 again, once the key is known: how many requests of one key may be under way in this worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from data_plane.gateway.errors import RATE, Refusal


class Slots:
    """Counts what is under way per key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._busy: dict[str, int] = {}

    def take(self, key_id: str) -> None:
        """One more of this key.

        Raises:
            Refusal: 429, the key has as many as it may.
        """
        busy = self._busy.get(key_id, 0)
        if busy >= self._limit:
            raise Refusal(
                429,
                "concurrency_limit",
                f"The key has {busy} requests under way, which is its limit here.",
                kind=RATE,
                reason="limit",
                fix="Wait for one to end, then try again.",
                retry_after=1,
            )
        self._busy[key_id] = busy + 1

    def give(self, key_id: str) -> None:
        """One less of this key."""
        busy = self._busy[key_id] - 1
        if busy:
            self._busy[key_id] = busy
        else:
            del self._busy[key_id]

    @contextmanager
    def held(self, key_id: str) -> Iterator[None]:
        """One of this key for as long as the block runs."""
        self.take(key_id)
        try:
            yield
        finally:
            self.give(key_id)

    def busy(self) -> int:
        """Requests under way of all keys."""
        return sum(self._busy.values())
