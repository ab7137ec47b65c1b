"""Activities of rollouts: wishes, watching, gates, and the read model."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from control_plane.activities.messages import (
    REFUSED,
    GateAnswer,
    GateAsk,
    GateWatch,
    LaneRecord,
    RegionWatch,
    RolloutRecord,
    Wish,
    Withdrawal,
)
from control_plane.activities.ports import Changes, Fleet, Gates, Journal, WishRefusedError
from control_plane.activities.waiting import until
from control_plane.domain.rollout_steps import RegionStatus


class RolloutActivities:
    """Everything that a rollout does in the world."""

    def __init__(self, fleet: Fleet, gates: Gates, journal: Journal, changes: Changes) -> None:
        """Take the registry through four ports."""
        self._fleet = fleet
        self._gates = gates
        self._journal = journal
        self._changes = changes

    @activity.defn(name="rollout.wish")
    async def wish(self, wish: Wish) -> int:
        """Set a region's desired state; idempotent."""
        try:
            return await self._fleet.wish(wish)
        except WishRefusedError as error:
            raise ApplicationError(str(error), error.code, type=REFUSED, non_retryable=True) from error

    @activity.defn(name="rollout.withdraw")
    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Take a wish back that was not fulfilled."""
        await self._fleet.withdraw(withdrawal)

    @activity.defn(name="rollout.watch_region")
    async def watch_region(self, watch: RegionWatch) -> RegionStatus:
        """Long poll: the region's status as soon as it differs from what the workflow knows."""
        return await until(
            lambda: self._fleet.status(watch.region, watch.manifest),
            lambda status: status != watch.known,
            watch.seconds,
            self._changes,
        )

    @activity.defn(name="rollout.ask_gate")
    async def ask_gate(self, ask: GateAsk) -> None:
        """Put a gate to a region; idempotent by the gate's id."""
        await self._gates.ask(ask)

    @activity.defn(name="rollout.watch_gate")
    async def watch_gate(self, watch: GateWatch) -> GateAnswer:
        """Long poll: the verdict, empty when none came in time."""
        return await until(
            lambda: self._gates.answer(watch.gate),
            lambda answer: bool(answer.verdict),
            watch.seconds,
            self._changes,
        )

    @activity.defn(name="rollout.record_lane")
    async def record_lane(self, record: LaneRecord) -> None:
        """Bring the read model of one lane up to date."""
        await self._journal.lane(record)

    @activity.defn(name="rollout.record_rollout")
    async def record_rollout(self, record: RolloutRecord) -> None:
        """Bring the read model of the rollout up to date."""
        await self._journal.rollout(record)
