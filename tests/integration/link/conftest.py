"""The real centre and a real region's agent, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.agent import AgentRegion
from tests.fixtures.centre import RunningCentre, centre, centre_database, centre_template
from tests.fixtures.postgres import Database

__all__ = ["centre", "centre_database", "centre_template"]


@pytest.fixture
def region(centre: RunningCentre, region_database: Database, tmp_path: Path) -> AgentRegion:
    settings = centre.settings
    return AgentRegion(
        tmp_path / "eu-de", region_database, settings.agents.address, settings.enrolment.address, every_seconds=2
    ).prepare()
