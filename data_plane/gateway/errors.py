"""What a client sees when a request is refused or fails: OpenAI's error shape with a stable code.

`Refusal` is the only exception that crosses a step: the pipeline turns it into an answer, once, at the edge.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import orjson

from bailiwick.contract.ledger_entry import Reason

INVALID = "invalid_request_error"
AUTHENTICATION = "authentication_error"
PERMISSION = "permission_error"
BUDGET = "insufficient_quota"
RATE = "rate_limit_error"
SERVER = "server_error"


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not a fault
    """A request ends here, with a status, a stable code and what would make it pass.

    `reason` is the ledger's word for it, or empty where no decision is recorded.
    """

    status: int
    code: str
    message: str
    _: KW_ONLY
    kind: str = INVALID
    reason: Reason | Literal[""] = ""
    fix: str = ""
    param: str | None = None
    policies: tuple[str, ...] = ()
    permitted: tuple[str, ...] = ()
    resets_at: str | None = None
    retry_after: int | None = None

    def body(self) -> bytes:
        """The answer's JSON."""
        return orjson.dumps(
            {
                "error": {
                    "message": self.message,
                    "type": self.kind,
                    "param": self.param,
                    "code": self.code,
                    "bailiwick": {
                        "policies": self.policies,
                        "permitted": self.permitted,
                        "resets_at": self.resets_at,
                        "fix": self.fix,
                    },
                }
            }
        )

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers that go with the answer."""
        if self.retry_after is None:
            return []
        return [(b"retry-after", b"%d" % self.retry_after)]

    def event(self) -> bytes:
        """The same as the last event of a stream that is under way."""
        return b"data: " + self.body() + b"\n\n"


def invalid(code: str, message: str, *, fix: str = "", param: str | None = None) -> Refusal:
    """A 400: the request itself is wrong."""
    return Refusal(400, code, message, fix=fix, param=param)


def engine_unavailable(model: str) -> Refusal:
    """A 503: the engine does not answer; the supervisor restarts it."""
    return Refusal(
        503,
        "engine_unavailable",
        f"The engine that serves {model!r} does not answer; nothing was charged.",
        kind=SERVER,
        fix="Try again after the time in Retry-After; the region restarts a dead engine by itself.",
        retry_after=5,
    )


def engine_stalled(model: str) -> Refusal:
    """A 504: the engine took the request and then said nothing for too long."""
    return Refusal(
        504,
        "engine_stalled",
        f"The engine that serves {model!r} stopped answering.",
        kind=SERVER,
        fix="Try again; if it happens again, tell the region's operator.",
        retry_after=10,
    )


def ledger_unavailable() -> Refusal:
    """A 503: nothing can be recorded, so nothing may be served."""
    return Refusal(
        503,
        "ledger_unavailable",
        "The region's ledger cannot be written, so the request was not dispatched.",
        kind=SERVER,
        fix="Try again shortly; the region's operator should look at its database.",
        retry_after=5,
    )


def no_release(detail: str = "") -> Refusal:
    """A 503: the region has no release in force (or this worker cannot load it)."""
    message = "No release is active in this region yet" if not detail else f"This worker cannot serve: {detail}"
    return Refusal(
        503,
        "no_active_release",
        f"{message}; every request is refused until one is.",
        kind=SERVER,
        reason="policy",
        fix="The region's officer consents to a release, and the agent applies it.",
        retry_after=5,
    )


def internal() -> Refusal:
    """A 500 with a fixed text: what went wrong is in the region's log, never in the answer."""
    return Refusal(500, "internal_error", "The gateway failed; the event is in the region's log.", kind=SERVER)


def reservation_used_up() -> Refusal:
    """The last event of a stream that reached its reserved tokens."""
    return Refusal(
        429,
        "reservation_exhausted",
        "The stream was cut: it used up the tokens reserved for it.",
        kind=BUDGET,
        fix="Ask for more with max_tokens.",
    )
