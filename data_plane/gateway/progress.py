"""How far a dispatched request has come, as the gateway saw it: what its settlement is made of."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bailiwick.contract.ledger_entry import Finish, How
from bailiwick.contract.pricing import Bound, Usage
from data_plane.gateway.sse import Seen
from data_plane.metering.requests import Outcome

FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}


@dataclass(slots=True)
class Progress:
    """Filled in while the request is under way; it is settled as it stands, whatever happens.

    `how` is `reported` only once the engine's final usage was seen; `finish` starts as `error`, which stands where
    nothing better became known. `streaming`: the client has the head of a stream; `gone`: the client left.
    """

    started: float = field(default_factory=time.monotonic)
    seen: Seen = field(default_factory=Seen)
    how: How = "counted"
    finish: Finish = "error"
    first_ms: int = 0
    streaming: bool = False
    gone: bool = False

    def first(self) -> None:
        """The first bytes of an answer are there."""
        if not self.first_ms:
            self.first_ms = self.elapsed()

    def elapsed(self) -> int:
        """Milliseconds since the dispatch, at least 1."""
        return max(1, int((time.monotonic() - self.started) * 1000))

    def reported(self, seen: Seen, *, finish: str = "stop") -> None:
        """The engine's own final count is known. Reasons such as `tool_calls` count as `stop`."""
        self.seen = seen
        self.how = "reported"
        self.finish = FINISHES.get(seen.finish or finish, "stop")

    def ended(self, seen: Seen) -> None:
        """A stream came to its end; whether its last usage was the engine's final one, `seen` says."""
        self.reported(seen)
        if not seen.final:
            self.how = "counted" if seen.prompt else "estimated"

    def uncounted(self) -> None:
        """A whole answer is there, and the engine did not say what it used: the reservation stands for it."""
        self.how, self.finish = "estimated", "stop"

    def outcome(self, bound: Bound) -> Outcome:
        """What is settled: never more than was reserved, because a stream that passes its reservation is cut there."""
        if self.how == "estimated":
            return Outcome(
                Usage(bound.prompt, 0, bound.output, 0), self.how, self.finish, self.first_ms, self.elapsed()
            )
        seen = self.seen
        prompt, output = min(seen.prompt, bound.prompt), min(seen.output, bound.output)
        usage = Usage(prompt, min(seen.cached, prompt), output, min(seen.reasoning, output))
        return Outcome(usage, self.how, self.finish, self.first_ms, self.elapsed())
