"""What the use cases of rollouts need: the read model, answers kept for repetition, and the engine that carries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from control_plane.domain.rollouts import Happening, LaneView, Plan, Progress, Rollout


@dataclass(frozen=True)
class KeptAnswer:
    """The answer to a write with an idempotency key. `request` is the SHA-256 of what was asked."""

    request: bytes
    status: int
    answer: str


class RolloutStore(Protocol):
    """The read model of rollouts, in one transaction."""

    async def next_id(self) -> str:
        """A number that no rollout has had."""

    async def add(self, plan: Plan, at: datetime) -> None:
        """Record a rollout in state `starting`; a known one is left as it is."""

    async def progress(self, progress: Progress, happenings: Sequence[Happening]) -> None:
        """Keep the progress unless a newer one is there, and each happening once."""

    async def lane(self, view: LaneView, happenings: Sequence[Happening]) -> None:
        """Keep the lane unless a newer one is there, and each happening once."""

    async def get(self, rollout: str) -> Rollout | None:
        """One rollout with its lanes and happenings, oldest first."""

    async def all(self, limit: int) -> Sequence[Rollout]:
        """Newest first, with lanes, without happenings."""


class AnswerStore(Protocol):
    """Answers to writes that carried an idempotency key."""

    async def answered(self, actor: str, key: str) -> KeptAnswer | None:
        """The answer given before; MUST hold back others with the same key until the transaction ends."""

    async def keep(self, actor: str, key: str, answer: KeptAnswer, at: datetime) -> None:
        """Keep an answer, and drop those older than a day."""


@dataclass(frozen=True)
class RolloutOrder:
    """A person's order to a rollout; `region` narrows an approval. `workflow` is filled in from the plan."""

    rollout: str
    verb: str
    actor: str
    reason: str = ""
    region: str = ""
    bake_seconds: int = 0
    workflow: str = ""


class OrderRefusedError(Exception):
    """The engine refuses an order; message and fix are for people."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class EngineUnreachableError(Exception):
    """The workflow engine does not answer."""


class Orchestrator(Protocol):
    """The engine that carries out what takes long."""

    async def start_rollout(self, plan: Plan) -> None:
        """Begin; MUST do nothing when it has begun."""

    async def start_onboarding(self, region: str, jurisdiction: str) -> None:
        """Begin to wait for a decision; MUST do nothing when it has begun."""

    async def start_evidence(self, request: str, region: str, expires: str) -> None:
        """Begin to follow a request; MUST do nothing when it has begun."""

    async def order(self, order: RolloutOrder) -> None:
        """Give an order. Raises OrderRefusedError or EngineUnreachableError."""

    async def approve_lane(self, order: RolloutOrder) -> None:
        """Approve one region of a rollout. Raises as `order` does."""

    async def decide_enrolment(self, region: str, jurisdiction: str, actor: str, *, approved: bool) -> None:
        """Approve or refuse an enrolment; returns when that is recorded. Raises as `order` does."""
