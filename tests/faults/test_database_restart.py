"""PostgreSQL stopped and started again under a gateway with a request under way: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from data_plane.database.migrate import upgrade
from tests.fakes.centre import FakeCentre
from tests.fakes.vllm.server import FakeEngine
from tests.faults.conftest import whole
from tests.fixtures.agent import until
from tests.fixtures.gateway import TAGS, policy_set
from tests.fixtures.postgres import PostgresServer
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]


async def test_a_stop_and_a_start_of_postgresql(
    private_postgres: PostgresServer, tmp_path: Path, engine: FakeEngine, centre: FakeCentre
) -> None:
    database = private_postgres.create_database("region")
    await asyncio.to_thread(upgrade, database.dsn("bw_owner"))
    region = whole(tmp_path / "eu-de", database, engine, centre.agents, centre.enrolment)
    gateway = region.gateway
    await gateway.activate()
    _, token = await gateway.key()
    gateway.gateway = {"stall_seconds": 120.0}
    async with gateway.process():
        await gateway.ready()
        engine.let_go.clear()
        under_way = asyncio.create_task(region.ask(token, "anna"))
        await until(lambda: len(engine.served) == 1)
        await asyncio.to_thread(private_postgres.stop)
        assert await region.ask(token, "berta") == 503
        engine.let_go.set()
        assert len(engine.served) == 1
        await asyncio.to_thread(private_postgres.start)
        assert await under_way == 200
        await until(lambda: _status(region, token, 200))
        new, fresh = await gateway.key()
        await gateway.revoke(new)
        await until(lambda: _status(region, fresh, 401))
        await gateway.activate(policy_set(NOBODY), version=2)
        await until(lambda: _status(region, token, 403))
        admitted = await gateway.entries("admission")
        settled = await gateway.settled(len(admitted))
    numbers = [entry["number"] for entry in admitted]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sorted(entry["number"] for entry in settled) == numbers
    assert {entry["how"] for entry in settled} == {"reported"}
    assert len(engine.served) == len(settled)


NOBODY = f"""
@id("nobody") @owner("dpo") @basis("none") @advice("Wait.")
forbid(principal, action, resource) unless {{ context has team && context.team != Team::"{TAGS["team"][0]}" }};
"""


async def _status(region: WholeRegion, token: str, status: int) -> bool:
    return await region.ask(token, "clara") == status
