"""Regions and centres to be attacked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.centre import FakeCentre
from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.agent import AgentRegion, Publisher
from tests.fixtures.centre import centre_database, centre_template
from tests.fixtures.gateway import GatewayRegion
from tests.fixtures.postgres import Database, free_port
from tests.fixtures.whole_region import WholeRegion

__all__ = ["centre_database", "centre_template"]
MODELS = ("tiny-chat", "big-chat", "minilm")


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    """A fake vLLM in this loop."""
    fake = await FakeEngine().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def centre() -> AsyncIterator[FakeCentre]:
    """A centre that keeps every byte it hears."""
    fake = FakeCentre(free_port(), free_port())
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def publisher(centre: FakeCentre) -> Publisher:
    """Publishes releases at the fake centre."""
    return Publisher(centre)


def whole(home: Path, database: Database, engine: FakeEngine, agents: str, enrolment: str) -> WholeRegion:
    """A region with its keys and directories, and nothing running."""
    agent = AgentRegion(home, database, agents, enrolment, every_seconds=1).prepare()
    return WholeRegion(agent, GatewayRegion(home, database, dict.fromkeys(MODELS, engine.url)).prepare())


@pytest.fixture
def region(tmp_path: Path, region_database: Database, engine: FakeEngine, centre: FakeCentre) -> WholeRegion:
    """A region beside the fake centre."""
    return whole(tmp_path / "eu-de", region_database, engine, centre.agents, centre.enrolment)
