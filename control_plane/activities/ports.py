"""What activities need from the registry. Small protocols, owned here; the registry's stores and a fake implement them.

Each method is one transaction. Each write MUST be idempotent: Temporal runs an activity at least once.
"""

from __future__ import annotations

from typing import Protocol

from control_plane.activities.messages import (
    EnrolmentDecision,
    EvidenceAnswer,
    GateAnswer,
    GateAsk,
    LaneRecord,
    RolloutRecord,
    Wish,
    Withdrawal,
)
from control_plane.domain.rollout_steps import RegionStatus


class WishRefusedError(Exception):
    """The registry refuses a wish for good; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Fleet(Protocol):
    """Desired states, and what regions say about them."""

    async def wish(self, wish: Wish) -> int:
        """Set the desired state; returns its generation.

        MUST return the generation in place if it carries this very wish already.

        MUST raise WishRefusedError when the release is not published or does not name the region.
        """
        ...

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """If `generation` is still the newest, wish for what the region runs, with a new one; else do nothing."""
        ...

    async def status(self, region: str, manifest: str) -> RegionStatus:
        """What is known now. MUST report a silent region as not connected."""
        ...


class Gates(Protocol):
    """Gates asked of regions."""

    async def ask(self, gate: GateAsk) -> None:
        """Record the question so that the region's session carries it."""
        ...

    async def answer(self, gate: str) -> GateAnswer:
        """The verdict, empty while there is none."""
        ...


class Journal(Protocol):
    """The read model of rollouts."""

    async def lane(self, record: LaneRecord) -> None:
        """Upsert the lane unless a newer one is there; add each happening once."""
        ...

    async def rollout(self, record: RolloutRecord) -> None:
        """Upsert the rollout's state unless a newer one is there; add each happening once."""
        ...


class EvidenceDesk(Protocol):
    """Evidence requests as regions answer them."""

    async def answer(self, request: str) -> EvidenceAnswer:
        """The phase now."""
        ...

    async def expire(self, request: str) -> None:
        """Mark as expired unless it ended otherwise."""
        ...


class Enrolments(Protocol):
    """Enrolments that wait for central operations."""

    async def decide(self, decision: EnrolmentDecision) -> None:
        """Record the decision; approving lets the region collect its certificate."""
        ...

    async def connected(self, region: str) -> bool:
        """Whether the region's agent holds a session now. MUST be true also where its approval no longer stands."""
        ...


class Changes(Protocol):
    """Wakes those who wait for a region's word."""

    async def wait(self, seconds: float) -> None:
        """Return when something may have changed, at the latest after `seconds`. Spurious returns are fine."""
        ...
