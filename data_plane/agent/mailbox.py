"""What waits to be said on the link: bounded, and only the newest of each subject.

A link that was away for hours must not replay hours of states: the centre wants what is so, not what was.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue keyed by subject. A newer item takes the place of an older one of the same subject.

    When full, the oldest subject is dropped; whoever puts must be able to say it again (every state is said again after
    a reconnect).
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[str, T] = OrderedDict()
        self._ready = asyncio.Event()

    def put(self, subject: str, item: T) -> None:
        """Replaces what waits under `subject`."""
        self._items.pop(subject, None)
        self._items[subject] = item
        while len(self._items) > self._capacity:
            self._items.popitem(last=False)
        self._ready.set()

    async def take(self) -> tuple[str, T]:
        """The subject that waits longest; waits while there is none."""
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        return self._items.popitem(last=False)

    def clear(self) -> None:
        """Forgets everything."""
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)
