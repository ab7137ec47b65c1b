"""Step 1 again, once the key is known: how many requests of one key may be under way in this worker."""

from __future__ import annotations

from data_plane.gateway.errors import RATE, Refusal


class Slot:
    """The place of one request; giving it back twice is giving it back once."""

    __slots__ = ("_key_id", "_slots")

    def __init__(self, slots: Slots, key_id: str) -> None:
        self._slots: Slots | None = slots
        self._key_id = key_id

    def give(self) -> None:
        """The client has, or is about to have, its whole answer."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.give(self._key_id)


class Slots:
    """Counts what is under way per key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._busy: dict[str, int] = {}

    def take(self, key_id: str) -> Slot:
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
        return Slot(self, key_id)

    def give(self, key_id: str) -> None:
        """One less of this key."""
        busy = self._busy[key_id] - 1
        if busy:
            self._busy[key_id] = busy
        else:
            del self._busy[key_id]

    def busy(self) -> int:
        """Requests under way of all keys."""
        return sum(self._busy.values())
