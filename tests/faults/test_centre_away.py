"""The real centre stops; the region serves and reports on; the centre comes back, and has everything exactly once."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bailiwick.metrics.v1 import metrics_pb2
from control_plane.domain.spend import SpendQuery
from control_plane.domain.words import region_id
from control_plane.settings import CentreSettings
from tests.fakes.vllm.server import FakeEngine
from tests.faults.conftest import whole
from tests.fixtures.agent import until
from tests.fixtures.centre import CentreTemplate, RegionEnd, RunningCentre, centre_settings, running
from tests.fixtures.postgres import Database
from tests.fixtures.reports import cell, report
from tests.fixtures.whole_region import WholeRegion
from tests.integration.link.test_federation import join, publish, wish

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(180)]
EU = region_id("eu-de")


@pytest.fixture
def settings(tmp_path: Path, centre_template: CentreTemplate, centre_database: Database) -> CentreSettings:
    """A centre that is set up and not running."""
    shutil.copytree(centre_template.home, tmp_path, dirs_exist_ok=True)
    return centre_settings(tmp_path, centre_database, vocabulary={"team": ["payments", "care", "lab"]})


async def crowd(region: WholeRegion, token: str) -> None:
    """A dozen people, two requests each."""
    statuses = await asyncio.gather(*(region.ask(token, f"person-{n % 12}") for n in range(24)))
    assert statuses == [200] * 24


async def reports_made(region: WholeRegion, more: int) -> None:
    """Until that many reports more were made."""
    before = int(await region.agent.value("SELECT coalesce(max(sequence), 0) FROM report"))

    async def made() -> bool:
        return int(await region.agent.value("SELECT coalesce(max(sequence), 0) FROM report")) >= before + more

    await until(made, seconds=30)


async def test_reports_queue_and_arrive_exactly_once_while_the_region_serves_on(
    settings: CentreSettings, tmp_path: Path, region_database: Database, engine: FakeEngine
) -> None:
    region = whole(tmp_path / "eu-de", region_database, engine, settings.agents.address, settings.enrolment.address)
    agent = region.agent
    async with AsyncExitStack() as stack:
        for part in (agent.sealing(), region.gateway.running(), agent.running()):
            await stack.enter_async_context(part)
        async with running(settings) as centre:
            await join(centre, agent)
            _, manifest = await publish(centre)
            await until(lambda: agent.offer_state(manifest))
            await agent.state(manifest)
            await wish(centre, manifest)
            await region.gateway.ready()
            _, token = await region.gateway.key()
            await crowd(region, token)
            await until(lambda: _sum(centre))
        for _ in range(3):
            await crowd(region, token)
            await reports_made(region, 1)
        waiting = await agent.value("SELECT count(*) FROM report WHERE acked_at IS NULL")
        assert waiting >= 3
        async with running(settings) as centre:
            await crowd(region, token)
            await until(lambda: _all_arrived(centre, region), seconds=40)
            await exactly_once(centre, region)


async def exactly_once(centre: RunningCentre, region: WholeRegion) -> None:
    """What the centre added up, and what is carried, is what the ledger says: no more, no less."""
    kept = await centre.services.reports.recent(EU, 500)
    sequences = sorted(report.sequence for report in kept)
    assert sequences == list(range(1, len(kept) + 1))
    ours = {row["sequence"]: row for row in await region.agent.fetch("SELECT * FROM report WHERE acked_at IS NOT NULL")}
    first = cost = 0
    for sequence in sequences:
        body, _ = await centre.services.reports.body(EU, sequence)
        assert hashlib.sha256(body).digest() == ours[sequence]["digest"]
        message = metrics_pb2.Report.FromString(body)
        assert message.first_index == first
        first = message.next_index
        cost += sum(cell.cost_micro for cell in message.cells)
    assert await region.agent.fetch("SELECT idx FROM report_carry") == []
    recorded = await region.agent.value(
        "SELECT count(*) FROM ledger_entry WHERE kind = 'settlement' AND idx < $1", first
    )
    assert recorded == 5 * 24
    assert await _sum(centre) == cost == await _ledger(region)


async def _ledger(region: WholeRegion) -> int:
    return int(
        await region.agent.value(
            "SELECT sum((convert_from(body, 'UTF8')::jsonb ->> 'cost')::bigint) FROM ledger_entry"
            " WHERE kind = 'settlement'"
        )
    )


async def _sum(centre: RunningCentre) -> int:
    return sum(row.cost_micro for row in (await centre.services.spend.read(SpendQuery())).rows)


async def _all_arrived(centre: RunningCentre, region: WholeRegion) -> bool:
    return await _sum(centre) >= await _ledger(region)


async def test_a_word_that_is_not_registered_is_refused_over_the_wire(settings: CentreSettings) -> None:
    async with running(settings) as centre:
        end: RegionEnd = await centre.join("eu-de")
        async with end.agents_port() as port:
            for word, status in (("erika", "INVALID"), ("care", "ACCEPTED")):
                answer = await port.reports.Submit(end.sign_report(report("eu-de", 1, cells=[cell(team=word)])))
                assert metrics_pb2.SubmitStatus.Name(answer.status) == f"SUBMIT_STATUS_{status}"
        assert [kept.sequence for kept in await centre.services.reports.recent(EU)] == [1]
