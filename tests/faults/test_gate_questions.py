"""Gates compare with numbers of the centre's choosing: they must not become a way to count people's requests."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from bailiwick.agent.v1 import agent_pb2
from data_plane.agent.gate import MOST_QUESTIONS, Gates, Question
from tests.fixtures.agent import AgentRegion, settlement, utc
from tests.fixtures.gateway import MANIFEST
from tests.fixtures.postgres import Database
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
PASS, INCONCLUSIVE, FAIL = agent_pb2.VERDICT_PASS, agent_pb2.VERDICT_INCONCLUSIVE, agent_pb2.VERDICT_FAIL


def question(least: int, permille: int = 1000, window: int = 600) -> Question:
    return Question(bytes(16), MANIFEST, timedelta(seconds=window), least, permille)


@pytest.fixture
async def pool(region: WholeRegion, region_database: Database):
    """A region that serves a release since a while."""
    await region.agent.fetch(
        "INSERT INTO active_release (id, manifest, version, config, policy, generation, applied_at)"
        " VALUES (1, $1, 1, $1, $1, 1, now() - interval '1 hour')",
        MANIFEST,
    )
    await region.agent.fetch(
        "INSERT INTO worker (id, pid, started, seen, manifest, config, policy, state)"
        " VALUES ('w', 1, now(), now(), $1, $1, $1, 'serving')",
        MANIFEST,
    )
    async with asyncpg.create_pool(region_database.dsn("bw_agent"), min_size=1, max_size=2) as pool:
        yield pool


async def requests(region: AgentRegion, people: int, each: int = 3, **changes) -> None:
    await region.put(*(settlement(n, f"{n % people:032x}", **changes) for n in range(people * each)))


async def test_what_few_people_did_counts_as_nothing(pool, region: WholeRegion) -> None:
    await requests(region.agent, 9, finish="error")
    gates = Gates(pool, utc, 10)
    assert (await gates.answer(question(1))).verdict == INCONCLUSIVE
    assert (await gates.answer(question(0, permille=0))).verdict == PASS
    await requests(region.agent, 10, finish="error")
    assert (await gates.answer(question(1))).verdict == PASS
    assert (await gates.answer(question(0, permille=0))).verdict == FAIL


async def test_service_keys_are_no_people(pool, region: WholeRegion) -> None:
    await requests(region.agent, 1, 12, service=True)
    assert (await Gates(pool, utc, 10).answer(question(12))).verdict == PASS


async def test_thresholds_cannot_be_searched(pool, region: WholeRegion) -> None:
    await requests(region.agent, 12)
    gates = Gates(pool, utc, 10)
    searched = [(await gates.answer(question(least))).verdict for least in range(30, 42)]
    assert searched == [PASS] * MOST_QUESTIONS + [INCONCLUSIVE] * (12 - MOST_QUESTIONS)
    windows = [(await gates.answer(question(30, window=seconds))).verdict for seconds in (1, 60, 3000)]
    assert windows == [INCONCLUSIVE] * 3
    assert (await gates.answer(question(30))).verdict == PASS  # the same question may be asked again
