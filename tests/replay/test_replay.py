"""Every recorded history replays: a change that would break a running workflow fails here, without a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from control_plane.workflows.catalogue import WORKFLOWS

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_recorded_history_replays(path: Path) -> None:
    history = WorkflowHistory.from_json(path.stem, await asyncio.to_thread(path.read_text))
    await Replayer(workflows=list(WORKFLOWS), build_id="replay").replay_workflow(history)


def test_each_workflow_has_a_history() -> None:
    types = set()
    for path in HISTORIES:
        started = WorkflowHistory.from_json(path.stem, path.read_text()).events[0]
        types.add(started.workflow_execution_started_event_attributes.workflow_type.name)
    assert types == {"GlobalRollout", "WaveRollout", "RegionRollout", "RegionOnboarding", "EvidenceRequest"}


def test_payloads_carry_digests_and_no_documents() -> None:
    for path in HISTORIES:
        for event in WorkflowHistory.from_json(path.stem, path.read_text()).events:
            assert event.ByteSize() < 4096, (path.stem, event.event_id)
