"""Records the histories that `test_replay.py` replays: `python -m tests.replay.record`.

Run it when a workflow is *added*. A change that makes a recorded history fail to replay must be patched
(`workflow.patched`) instead: histories of released workflows are never recorded anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from control_plane.activities.messages import EvidenceAnswer
from control_plane.workflows.evidence_request import EvidenceRequest
from control_plane.workflows.global_rollout import GlobalRollout
from control_plane.workflows.messages import EvidenceInput, OnboardingInput, Order
from control_plane.workflows.region_onboarding import RegionOnboarding
from control_plane.workflows.region_rollout import RegionRollout
from tests.fakes.federation import FakeFederation
from tests.fixtures.temporal import temporal_binary
from tests.integration.rollout.conftest import Stage, eventually, running

HISTORIES = Path(__file__).parent / "histories"
WAVES = (("in-mh",), ("eu-de",))


async def approved(stage: Stage) -> list[str]:
    """Canary, a pause by hand, an approval, the rest."""
    plan = stage.plan(*WAVES, rollout="approved")
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "awaiting-approval")
    await rollout.execute_update(GlobalRollout.pause, Order("jonas", "freeze"))
    await rollout.execute_update(GlobalRollout.resume, Order("jonas"))
    await stage.lane(plan, "eu-de").execute_update(RegionRollout.approve, Order("jonas"))
    await rollout.result()
    return ["rollout-approved", "rollout-approved-wave-1", "rollout-approved-in-mh", "rollout-approved-eu-de"]


async def troubled(stage: Stage) -> list[str]:
    """An inconclusive gate, a region that is away and returns, a veto."""
    stage.federation.regions["in-mh"].verdicts = [("inconclusive", "GATE-TOO-LITTLE-DATA"), ("pass", "GATE-OK")]
    stage.federation.regions["eu-de"].connected = False
    stage.federation.regions["br-sp"].consent = "refuse"
    plan = stage.plan(("in-mh", "eu-de"), ("br-sp",), rollout="troubled", approvals=False)
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "paused")
    await rollout.execute_update(GlobalRollout.resume, Order("jonas", "quiet hour", 1))
    await eventually(lambda: stage.phase(plan, "br-sp") == "vetoed")
    stage.federation.regions["eu-de"].connected = True
    await rollout.result()
    return [f"rollout-troubled{part}" for part in ("", "-wave-1", "-in-mh", "-eu-de", "-br-sp")]


async def aborted(stage: Stage) -> list[str]:
    """An abort while a region waits for its officers, after another has moved."""
    stage.federation.regions["eu-de"].consent = "wait"
    plan = stage.plan(("in-mh", "eu-de"), rollout="aborted")
    rollout = await stage.start(plan)
    await eventually(lambda: stage.phase(plan, "in-mh") == "converged")
    await eventually(lambda: stage.phase(plan, "eu-de") == "awaiting-consent")
    await rollout.execute_update(GlobalRollout.abort, Order("jonas", "no longer wanted"))
    await rollout.result()
    return ["rollout-aborted", "rollout-aborted-wave-1", "rollout-aborted-eu-de"]


async def rolled_back(stage: Stage) -> list[str]:
    """A rollback in the middle."""
    plan = stage.plan(*WAVES, rollout="rolled-back")
    rollout = await stage.start(plan)
    await eventually(lambda: stage.state(plan) == "awaiting-approval")
    await rollout.execute_update(GlobalRollout.rollback, Order("jonas", "complaints"))
    await rollout.result()
    return ["rollout-rolled-back", "rollout-rolled-back-wave-3-back", "rollout-rolled-back-in-mh-back"]


async def onboarded(stage: Stage) -> list[str]:
    """An enrolment that is approved and connects."""
    handle = await stage.client.start_workflow(
        RegionOnboarding.run, OnboardingInput("in-mh", "IN"), id="onboarding-in-mh", task_queue=stage.queue
    )
    await handle.execute_update(RegionOnboarding.approve, Order("jonas"))
    await handle.result()
    return ["onboarding-in-mh"]


async def evidenced(stage: Stage) -> list[str]:
    """A request that is granted, built and downloaded; and one that nobody answers."""
    stage.federation.evidence |= {"a" * 32: EvidenceAnswer("requested"), "b" * 32: EvidenceAnswer("requested")}
    names = []
    for request, life in (("a" * 32, 600), ("b" * 32, 2)):
        expires = (datetime.now(UTC) + timedelta(seconds=life)).isoformat()
        names.append(f"evidence-{request[0]}")
        await stage.client.start_workflow(
            EvidenceRequest.run, EvidenceInput(request, "in-mh", expires), id=names[-1], task_queue=stage.queue
        )
    for phase in ("received", "granted", "built", "downloaded"):
        await asyncio.sleep(0.3)
        stage.federation.evidence["a" * 32] = EvidenceAnswer(phase, "sha256:" + "c" * 64 if phase != "granted" else "")
    for name in names:
        await stage.client.get_workflow_handle(name).result()
    return names


SCENES: tuple[Callable[[Stage], Awaitable[list[str]]], ...] = (
    approved,
    troubled,
    aborted,
    rolled_back,
    onboarded,
    evidenced,
)


async def record(client: Client) -> int:
    """Play each scene and keep its histories; returns how many."""
    HISTORIES.mkdir(exist_ok=True)
    count = 0
    for scene in SCENES:
        stage = Stage(client, FakeFederation("in-mh", "eu-de", "br-sp"))
        async with running(stage):
            for name in await scene(stage):
                history = await client.get_workflow_handle(name).fetch_history()
                document = json.loads(history.to_json(), object_hook=_anonymous)
                (HISTORIES / f"{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
                count += 1
    return count


def _anonymous(fields: dict[str, object]) -> dict[str, object]:
    """Without the name of the machine that recorded."""
    plain = {name: "recorder" if name == "identity" else value for name, value in fields.items()}
    if "@" in str(plain.get("name", "")):  # a worker's own task queue is named after its machine
        plain["name"] = "recorder"
    return plain


async def main() -> None:
    """Record everything on a server of its own."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary(), dev_server_log_level="error"
    )
    try:
        sys.stdout.write(f"recorded {await record(environment.client)} histories\n")
    finally:
        await environment.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
