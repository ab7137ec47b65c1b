"""The session over real mTLS: what a region hears, what it may say, and who holds the link."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import cast

import grpc
import pytest
from sqlalchemy import text

from bailiwick.agent.v1 import agent_pb2 as pb
from control_plane.domain.fleet import EvidenceRequest, Gate
from tests.fixtures.centre import OPERATOR, Conversation, RegionEnd, RunningCentre, running

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


async def desire(centre: RunningCentre, end: RegionEnd, manifest: bytes, rollout: str) -> None:
    async with centre.services.registry.begin() as tx:
        await tx.fleet.desire(end.region, manifest, rollback=False, rollout=rollout, at=NOW)


async def state(centre: RunningCentre, end: RegionEnd) -> str:
    return (await centre.services.regions.show(end.region)).state


async def test_a_link_comes_up_echoes_and_goes_down(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    assert await state(centre, end) == "disconnected"
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await talk.say(heartbeat=pb.Heartbeat(sequence=7))
        echo = await talk.hear("echo")
        assert echo.sequence == 7
        assert await state(centre, end) == "connected"
        await talk.call.done_writing()
        assert await talk.end() is grpc.StatusCode.OK
    assert await state(centre, end) == "disconnected"
    events = [event.kind for event in await centre.services.regions.events(end.region)]
    assert events == ["disconnected", "connected"]


async def test_what_changes_at_the_centre_is_told_within_a_second(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await desire(centre, end, b"\1" * 32, "42")
        desired = await talk.hear("desired", 2)
        assert (desired.generation, desired.manifest) == (1, b"\1" * 32)
        gate = Gate(os.urandom(16), end.region, b"\1" * 32, 60, 5, 20, datetime.now(UTC))
        async with centre.services.registry.begin() as tx:
            await tx.gates.ask(gate)
        asked = await talk.hear("gate", 2)
        assert asked.gate_id == gate.id
        await talk.say(gate=pb.GateVerdict(gate_id=gate.id, verdict=pb.VERDICT_PASS, reason=pb.REASON_CODE_GATE_OK))
        await desire(centre, end, b"", "42#2")
        withdrawn = await talk.hear("desired", 2)
        assert (withdrawn.generation, withdrawn.manifest) == (2, b"")
        async with centre.services.registry.begin() as tx:
            answered = await tx.gates.get(gate.id)
        assert answered is not None
        assert (answered.verdict, answered.reason) == ("pass", "GATE-OK")


async def test_a_returning_region_is_told_everything_again(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    await desire(centre, end, b"\2" * 32, "1")
    for _ in range(2):
        async with end.agents_port() as port:
            desired = await Conversation(port).hear("desired")
            assert (desired.generation, desired.manifest) == (1, b"\2" * 32)


async def test_the_newest_session_wins(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as one, end.agents_port() as two:
        first = Conversation(one)
        await first.hear("offers")
        second = Conversation(two)
        await second.hear("offers")
        assert await first.end() is grpc.StatusCode.OK
        await second.say(heartbeat=pb.Heartbeat(sequence=1))
        await second.hear("echo")
        assert await state(centre, end) == "connected"


async def test_a_newer_session_elsewhere_ends_this_one(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await centre.services.fleet.open(end.region, "a-session-of-another-process")
        assert await talk.end() is grpc.StatusCode.OK
        assert await state(centre, end) == "connected"


async def test_observed_and_evidence_states_are_kept(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    request = EvidenceRequest(
        os.urandom(16), end.region, 0, 0, "age1example", OPERATOR, NOW, datetime.now(UTC) + timedelta(hours=1)
    )
    async with centre.services.registry.begin() as tx:
        await tx.evidence.add(request)
    async with end.agents_port() as port:
        talk = Conversation(port)
        asked = await talk.hear("evidence")
        assert [item.request_id for item in asked.requests] == [request.id]
        seen = pb.Observed(
            generation=3,
            manifest=b"\3" * 32,
            version=9,
            state=pb.REGION_STATE_AWAITING_CONSENT,
            healthy=True,
            engines=[pb.Engine(model="tiny-chat", state=pb.ENGINE_STATE_READY)],
        )
        await talk.say(observed=seen)
        built = pb.EvidenceState(
            request_id=request.id, phase=pb.EVIDENCE_PHASE_BUILT, bundle=b"\4" * 32, first=0, next=256
        )
        await talk.say(evidence=built)
        await talk.say(evidence=pb.EvidenceState(request_id=request.id, phase=pb.EVIDENCE_PHASE_GRANTED))
        await talk.say(heartbeat=pb.Heartbeat(sequence=1))
        await talk.hear("echo")
    view = await centre.services.regions.show(end.region)
    assert view.seen is not None
    assert (view.seen.version, view.seen.state, view.seen.engines[0].state) == (9, "awaiting-consent", "ready")
    async with centre.services.registry.begin() as tx:
        kept = await tx.evidence.get(request.id)
    assert kept is not None
    assert (kept.phase, kept.bundle, kept.built_next) == ("built", b"\4" * 32, 256)
    left = {region.region: region for region in await centre.services.left.read()}
    kinds = {count.kind: count.count for count in left[end.region].received}
    assert kinds["observed"] == 1
    assert kinds["evidence-state"] == 2


PLANTED = "erika.mustermann@example.org"


@pytest.mark.parametrize(
    "body",
    [
        {"observed": pb.Observed(engines=[pb.Engine(model=PLANTED, state=pb.ENGINE_STATE_READY)])},
        {"observed": pb.Observed(manifest=PLANTED.encode())},
        {"observed": pb.Observed(state=cast("pb.RegionState.ValueType", 99))},
        {"evidence": pb.EvidenceState(request_id=b"\1" * 16, phase=pb.EVIDENCE_PHASE_GRANTED, bundle=PLANTED.encode())},
        {},
    ],
)
async def test_what_does_not_keep_to_its_annotations_ends_the_session(
    centre: RunningCentre, body: dict[str, object]
) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await talk.say(**body)
        assert await talk.end() is grpc.StatusCode.INVALID_ARGUMENT
    await nothing_planted(centre)


async def test_what_this_centre_does_not_know_is_passed_over_and_the_link_stays(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    consent = pb.ReleaseState(
        manifest=b"\1" * 32, phase=pb.RELEASE_PHASE_CONSENTED, statement=b"erika.mustermann@example.org"
    )
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await talk.say(release_state=consent)
        await talk.say(gate=pb.GateVerdict(gate_id=b"erika.mustermann", verdict=pb.VERDICT_PASS))
        await talk.say(evidence=pb.EvidenceState(request_id=b"erika.mustermann", phase=pb.EVIDENCE_PHASE_GRANTED))
        await talk.say(heartbeat=pb.Heartbeat(sequence=9))
        assert (await talk.hear("echo")).sequence == 9
    await nothing_planted(centre)


async def nothing_planted(centre: RunningCentre) -> None:
    """Search every row of every table for the planted name."""
    async with centre.engine.connect() as connection:
        tables = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for (table,) in tables.all():
            row = f"SELECT count(*) FROM {table} t"  # noqa: S608 - names come from the catalogue
            found = f"{row} WHERE t::text LIKE '%mustermann%' OR t::text LIKE '%6d75737465726d616e6e%'"
            assert (await connection.execute(text(found))).scalar() == 0, table


async def test_regions_are_back_after_a_restart_of_the_api(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        centre.stop.set()
        assert await talk.end() in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    await asyncio.sleep(0.5)
    async with running(centre.settings), end.agents_port() as port:
        await Conversation(port).hear("offers")
