"""The console's pages over a real centre: what regions reported and released is what the pages print."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from bailiwick.contract.keys import public_text
from control_plane.bootstrap import console
from control_plane.bootstrap.conduct import Conduct, conduct
from control_plane.bootstrap.passwords import dsn
from control_plane.console.web.router import build_router
from control_plane.domain.people import SecretKind
from control_plane.domain.rollouts import Gate
from control_plane.domain.words import RegionId
from control_plane.registry.topics import TopicFeed
from control_plane.services.releases import ReleaseDraft
from control_plane.services.rollouts import RolloutAsk
from tests.fixtures.centre import RegionEnd, RunningCentre
from tests.fixtures.gateway import NO_LAB, config, policy_set
from tests.fixtures.reports import cell, report

pytestmark = pytest.mark.integration
EU = RegionId("eu-de")
SPACE = re.compile(r"\s+")


@dataclass
class Visitor:
    """Someone signed in."""

    client: httpx.AsyncClient
    parts: Conduct

    async def text(self, path: str, status: int = 200) -> str:
        """A page without its tags."""
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return SPACE.sub(" ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))

    async def token(self, path: str) -> str:
        """The form token of a page."""
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.client.get(path)).text)
        assert found is not None
        return found.group(1)


async def unreachable() -> Client:
    raise ConnectionError("no workflow engine in these tests")


@asynccontextmanager
async def visiting(centre: RunningCentre, user: str, *roles: str) -> AsyncIterator[Visitor]:
    settings, services = centre.settings, centre.services
    parts = conduct(settings, services, unreachable)
    feed = TopicFeed(dsn(settings, "bw_console"))
    app = FastAPI(openapi_url=None)
    app.include_router(build_router(console._pages(settings, services, parts, feed)))
    await parts.users.add(user, user.title(), roles, "owner")
    issued = await parts.users.issue(user, SecretKind.LINK, "owner")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        answer = await client.get("/login", params={"token": issued.secret})
        assert f"Signed in as {user.title()}" in answer.text
        yield Visitor(client, parts)


async def reported(end: RegionEnd, sequence: int, **changes: object) -> None:
    start = int(time.time()) // 60 * 60 - 600 + sequence * 15
    body = report(end.region, sequence, period_start=start, period_end=start + 15, **changes)
    async with end.agents_port() as port:
        await port.reports.Submit(end.sign_report(body))


async def published(
    centre: RunningCentre, regions: tuple[RegionId, ...], extra: str = "", fallback: str | None = None
) -> int:
    releases = centre.services.releases
    offered, policy = (json.loads(part.encode()) for part in (config(), policy_set(extra)))
    draft = ReleaseDraft(regions, offered, policy, None, fallback, "for tests")
    built = await releases.build(draft, "amara")
    signing = await releases.signing(built.version)
    known = {text: keyid for keyid, text in signing.keys}
    for key in centre.offline_keys:
        keyid = known[public_text(key.public_key())]
        await releases.sign(built.version, keyid, key.sign(signing.payload), "amara")
    await releases.publish(built.version, "amara")
    return built.version


async def test_the_pages_print_what_was_reported(centre: RunningCentre) -> None:
    one, other = await centre.join("eu-de"), await centre.join("in-mh", "IN")
    await reported(one, 1)
    await reported(one, 2, cells=[cell(team="*", project="*", product="*", use_case="*", cost_micro=2_000_000)])
    await reported(other, 1, cells=[cell(cost_micro=9_876_543, currency="INR")])
    async with visiting(centre, "vera", "viewer") as visitor:
        world = await visitor.text("/")
        assert "No region has joined" not in world
        assert "eu-de" in world
        assert "Requests reported, 24 h 36" in world
        assert "₹9.88" in world
        spend = await visitor.text("/spend?by=team&period=day")
        assert "€2.00 and ₹9.88 reported by 2 regions." in spend
        assert "Currencies are not added together" in spend
        assert "Teams too small to show alone" in spend
        assert "2.004321" in (await visitor.client.get("/spend")).text
        left = await visitor.text("/left/eu-de")
        assert "Report no. 2," in left
        assert "other, merged" in left
        assert "payments, assistant, support" in left
        region = await visitor.text("/regions/in-mh")
        assert "Report no. 1: 12 requests" in region
        assert "Region atlantis is not known here" in await visitor.text("/left/atlantis", 404)


async def test_releases_and_rollouts_of_the_real_centre(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    first = await published(centre, (EU,))
    fallback = await centre.services.releases.show(first)
    second = await published(centre, (EU,), NO_LAB, f"sha256:{fallback.digest.hex()}")
    async with visiting(centre, "jonas", "operations") as visitor:
        listed = await visitor.text("/releases")
        assert f"Release {second} is the newest, published by amara" in listed
        page = await visitor.text(f"/releases/{second}")
        assert "2 of 2 signatures needed" in page
        assert "decisions flip:" in page
        assert "no-lab" in page
        assert "GDPR Art. 35" in page
        assert "team lab" in page
        started = await visitor.parts.rollouts.start(RolloutAsk(second, (("eu-de",),), Gate(bake_seconds=60)), "amara")
        number = started.plan.rollout
        shown = await visitor.text(f"/rollouts/{number}")
        assert f"Rollout {second}" in shown
        assert "Wave 1" in shown
        assert "What changes" in shown
        refused = await visitor.client.post(f"/rollouts/{number}/pause", data={"reason": "x"})
        assert refused.status_code == 403
        token = await visitor.token(f"/rollouts/{number}/resume")
        refused = await visitor.client.post(f"/rollouts/{number}/resume", data={"csrf": token})
        assert refused.status_code == 403
        assert "is not paused" in refused.text


async def test_evidence_is_asked_through_the_page(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    async with visiting(centre, "rosa", "auditor") as visitor:
        token = await visitor.token("/evidence/ask?region=eu-de")
        form = {"region": "eu-de", "recipient": "nobody", "first": "", "last": "", "csrf": token}
        wrong = await visitor.client.post("/evidence/ask", data=form)
        assert wrong.status_code == 422
        assert "begins with age1" in wrong.text
        answer = await visitor.client.post("/evidence/ask", data={**form, "recipient": recipient})
        assert answer.status_code in {303, 503}
        page = await visitor.text("/evidence")
        assert "asked when it returns" in page
        assert "bailiwick verify" in page


async def test_without_a_session_nothing_is_told(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    async with visiting(centre, "vera", "viewer") as visitor:
        visitor.client.cookies.clear()
        for path in ("/", "/spend", "/left/eu-de", "/regions/eu-de", "/nothing"):
            answer = await visitor.client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
        assert (await visitor.client.get("/events")).status_code == 401
        assert "eu-de" not in (await visitor.client.get("/login")).text


async def test_changes_reach_the_feed(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    feed = TopicFeed(dsn(centre.settings, "bw_console"))
    stop = asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    heard = feed.watch()
    first = asyncio.ensure_future(anext(heard))
    await asyncio.sleep(0.3)
    await reported(end, 1)
    assert await asyncio.wait_for(first, 10) in {"reports", "regions"}
    stop.set()
    await running
