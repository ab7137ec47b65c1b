"""Heartbeating long polls: an activity that asks a question until its answer is what the workflow waits for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import activity

from control_plane.activities.ports import Changes

T = TypeVar("T")

POLL_SECONDS = 1.0


async def until(
    ask: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
    seconds: float,
    changes: Changes,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Ask until `done`, or until `seconds` have passed; the newest answer either way. Heartbeats at each turn."""
    end = clock() + seconds
    while True:
        activity.heartbeat()
        answer = await ask()
        left = end - clock()
        if done(answer) or left <= 0:
            return answer
        await changes.wait(min(POLL_SECONDS, left))
