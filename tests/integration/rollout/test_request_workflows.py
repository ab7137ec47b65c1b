"""Enrolments and evidence requests on a real Temporal server, over a federation in memory."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from control_plane.activities.messages import EvidenceAnswer
from control_plane.workflows.evidence_request import EvidenceRequest
from control_plane.workflows.messages import EvidenceInput, EvidenceStatus, OnboardingInput, OnboardingStatus, Order
from control_plane.workflows.region_onboarding import RegionOnboarding
from tests.integration.rollout.conftest import Stage

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


async def test_an_enrolment_waits_for_a_named_person_and_then_for_the_link(stage: Stage) -> None:
    stage.federation.regions["in-mh"].connected = False
    handle = await stage.client.start_workflow(
        RegionOnboarding.run, OnboardingInput("in-mh", "IN"), id=uuid.uuid4().hex, task_queue=stage.queue
    )
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update(RegionOnboarding.approve, Order(""))
    assert await handle.execute_update(RegionOnboarding.approve, Order("jonas")) == OnboardingStatus(
        "approved", "jonas"
    )
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update(RegionOnboarding.refuse, Order("amara"))
    assert [(one.region, one.actor, one.approved) for one in stage.federation.decisions] == [("in-mh", "jonas", True)]
    stage.federation.regions["in-mh"].connected = True
    assert await handle.result() == OnboardingStatus("connected", "jonas")


async def test_a_refused_enrolment_ends(stage: Stage) -> None:
    handle = await stage.client.start_workflow(
        RegionOnboarding.run, OnboardingInput("eu-de", "EU"), id=uuid.uuid4().hex, task_queue=stage.queue
    )
    await handle.execute_update(RegionOnboarding.refuse, Order("jonas"))
    assert await handle.result() == OnboardingStatus("refused", "jonas")


async def test_evidence_is_followed_to_its_download(stage: Stage) -> None:
    request, bundle = uuid.uuid4().hex, "sha256:" + "c" * 64
    stage.federation.evidence[request] = EvidenceAnswer("built", bundle)
    expires = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    handle = await stage.client.start_workflow(
        EvidenceRequest.run, EvidenceInput(request, "in-mh", expires), id=request, task_queue=stage.queue
    )
    stage.federation.evidence[request] = EvidenceAnswer("downloaded", bundle)
    assert await handle.result() == EvidenceStatus("downloaded", bundle)


async def test_evidence_that_nobody_grants_expires(stage: Stage) -> None:
    request = uuid.uuid4().hex
    stage.federation.evidence[request] = EvidenceAnswer("requested")
    expires = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    handle = await stage.client.start_workflow(
        EvidenceRequest.run, EvidenceInput(request, "in-mh", expires), id=request, task_queue=stage.queue
    )
    assert await handle.result() == EvidenceStatus("expired")
    assert stage.federation.evidence[request].phase == "expired"
