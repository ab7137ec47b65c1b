"""The port `Orchestrator` over Temporal: starts workflows once and gives orders as Updates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    RPCError,
    RPCStatusCode,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from control_plane.domain.rollouts import Mode, Plan
from control_plane.services.rollout_ports import EngineUnreachableError, OrderRefusedError, RolloutOrder
from control_plane.workflows.catalogue import TASK_QUEUE
from control_plane.workflows.evidence_request import EvidenceRequest
from control_plane.workflows.global_rollout import GlobalRollout
from control_plane.workflows.messages import EvidenceInput, OnboardingInput, Order
from control_plane.workflows.region_onboarding import RegionOnboarding

T = TypeVar("T")
PATIENCE = timedelta(seconds=30)


class TemporalOrchestrator:
    """Connects on first use, so that the console starts and shows pages while Temporal is away."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], task_queue: str = TASK_QUEUE) -> None:
        """`connect` opens a client; it is called again after a failure."""
        self._connect = connect
        self._queue = task_queue
        self._client: Client | None = None

    async def start_rollout(self, plan: Plan) -> None:
        """Begin, once per rollout and direction."""
        suffix = "-rollback" if plan.mode is Mode.ROLLBACK else ""
        summary = f"release {plan.version}, {plan.mode.value}"
        await self._start(GlobalRollout.run, plan, f"{plan.workflow}{suffix}", summary)

    async def start_onboarding(self, region: str, jurisdiction: str) -> None:
        """Begin, once per enrolment that is open."""
        client = await self._open()
        try:
            await self._asked(
                client.start_workflow(
                    RegionOnboarding.run,
                    OnboardingInput(region, jurisdiction),
                    id=f"onboarding-{region}",
                    task_queue=self._queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    static_summary=f"{region} ({jurisdiction})",
                    rpc_timeout=PATIENCE,
                )
            )
        except WorkflowAlreadyStartedError:
            return

    async def start_evidence(self, request: str, region: str, expires: str) -> None:
        """Begin, once per request."""
        await self._start(EvidenceRequest.run, EvidenceInput(request, region, expires), f"evidence-{request}", region)

    async def order(self, order: RolloutOrder) -> None:
        """Give an order to the whole rollout, whichever direction is under way."""
        given = Order(order.actor, order.reason, order.bake_seconds)
        for suffix in ("", "-rollback"):
            if await self._update(f"{order.workflow}{suffix}", order.verb, given):
                return
        raise OrderRefusedError("the rollout is over", "see `bailiwick rollout status`")

    async def approve_lane(self, order: RolloutOrder) -> None:
        """Approve one region."""
        if not await self._update(f"{order.workflow}-{order.region}", "approve", Order(order.actor, order.reason)):
            raise OrderRefusedError(f"{order.region} does not wait for approval", "see `bailiwick rollout status`")

    async def decide_enrolment(self, region: str, jurisdiction: str, actor: str, *, approved: bool) -> None:
        """Approve or refuse; the workflow is begun if nobody has yet."""
        await self.start_onboarding(region, jurisdiction)
        if not await self._update(f"onboarding-{region}", "approve" if approved else "refuse", Order(actor)):
            raise OrderRefusedError(f"{region} does not wait for approval", "see `bailiwick region list`")

    async def _start(self, run: Any, argument: object, workflow_id: str, summary: str) -> None:  # noqa: ANN401 - a run method
        client = await self._open()
        try:
            await self._asked(
                client.start_workflow(
                    run,
                    argument,
                    id=workflow_id,
                    task_queue=self._queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=summary,
                    rpc_timeout=PATIENCE,
                )
            )
        except WorkflowAlreadyStartedError:
            return

    async def _update(self, workflow_id: str, name: str, order: Order) -> bool:
        """Give an update; false when the workflow is not running."""
        client = await self._open()
        handle = client.get_workflow_handle(workflow_id)
        try:
            await self._asked(handle.execute_update(name, order, rpc_timeout=PATIENCE))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise EngineUnreachableError(str(error)) from error
        return True

    async def _asked(self, question: Awaitable[T]) -> T:
        try:
            return await question
        except WorkflowUpdateFailedError as error:
            raise _refusal(error) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise EngineUnreachableError("no worker took the order in time") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise
            self._client = None
            raise EngineUnreachableError(str(error)) from error

    async def _open(self) -> Client:
        if self._client is None:
            try:
                self._client = await self._connect()
            except (RuntimeError, RPCError, OSError) as error:
                raise EngineUnreachableError(str(error)) from error
        return self._client


def _refusal(error: WorkflowUpdateFailedError) -> OrderRefusedError:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        fix = str(cause.details[0]) if cause.details else ""
        return OrderRefusedError(cause.message, fix)
    return OrderRefusedError("the order was not carried out", "see `bailiwick rollout status`")
