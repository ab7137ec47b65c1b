from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import asyncpg
import openai
import pytest
from openai import AsyncOpenAI

from tests.fakes.vllm.faults import Fault
from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import GatewayRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
HELLO: Any = [{"role": "user", "content": "hello"}]
CHAT: dict[str, Any] = {"model": "tiny-chat", "messages": HELLO, "max_tokens": 40}


async def events(gateway: GatewayRegion, token: str, **more: object) -> AsyncGenerator[bytes, None]:
    body = {**CHAT, "stream": True, **more}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            gateway.url + "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {token}"}
        ) as response,
    ):
        assert response.status == 200
        async for line in response.content:
            if line.startswith(b"data: "):
                yield line[6:].strip()


@pytest.mark.parametrize("chunk", [1, 3, 10, 30])
async def test_a_client_that_leaves_in_mid_stream_cancels_the_engine_and_pays_what_was_seen(
    gateway: GatewayRegion, engine: FakeEngine, chunk: int
) -> None:
    engine.pace = 0.01
    _, token = await gateway.key()
    count = 0
    stream = events(gateway, token)
    async for _ in stream:
        count += 1
        if count == chunk:
            break
    await stream.aclose()

    settlement = (await gateway.settled(1))[0]
    assert (settlement["how"], settlement["finish"]) == ("counted", "abort")
    served = engine.served[0]
    assert served.aborted
    assert settlement["usage"]["prompt"] == served.prompt_tokens
    assert chunk - 1 <= settlement["usage"]["output"] <= served.completion_tokens
    assert served.completion_tokens - settlement["usage"]["output"] <= 3


@pytest.mark.parametrize("after", [0, 1, 7])
async def test_an_engine_that_resets_a_stream_ends_it_with_an_error_event(
    gateway: GatewayRegion, engine: FakeEngine, after: int
) -> None:
    engine.script.append(Fault("reset", after=after))
    _, token = await gateway.key()

    got = [event async for event in events(gateway, token)]

    assert json.loads(got[-1])["error"]["code"] == "engine_unavailable"
    settlement = (await gateway.settled(1))[0]
    assert (settlement["how"], settlement["finish"]) == ("counted", "error")
    assert settlement["usage"]["output"] == max(0, after - 1)


async def test_an_engine_that_stalls_in_a_stream_is_cut(gateway: GatewayRegion, engine: FakeEngine) -> None:
    engine.script.append(Fault("stall", after=4))
    _, token = await gateway.key()
    got = [event async for event in events(gateway, token)]
    assert json.loads(got[-1])["error"]["code"] == "engine_stalled"
    assert (await gateway.settled(1))[0]["usage"]["output"] == 3
    assert engine.served[0].aborted


async def test_a_slow_engine_is_waited_for(gateway: GatewayRegion, engine: FakeEngine) -> None:
    engine.script.append(Fault("slow", seconds=0.06))
    _, token = await gateway.key()
    got = [event async for event in events(gateway, token, max_tokens=20)]
    assert got[-1] == b"[DONE]"
    assert (await gateway.settled(1))[0]["how"] == "reported"


async def test_an_engine_that_overruns_is_cut_at_the_reservation(gateway: GatewayRegion, engine: FakeEngine) -> None:
    engine.script.append(Fault("overrun"))
    _, token = await gateway.key()
    got = [event async for event in events(gateway, token, max_tokens=8)]
    assert json.loads(got[-1])["error"]["code"] == "reservation_exhausted"
    settlement = (await gateway.settled(1))[0]
    assert (settlement["finish"], settlement["usage"]["output"]) == ("cut", 8)
    assert len(got) == 10


async def test_an_answer_without_usage_is_not_free(gateway: GatewayRegion, engine: FakeEngine) -> None:
    engine.script.append(Fault("no_usage"))
    _, token = await gateway.key()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            gateway.url + "/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {token}"}
        ) as response,
    ):
        assert response.status == 200
    settlement = (await gateway.settled(1))[0]
    [admission] = await gateway.entries("admission")
    assert (settlement["how"], settlement["finish"]) == ("estimated", "stop")
    assert settlement["cost"] == admission["amount"] > 0
    assert settlement["usage"]["output"] == 40


async def test_a_stream_without_final_usage_is_counted(gateway: GatewayRegion, engine: FakeEngine) -> None:
    engine.script.append(Fault("no_usage"))
    _, token = await gateway.key()
    assert [event async for event in events(gateway, token, max_tokens=8)][-1] == b"[DONE]"
    settlement = (await gateway.settled(1))[0]
    assert (settlement["how"], settlement["finish"], settlement["usage"]["output"]) == ("counted", "length", 8)


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (Fault("reset"), openai.InternalServerError, "engine_unavailable"),
        (Fault("stall"), openai.InternalServerError, "engine_stalled"),
        (Fault("error", status=500), openai.InternalServerError, "engine_error"),
        (Fault("error", status=400), openai.BadRequestError, "engine_rejected"),
    ],
)
async def test_a_plain_request_whose_engine_fails_costs_nothing(
    gateway: GatewayRegion,
    client: AsyncOpenAI,
    engine: FakeEngine,
    fault: Fault,
    error: type[openai.APIStatusError],
    code: str,
) -> None:
    engine.script.append(fault)
    with pytest.raises(error) as caught:
        await client.chat.completions.create(**CHAT)
    assert caught.value.code == code
    settlement = (await gateway.settled(1))[0]
    assert (settlement["how"], settlement["finish"], settlement["cost"]) == ("counted", "error", 0)


async def test_a_dead_engine_is_a_503_with_retry_after(
    gateway: GatewayRegion, client: AsyncOpenAI, engine: FakeEngine
) -> None:
    await engine.stop()
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(**CHAT)
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "5"
    assert (await gateway.settled(1))[0]["cost"] == 0


async def test_a_plain_request_whose_client_leaves_is_settled_as_reported(
    gateway: GatewayRegion, engine: FakeEngine
) -> None:
    engine.script.append(Fault("slow", seconds=0.4))
    _, token = await gateway.key()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            await session.post(
                gateway.url + "/v1/chat/completions",
                json=CHAT,
                headers={"authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=0.1),
            )
    settlement = (await gateway.settled(1))[0]
    assert (settlement["how"], settlement["usage"]["output"]) == ("reported", 40)


async def test_killed_under_load_every_admission_is_settled_exactly_once(
    region: GatewayRegion, engine: FakeEngine
) -> None:
    engine.pace = 0.002
    _, token = await region.key()
    body = {**CHAT, "stream": True}

    async def one(session: aiohttp.ClientSession) -> None:
        try:
            async with session.post(
                region.url + "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {token}"}
            ) as response:
                await response.read()
        except aiohttp.ClientError:
            return

    async def load(count: int) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(one(session) for _ in range(count)))

    for turn in range(2):
        async with region.process() as process:
            await region.ready()
            loading = asyncio.create_task(load(40))
            while len(await region.entries("admission")) < 40 * turn + 20:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.01)
            process.kill()
            process.wait()
            await loading
    async with region.process():
        await region.ready()
        await load(5)
        admissions = await region.entries("admission")
        settlements = await region.settled(len(admissions), seconds=20)

    numbers = [entry["number"] for entry in admissions]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sorted(entry["number"] for entry in settlements) == numbers
    killed = [entry for entry in settlements if entry["how"] == "estimated"]
    assert killed
    amounts = {entry["number"]: entry["amount"] for entry in admissions}
    assert all(entry["cost"] == amounts[entry["number"]] and entry["finish"] == "killed" for entry in killed)
    dispatched = len(engine.served)
    assert dispatched <= len(admissions)


async def test_a_graceful_stop_ends_what_is_under_way(region: GatewayRegion, engine: FakeEngine) -> None:
    engine.pace = 0.02
    _, token = await region.key()
    async with region.process() as process:
        await region.ready()
        stream = events(region, token)
        first = await anext(stream)
        assert first
        process.terminate()
        rest = [event async for event in stream]
        assert rest[-1] == b"[DONE]"
        assert await asyncio.to_thread(process.wait, 15) == 0
    assert (await region.settled(1))[0]["how"] == "reported"


async def test_a_database_that_is_away_means_503_and_nothing_is_dispatched(
    gateway: GatewayRegion, client: AsyncOpenAI, engine: FakeEngine
) -> None:
    name = gateway.database.name
    connection = await asyncpg.connect(gateway.database.dsn().replace(name, "postgres"))
    await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(**CHAT)
    assert caught.value.code == "ledger_unavailable"
    assert not engine.served

    await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await connection.close()
    for _ in range(100):
        try:
            await client.chat.completions.create(**CHAT)
        except openai.InternalServerError:
            await asyncio.sleep(0.1)
        else:
            break
    assert (await gateway.settled(1))[0]["how"] == "reported"


async def test_two_workers_share_the_load_and_the_budget(region: GatewayRegion, engine: FakeEngine) -> None:
    region.gateway = {"workers": 2}
    region.pots = ({"id": "region", "limit": 4000, "window": "day", "match": {}},)
    _, token = await region.key()
    async with region.process() as process, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await region.ready()

        async def one() -> int:
            async with session.post(
                region.url + "/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {token}"}
            ) as response:
                await response.read()
                return response.status

        statuses = [await one() for _ in range(3)] + list(await asyncio.gather(*(one() for _ in range(120))))
        assert set(statuses) == {200, 429}
        settlements = await region.settled(statuses.count(200))
        assert sum(entry["cost"] for entry in settlements) <= 4000
        connection = await region.connect()
        assert await connection.fetchval("SELECT count(*) FROM worker WHERE state = 'serving'") == 2
        await connection.close()
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
