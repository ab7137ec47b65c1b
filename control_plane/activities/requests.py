"""Activities of evidence requests and enrolments."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from control_plane.activities.messages import REFUSED, EnrolmentDecision, EvidenceAnswer, EvidenceWatch, LinkWatch
from control_plane.activities.ports import Changes, Enrolments, EvidenceDesk, WishRefusedError
from control_plane.activities.waiting import until


class EvidenceActivities:
    """What an evidence request does in the world. The region does the rest."""

    def __init__(self, desk: EvidenceDesk, changes: Changes) -> None:
        """Take the registry through two ports."""
        self._desk = desk
        self._changes = changes

    @activity.defn(name="evidence.watch")
    async def watch(self, watch: EvidenceWatch) -> EvidenceAnswer:
        """Long poll: the phase as soon as it differs from what the workflow knows."""
        return await until(
            lambda: self._desk.answer(watch.request),
            lambda answer: answer.phase != watch.known,
            watch.seconds,
            self._changes,
        )

    @activity.defn(name="evidence.expire")
    async def expire(self, request: str) -> None:
        """Let a request lapse."""
        await self._desk.expire(request)


class OnboardingActivities:
    """What an enrolment does in the world."""

    def __init__(self, enrolments: Enrolments, changes: Changes) -> None:
        """Take the registry through two ports."""
        self._enrolments = enrolments
        self._changes = changes

    @activity.defn(name="onboarding.decide")
    async def decide(self, decision: EnrolmentDecision) -> None:
        """Record what central operations decided."""
        try:
            await self._enrolments.decide(decision)
        except WishRefusedError as error:
            raise ApplicationError(str(error), error.code, type=REFUSED, non_retryable=True) from error

    @activity.defn(name="onboarding.watch_link")
    async def watch_link(self, watch: LinkWatch) -> bool:
        """Long poll: whether the region is connected."""
        return await until(
            lambda: self._enrolments.connected(watch.region), lambda linked: linked, watch.seconds, self._changes
        )
