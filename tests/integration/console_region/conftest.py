"""The region's console over a real database: its two applications, called in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest

from data_plane.console.app import admin_app, public_app
from data_plane.console.context import Context
from data_plane.database.pool import open_pool
from tests.fixtures.agent import AgentRegion
from tests.fixtures.postgres import Database


@dataclass
class Console:
    """`admin` is what the socket serves, `public` what the address serves; both run as the role `bw_console`."""

    region: AgentRegion
    context: Context
    admin: httpx.AsyncClient
    public: httpx.AsyncClient

    async def refused(self, method: str, path: str, **sent: Any) -> tuple[int, str]:
        """Status and code of a problem document, whose shape is checked."""
        answer = await self.admin.request(method, path, **sent)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["type"] == f"urn:bailiwick:problem:{problem['code']}"
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["code"]


@pytest.fixture
async def console(region_database: Database, tmp_path: Path) -> AsyncIterator[Console]:
    region = AgentRegion(tmp_path / "eu-de", region_database, "localhost:1", "localhost:1").prepare()
    pool = await open_pool(region.settings.dsn("bw_console"), name="console")
    context = Context(region.settings, pool)
    async with _client(admin_app(context)) as admin, _client(public_app(context)) as public:
        yield Console(region, context, admin, public)
    await pool.close()


def _client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://region")


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    """An auditor's age identity."""
    return pyrage.x25519.Identity.generate()
