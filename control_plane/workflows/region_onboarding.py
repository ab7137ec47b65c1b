"""An enrolment: the region has redeemed its invitation and waits for central operations' yes."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import EnrolmentDecision, LinkWatch
    from control_plane.workflows.calling import TroubleError, call, refuse, watch
    from control_plane.workflows.messages import OnboardingInput, OnboardingStatus, Order

WATCH_SECONDS = 1800


@workflow.defn(name="RegionOnboarding")
class RegionOnboarding:
    """Waits for a decision, records it, and ends when the approved region holds its link for the first time."""

    @workflow.init
    def __init__(self, enrolment: OnboardingInput) -> None:
        """Nobody has decided."""
        self._region = enrolment.region
        self._order: Order | None = None
        self._approved = False
        self._recorded = False
        self._state = "awaiting-approval"

    @workflow.run
    async def run(self, enrolment: OnboardingInput) -> OnboardingStatus:
        """Run to the first connection, or to a refusal."""
        while not self._recorded:
            await workflow.wait_condition(lambda: self._order is not None)
            await self._record(enrolment)
        while self._approved and not await watch(
            "onboarding.watch_link", LinkWatch(enrolment.region, WATCH_SECONDS), WATCH_SECONDS, bool
        ):
            if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                workflow.continue_as_new(enrolment)
        self._state = "connected" if self._approved else "refused"
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.status()

    async def _record(self, enrolment: OnboardingInput) -> None:
        order = self._order
        decision = EnrolmentDecision(enrolment.region, order.actor if order else "", self._approved)
        try:
            await call("onboarding.decide", decision)
        except TroubleError:
            self._order = None
            return
        self._recorded = True
        self._state = "approved" if self._approved else "refused"

    @workflow.update
    async def approve(self, order: Order) -> OnboardingStatus:
        """Let the region collect its certificate; returns when that is recorded."""
        return await self._decide(order, approved=True)

    @approve.validator
    def _may_approve(self, order: Order) -> None:
        self._check(order)

    @workflow.update
    async def refuse(self, order: Order) -> OnboardingStatus:
        """Turn the enrolment down."""
        return await self._decide(order, approved=False)

    @refuse.validator
    def _may_refuse(self, order: Order) -> None:
        self._check(order)

    @workflow.query
    def status(self) -> OnboardingStatus:
        """Where the enrolment stands."""
        return OnboardingStatus(self._state, self._order.actor if self._order else "")

    async def _decide(self, order: Order, *, approved: bool) -> OnboardingStatus:
        self._order, self._approved = order, approved
        await workflow.wait_condition(lambda: self._recorded or self._order is None)
        if not self._recorded:
            refuse(f"{self._region} does not wait for approval", "see `bailiwick region list`")
        return self.status()

    def _check(self, order: Order) -> None:
        if not order.actor:
            refuse("a decision needs a named person", "sign in, or use --as")
        if self._order is not None:
            refuse(f"{self._region} is decided already, by {self._order.actor}")
