"""kill -9 at each step of a release: afterwards the release runs once, is recorded once, and nothing is half done."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bailiwick.contract.release import raw_digest
from tests.fakes.centre import FakeCentre
from tests.fixtures.agent import AgentRegion, Publisher, until
from tests.fixtures.gateway import NO_LAB, policy_set

pytestmark = [pytest.mark.integration, pytest.mark.faults]
FORWARD = ("fetched", "checked", "staged", "intended", "unwritten", "switched", "recorded")
BACK = ("condemned", "went-back")


@asynccontextmanager
async def process(region: AgentRegion, step: str):
    """The agent as a process that dies at `step`."""
    settings = region.home / "settings.json"
    settings.write_text(json.dumps(region.document()))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fixtures.agent_process", str(settings), step),
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def killed_then_run(centre, region: AgentRegion, manifest: str, step: str) -> None:
    """Starts the agent, which dies at `step`, and then again, until the release runs."""
    async with process(region, step) as child:
        assert await asyncio.wait_for(child.wait(), 40) == -signal.SIGKILL
    async with region.running():
        await until(lambda: _runs(region, manifest), seconds=30)
        await until(lambda: centre.region().newest("observed").manifest == raw_digest(manifest))


@pytest.mark.parametrize("step", FORWARD)
async def test_a_kill_while_applying(centre: FakeCentre, enrolled: AgentRegion, publisher: Publisher, step) -> None:
    first = publisher.publish(1)
    await centre.offer(raw_digest(first))
    await centre.wish(raw_digest(first))
    async with enrolled.worker():
        await enrolled.state(first)
        await killed_then_run(centre, enrolled, first, step)
    changes = await enrolled.entries("change")
    assert [(change.action, change.release) for change in changes] == [("applied", first)]
    record = json.loads((enrolled.settings.release_dir / "state.json").read_bytes())
    assert (record["applied"]["manifest"], record["pending"], record["highest"]) == (first, None, 1)


@pytest.mark.parametrize("step", BACK)
async def test_a_kill_while_going_back(centre: FakeCentre, enrolled: AgentRegion, publisher: Publisher, step) -> None:
    first, second = publisher.publish(1), publisher.publish(2, policies=policy_set(NO_LAB))
    async with enrolled.worker(loads=lambda manifest: manifest != second):
        await enrolled.state(first)
        await centre.wish(raw_digest(first))
        async with enrolled.running():
            await until(lambda: _runs(enrolled, first))
            await until(lambda: _settled(enrolled))
        await enrolled.state(second)
        await centre.wish(raw_digest(second))
        await killed_then_run(centre, enrolled, first, step)
    changes = [(change.action, change.release) for change in await enrolled.entries("change")]
    assert changes == [("applied", first), ("applied", second), ("failed", first)]
    record = json.loads((enrolled.settings.release_dir / "state.json").read_bytes())
    assert record["failed"] == {second: 2}
    assert record["applied"]["manifest"] == first


async def _runs(region: AgentRegion, manifest: str):
    return await region.active() == manifest


def _settled(region: AgentRegion) -> bool:
    return not json.loads((region.settings.release_dir / "state.json").read_bytes())["watching"]
