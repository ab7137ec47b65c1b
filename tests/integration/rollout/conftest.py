"""A worker over a federation in memory, on a real Temporal server."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest_asyncio
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from control_plane.activities.requests import EvidenceActivities, OnboardingActivities
from control_plane.activities.rollouts import RolloutActivities
from control_plane.domain.rollouts import Gate, Plan
from control_plane.workflows.catalogue import WORKFLOWS
from control_plane.workflows.global_rollout import GlobalRollout
from tests.fakes.federation import FakeEvidenceDesk, FakeFederation
from tests.fixtures.temporal import temporal

__all__ = ["temporal"]

NEW = "sha256:" + "a" * 64
OLD = "sha256:" + "0" * 64


class Stage:
    """One test's federation, task queue and client."""

    def __init__(self, client: Client, federation: FakeFederation) -> None:
        self.client = client
        self.federation = federation
        self.queue = f"test-{uuid.uuid4().hex}"

    def plan(self, *waves: tuple[str, ...], **changes: Any) -> Plan:
        plan = Plan(
            rollout=uuid.uuid4().hex[:8],
            version=2,
            manifest=NEW,
            fallback=OLD,
            publisher="amara",
            started_by="amara",
            waves=waves,
            gate=Gate(bake_seconds=1),
            away_seconds=2,
        )
        return replace(plan, **changes)

    def worker(self) -> Worker:
        rollouts = RolloutActivities(self.federation, self.federation, self.federation, self.federation)
        evidence = EvidenceActivities(FakeEvidenceDesk(self.federation.evidence), self.federation)
        onboarding = OnboardingActivities(self.federation, self.federation)
        return Worker(
            self.client,
            task_queue=self.queue,
            build_id="test",
            workflows=list(WORKFLOWS),
            activities=[
                rollouts.wish,
                rollouts.withdraw,
                rollouts.watch_region,
                rollouts.ask_gate,
                rollouts.watch_gate,
                rollouts.record_lane,
                rollouts.record_rollout,
                evidence.watch,
                evidence.expire,
                onboarding.decide,
                onboarding.watch_link,
            ],
        )

    async def start(self, plan: Plan) -> WorkflowHandle[Any, str]:
        return await self.client.start_workflow(
            GlobalRollout.run, plan, id=f"rollout-{plan.rollout}", task_queue=self.queue
        )

    def lane(self, plan: Plan, region: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"rollout-{plan.rollout}-{region}")

    def phase(self, plan: Plan, region: str) -> str:
        view = self.federation.lane_of(plan.rollout, region)
        return view.phase.value if view else ""

    def state(self, plan: Plan) -> str:
        progress = self.federation.rollouts.get(plan.rollout)
        return progress.state.value if progress else ""


async def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for a condition of the world."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    """A worker for the time of the block."""
    async with stage.worker():
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def stage(temporal: WorkflowEnvironment) -> AsyncIterator[Stage]:
    """Two regions and a worker."""
    stage = Stage(temporal.client, FakeFederation("in-mh", "eu-de"))
    async with running(stage):
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def idle_stage(temporal: WorkflowEnvironment) -> Stage:
    """Two regions; the test starts and kills workers itself."""
    return Stage(temporal.client, FakeFederation("in-mh", "eu-de"))
