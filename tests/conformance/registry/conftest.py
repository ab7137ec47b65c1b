"""Each suite runs on the registry in memory and on the one in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from control_plane.registry.engine import PostgresRegistry, open_engine
from control_plane.services.ports import Registry
from tests.fakes.registry import FakeRegistry
from tests.fixtures.centre import centre_database, centre_template
from tests.fixtures.postgres import Database

__all__ = ["centre_database", "centre_template"]


@pytest.fixture(params=["fake", pytest.param("postgres", marks=pytest.mark.integration)])
async def registry(request: pytest.FixtureRequest) -> AsyncIterator[Registry]:
    if request.param == "fake":
        yield FakeRegistry()
        return
    database: Database = request.getfixturevalue("centre_database")
    engine = open_engine(database.dsn("bw_api"), 4)
    yield PostgresRegistry(engine)
    await engine.dispose()
