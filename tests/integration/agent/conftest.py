"""A fake centre and a region beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.centre import FakeCentre
from tests.fixtures.agent import AgentRegion, Publisher, until
from tests.fixtures.postgres import Database, free_port


@pytest.fixture
async def centre() -> AsyncIterator[FakeCentre]:
    fake = FakeCentre(free_port(), free_port())
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def region(centre: FakeCentre, region_database: Database, tmp_path: Path) -> AgentRegion:
    return AgentRegion(tmp_path / "eu-de", region_database, centre.agents, centre.enrolment).prepare()


@pytest.fixture
async def enrolled(centre: FakeCentre, region: AgentRegion) -> AgentRegion:
    """A region that holds a certificate; its agent is not running."""
    centre.region().approved = True
    region.hand_over(centre.invite())
    async with region.running():
        await until((region.settings.keys_dir / "tls.crt").exists)
    return region


@pytest.fixture
def publisher(centre: FakeCentre) -> Publisher:
    return Publisher(centre)
