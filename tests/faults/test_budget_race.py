"""Two hundred at once against a budget for ten, through the real gateway process with two workers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import aiohttp
import pytest

from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import GatewayRegion
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
CHAT: dict[str, Any] = {
    "model": "tiny-chat",
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 40,
    "stream": True,
}
ROOM, CROWD = 10, 200


async def worst_case(gateway: GatewayRegion) -> int:
    """What one request reserves, as the gateway itself says."""
    async with gateway.running():
        await gateway.ready()
        _, token = await gateway.key()
        assert await chat(gateway, token) == (200, "")
    return int((await gateway.entries("admission"))[0]["amount"])


async def chat(gateway: GatewayRegion, token: str) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    address, head = f"{gateway.url}/v1/chat/completions", {"authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        session.post(address, json=CHAT, headers=head) as answer,
    ):
        if answer.status == 200:
            await answer.read()
            return 200, ""
        return answer.status, (await answer.json())["error"]["code"]


async def exposures(gateway: GatewayRegion, after: int) -> list[int]:
    """Open reservations plus settled cost after each entry of the ledger, in the order of writing."""
    connection = await gateway.connect()
    try:
        rows = await connection.fetch(
            "SELECT kind, convert_from(body, 'UTF8')::jsonb ->> 'number' AS number,"
            " (convert_from(body, 'UTF8')::jsonb ->> 'amount')::bigint AS amount,"
            " (convert_from(body, 'UTF8')::jsonb ->> 'cost')::bigint AS cost"
            " FROM ledger_entry WHERE kind IN ('admission', 'settlement') ORDER BY \"row\""
        )
    finally:
        await connection.close()
    reserved, settled, found = dict[int, int](), 0, []
    for row in rows:
        number = int(row["number"])
        if number <= after:
            continue
        if row["kind"] == "admission":
            reserved[number] = row["amount"]
        else:
            settled += row["cost"]
            assert row["cost"] <= reserved.pop(number)
        found.append(sum(reserved.values()) + settled)
    return found


async def test_two_hundred_at_once_against_a_budget_for_ten(region: WholeRegion, engine: FakeEngine) -> None:
    gateway = region.gateway
    await gateway.activate()
    limit = ROOM * await worst_case(gateway)
    engine.served.clear()
    gateway.gateway = {"workers": 2, "concurrency_per_key": 2000, "stall_seconds": 120.0}
    gateway.pots = ({"id": "all", "limit": limit, "window": "never", "match": {"team": "care"}},)
    _, token = await gateway.key(
        {
            "team": ["care"],
            "project": ["core"],
            "product": ["search"],
            "use_case": ["support"],
            "environment": ["production"],
        }
    )
    engine.let_go.clear()
    async with gateway.process():
        await gateway.ready()
        calls = [asyncio.create_task(chat(gateway, token)) for _ in range(CROWD)]
        async with asyncio.timeout(90):
            while sum(call.done() for call in calls) < CROWD - ROOM:
                await asyncio.wait([call for call in calls if not call.done()], return_when=asyncio.FIRST_COMPLETED)
        connection = await gateway.connect()
        pot = await connection.fetchrow("SELECT reserved, settled FROM pot WHERE id = 'all'")
        await connection.close()
        assert tuple(pot) == (limit, 0)
        assert len(engine.served) == ROOM
        engine.let_go.set()
        answers = Counter(await asyncio.gather(*calls))
        assert answers == {(200, ""): ROOM, (429, "budget_exhausted"): CROWD - ROOM}
        await gateway.settled(ROOM + 1)
    assert max(await exposures(gateway, after=1)) == limit
    refused = [entry["reason"] for entry in await gateway.entries("decision")]
    assert refused == ["budget"] * (CROWD - ROOM)
    numbers = [entry["number"] for entry in await gateway.entries("admission")]
    assert numbers == list(range(1, ROOM + 2))
