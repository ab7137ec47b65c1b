"""The centre when its database goes away, comes back, or is an older copy; and what it never does to a region."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from bailiwick.agent.v1 import agent_pb2 as pb
from bailiwick.agent.v1 import enrolment_pb2
from bailiwick.metrics.v1 import metrics_pb2
from bailiwick.privacy.v1 import privacy_pb2
from bailiwick.witness.v1 import witness_pb2
from control_plane.settings import CentreSettings
from tests.fixtures.centre import Conversation, RegionEnd, centre_settings, running, set_up
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.reports import report

pytestmark = [pytest.mark.integration, pytest.mark.faults]


async def test_a_database_that_goes_away_is_waited_for(private_postgres: PostgresServer, tmp_path: Path) -> None:
    settings = centre_settings(tmp_path, private_postgres.create_database("centre"))
    await asyncio.to_thread(set_up, settings)
    async with running(settings) as centre:
        end = await centre.join("eu-de")
        private_postgres.stop()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async with end.agents_port() as port:
                await port.witness.State(witness_pb2.StateRequest())
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        private_postgres.start()
        async with asyncio.timeout(20), end.agents_port() as port:
            assert (await port.witness.State(witness_pb2.StateRequest())).size == 0
            await Conversation(port).hear("offers")


async def test_an_older_copy_forgets_and_the_regions_do_not(private_postgres: PostgresServer, tmp_path: Path) -> None:
    settings = centre_settings(tmp_path, private_postgres.create_database("centre"))
    await asyncio.to_thread(set_up, settings)
    async with running(settings) as centre:
        end = await centre.join("eu-de")
        async with end.agents_port() as port:
            for sequence in (1, 2):
                await port.reports.Submit(end.sign_report(report("eu-de", sequence)))
    private_postgres.stop()
    private_postgres.copy_to(tmp_path / "older")
    private_postgres.start()
    async with running(settings), end.agents_port() as port:
        await port.reports.Submit(end.sign_report(report("eu-de", 3)))
    assert (await _renewed_elsewhere(settings, end)).state == enrolment_pb2.ENROLMENT_STATE_ISSUED
    private_postgres.stop()
    private_postgres.restore_from(tmp_path / "older")
    private_postgres.start()
    async with running(settings) as centre:
        # It does not know the newest certificate: refused, until the enrolment key proves who asks.
        async with end.agents_port() as port:
            assert await Conversation(port).end() is grpc.StatusCode.UNAUTHENTICATED
        assert (await end.renew()).state == enrolment_pb2.ENROLMENT_STATE_ISSUED
        async with end.agents_port() as port:
            # It has forgotten report 3, says so, and takes it again with the same bytes.
            answer = await port.reports.Submit(end.sign_report(report("eu-de", 4)))
            assert (answer.status, answer.next_sequence) == (metrics_pb2.SUBMIT_STATUS_GAP, 3)
            for sequence in (3, 4):
                answer = await port.reports.Submit(end.sign_report(report("eu-de", sequence)))
                assert answer.status == metrics_pb2.SUBMIT_STATUS_ACCEPTED
            # It tells the region nothing that would undo what runs there.
            talk = Conversation(port)
            assert list((await talk.hear("offers")).manifests) == []
            await talk.say(heartbeat=pb.Heartbeat(sequence=1))
            await talk.hear("echo")
        assert await centre.services.journal.check() > 0
    shutil.rmtree(tmp_path / "older")


async def _renewed_elsewhere(settings: CentreSettings, end: RegionEnd) -> enrolment_pb2.RenewResponse:
    async with running(settings):
        return await end.renew()


def test_no_message_of_the_centre_could_reach_into_a_region() -> None:
    """What the centre can say: an echo, a release's digest, a question, a request. No command, no address, no text."""
    said = {field.name for field in pb.SessionResponse.DESCRIPTOR.oneofs_by_name["body"].fields}
    assert said == {"echo", "desired", "offers", "gate", "evidence"}
    texts: list[str] = []
    for field in pb.SessionResponse.DESCRIPTOR.fields:
        assert field.message_type is not None
        for inner in field.message_type.fields:
            nested: Any = inner.message_type.fields if inner.message_type is not None else [inner]
            texts.extend(leaf.full_name for leaf in nested if leaf.type == leaf.TYPE_STRING)
            for leaf in nested:
                rule = leaf.GetOptions().Extensions[privacy_pb2.rule]
                assert getattr(rule, "class") != privacy_pb2.FIELD_CLASS_UNSPECIFIED, leaf.full_name
    assert texts == ["bailiwick.agent.v1.EvidenceRequest.recipient"]
