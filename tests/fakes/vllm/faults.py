"""What a fake engine may be told to do wrong, one script line per request."""

from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True)
class Fault:
    """One misbehaviour.

    kind: `reset` (the connection is cut), `stall` (nothing more is sent), `slow` (a pause before each chunk),
    `error` (an HTTP status instead of an answer), `no_usage` (an answer without usage), `overrun` (more tokens than
    asked for).
    after: chunks sent before the fault; for an answer that is not streamed 0 means before the head.
    """

    kind: str
    after: int = 0
    status: int = 500
    seconds: float = 0.05

    @classmethod
    def of(cls, document: dict[str, object]) -> Self:
        """A fault from the JSON that the control endpoint takes."""
        return cls(**document)  # type: ignore[arg-type]  # the test's own JSON

    def document(self) -> dict[str, object]:
        """The JSON for the control endpoint."""
        return asdict(self)
