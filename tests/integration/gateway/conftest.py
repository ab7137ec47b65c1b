"""A gateway with one fake engine for every model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import GatewayRegion
from tests.fixtures.postgres import Database


@pytest.fixture
async def engine() -> AsyncIterator[FakeEngine]:
    """A fake vLLM in this loop."""
    fake = await FakeEngine().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def region(tmp_path: Path, region_database: Database, engine: FakeEngine) -> GatewayRegion:
    """A region with a release in force, not running yet."""
    models = ("tiny-chat", "big-chat", "minilm")
    prepared = GatewayRegion(tmp_path, region_database, dict.fromkeys(models, engine.url)).prepare()
    await prepared.activate()
    return prepared


@pytest.fixture
async def gateway(region: GatewayRegion) -> AsyncIterator[GatewayRegion]:
    """The region's gateway, running and ready."""
    async with region.running():
        await region.ready()
        yield region


@pytest.fixture
async def client(gateway: GatewayRegion) -> AsyncIterator[AsyncOpenAI]:
    """The unmodified client with a key that fixes all tags."""
    _, token = await gateway.key()
    async with AsyncOpenAI(api_key=token, base_url=f"{gateway.url}/v1", max_retries=0) as made:
        yield made
