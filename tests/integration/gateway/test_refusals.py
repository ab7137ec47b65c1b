from __future__ import annotations

import asyncio
import contextlib
import io
import json
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import NO_LAB, TAGS, GatewayRegion, policy_set

pytestmark = pytest.mark.integration
HELLO: Any = [{"role": "user", "content": "hello"}]
CHAT: dict[str, Any] = {"model": "tiny-chat", "messages": HELLO, "max_tokens": 5}


async def post(
    gateway: GatewayRegion, body: object, token: str | None, path: str = "/v1/chat/completions", **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if token is not None:
        given["authorization"] = f"Bearer {token}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(gateway.url + path, data=data, headers=given) as response,
    ):
        return response.status, await response.json(), dict(response.headers)


async def test_a_missing_tag_is_named_with_the_permitted_values(gateway: GatewayRegion, engine: FakeEngine) -> None:
    _, token = await gateway.key({**TAGS, "product": []})

    status, answer, _ = await post(gateway, CHAT, token)

    assert status == 422
    assert answer["error"]["code"] == "tag_missing"
    assert answer["error"]["param"] == "product"
    assert answer["error"]["bailiwick"]["permitted"] == ["assistant", "search"]
    assert not engine.served
    assert [entry["reason"] for entry in await gateway.entries("decision")] == ["tag"]


@pytest.mark.parametrize(("value", "code"), [("unheard-of", "tag_unknown"), ("lab", "tag_not_permitted")])
async def test_a_tag_outside_the_vocabulary_or_the_key_is_refused(
    gateway: GatewayRegion, value: str, code: str
) -> None:
    _, token = await gateway.key({**TAGS, "team": ["payments", "care"]})

    status, answer, _ = await post(gateway, CHAT, token, x_bailiwick_team=value)

    assert (status, answer["error"]["code"]) == (422, code)
    assert answer["error"]["bailiwick"]["permitted"] == ["payments", "care"]


async def test_tags_come_from_headers_the_project_and_metadata(gateway: GatewayRegion) -> None:
    _, token = await gateway.key({"team": ["payments"], "environment": ["production"]})
    async with AsyncOpenAI(api_key=token, base_url=f"{gateway.url}/v1", project="pilot", max_retries=0) as client:
        await client.chat.completions.create(
            **CHAT,
            metadata={"product": "search"},
            extra_headers={"X-Bailiwick-Use-Case": "summaries"},
        )
    settlement = (await gateway.settled(1))[0]
    assert settlement["tags"] == {
        "cost_centre": "cc-100",
        "team": "payments",
        "project": "pilot",
        "product": "search",
        "use_case": "summaries",
        "environment": "production",
    }
    status, answer, _ = await post(
        gateway, {**CHAT, "metadata": {"product": "search"}}, token, x_bailiwick_product="assistant"
    )
    assert (status, answer["error"]["code"]) == (422, "tag_conflict")


async def test_an_unknown_model_is_refused_with_those_on_offer(gateway: GatewayRegion) -> None:
    _, token = await gateway.key()
    status, answer, _ = await post(gateway, {**CHAT, "model": "gpt-9"}, token)
    assert (status, answer["error"]["code"]) == (404, "model_not_found")
    assert "tiny-chat" in answer["error"]["bailiwick"]["permitted"]
    assert (await gateway.entries("decision"))[0]["reason"] == "model"
    status, _, _ = await post(gateway, {**CHAT, "model": "minilm"}, token)
    assert status == 404


async def test_the_premium_tier_needs_an_entitled_key(gateway: GatewayRegion) -> None:
    _, plain = await gateway.key()
    _, premium = await gateway.key(premium=True)
    for body in (
        {**CHAT, "model": "premium"},
        {**CHAT, "model": "big-chat"},
        {**CHAT, "model": "auto", "service_tier": "priority"},
    ):
        status, answer, _ = await post(gateway, body, plain)
        assert (status, answer["error"]["code"]) == (403, "premium_not_permitted")
        status, _, headers = await post(gateway, body, premium)
        assert (status, headers["x-bailiwick-model"], headers["x-bailiwick-tier"]) == (200, "big-chat", "premium")
    status, _, headers = await post(gateway, {**CHAT, "model": "auto", "service_tier": "flex"}, premium)
    assert (status, headers["x-bailiwick-model"]) == (200, "tiny-chat")


@pytest.mark.parametrize("authorization", [None, "nonsense", "bw_000000000000_wrong", "bw__", "bw_" + "a" * 500])
async def test_a_key_that_is_none_is_refused(gateway: GatewayRegion, authorization: str | None) -> None:
    status, answer, _ = await post(gateway, CHAT, authorization)
    assert status == 401
    assert answer["error"]["code"] in {"missing_api_key", "invalid_api_key"}
    assert not await gateway.entries("decision")


async def test_a_revoked_key_is_refused_within_a_second_and_recorded(gateway: GatewayRegion) -> None:
    key_id, token = await gateway.key()
    assert (await post(gateway, CHAT, token))[0] == 200

    await gateway.revoke(key_id)
    await asyncio.sleep(1.0)

    status, answer, _ = await post(gateway, CHAT, token)
    assert (status, answer["error"]["code"]) == (401, "api_key_revoked")
    assert (await gateway.entries("decision"))[0]["reason"] == "key"
    assert [entry["action"] for entry in await gateway.entries("key")] == ["created", "revoked"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_json"),
        (b'{"model": "tiny-chat", "temperature": NaN}', 400, "invalid_json"),
        (b'{"model": "\xff"}', 400, "invalid_json"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, 400, "json_too_deep"),
        ({**CHAT, "surprise": 1}, 400, "unknown_field"),
        ({**CHAT, "max_tokens": -1}, 400, "out_of_range"),
        ({**CHAT, "max_tokens": 10**9}, 400, "max_tokens_too_large"),
        ({**CHAT, "max_tokens": 10**30}, 400, "out_of_range"),
        ({**CHAT, "max_tokens": 1.5}, 400, "out_of_range"),
        ({**CHAT, "n": 1000}, 400, "out_of_range"),
        ({**CHAT, "temperature": -1}, 400, "out_of_range"),
        ({**CHAT, "messages": []}, 400, "invalid_messages"),
        (
            {**CHAT, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            400,
            "unsupported_content",
        ),
        ({**CHAT, "stream_options": {"include_usage": True}}, 400, "invalid_type"),
        ({**CHAT, "model": 7}, 400, "invalid_model"),
        ({**CHAT, "service_tier": "gold"}, 400, "invalid_service_tier"),
        ({**CHAT, "user": 5}, 400, "invalid_person"),
        (b" " * (1_048_576 + 1), 413, "body_too_large"),
    ],
)
async def test_bad_bodies_are_refused_and_nothing_is_admitted(
    gateway: GatewayRegion, engine: FakeEngine, body: object, status: int, code: str
) -> None:
    _, token = await gateway.key()
    got, answer, _ = await post(gateway, body, token)
    assert (got, answer["error"]["code"]) == (status, code)
    assert not engine.served
    assert not await gateway.entries("admission")


async def test_a_body_without_length_is_cut_at_the_limit(gateway: GatewayRegion) -> None:
    _, token = await gateway.key()

    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    async with aiohttp.ClientSession() as session:
        headers = {"authorization": f"Bearer {token}"}
        async with session.post(gateway.url + "/v1/chat/completions", data=endless(), headers=headers) as response:
            assert response.status == 413


async def test_a_duplicate_header_is_refused(gateway: GatewayRegion) -> None:
    _, token = await gateway.key()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    keys = f"authorization: Bearer {token}\r\nauthorization: Bearer x\r\n"
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n{keys}content-length: 2\r\n\r\n{{}}"
    writer.write(head.encode())
    answer = await reader.readuntil(b"\r\n")
    assert b" 400 " in answer
    writer.close()
    await writer.wait_closed()


async def test_wrong_paths_and_methods(gateway: GatewayRegion) -> None:
    _, token = await gateway.key()
    assert (await post(gateway, {}, token, "/v1/nothing"))[0] == 404
    assert (await post(gateway, {}, token, "/v1/models"))[0] == 405


async def test_policy_refuses_with_rule_owner_and_basis_and_records_it(gateway: GatewayRegion) -> None:
    _, lab = await gateway.key({**TAGS, "team": ["lab"]})
    assert (await post(gateway, CHAT, lab))[0] == 200

    await gateway.activate(policy_set(NO_LAB), version=2)
    await asyncio.sleep(1.0)
    status, answer, _ = await post(gateway, {**CHAT, "user": "somebody"}, lab)

    assert (status, answer["error"]["code"]) == (403, "policy_denied")
    assert answer["error"]["bailiwick"]["policies"] == ["no-lab"]
    assert "dpo" in answer["error"]["message"]
    assert "GDPR Art. 35" in answer["error"]["message"]
    assert answer["error"]["bailiwick"]["fix"] == "Ask the data protection officer."
    decision = (await gateway.entries("decision"))[0]
    assert (decision["reason"], decision["policies"], decision["tags"]["team"]) == ("policy", ["no-lab"], "lab")
    assert decision["attributes"]["team"] == "lab"


async def test_no_release_means_no_service(region: GatewayRegion, engine: FakeEngine) -> None:
    connection = await region.connect()
    await connection.execute("DELETE FROM active_release")
    await connection.close()
    async with region.running():
        _, token = await region.key()
        await asyncio.sleep(1.0)
        status, answer, headers = await post(region, CHAT, token)
        assert (status, answer["error"]["code"]) == (503, "no_active_release")
        assert "No release is active in this region yet" in answer["error"]["message"]
        assert "Retry-After" in headers or "retry-after" in headers
        assert not engine.served
        assert [(entry["reason"], entry["policy"]) for entry in await region.entries("decision")] == [("policy", None)]


async def test_a_release_that_cannot_be_loaded_is_not_replaced_by_the_old_one(gateway: GatewayRegion) -> None:
    _, token = await gateway.key()
    connection = await gateway.connect()
    await connection.execute("UPDATE active_release SET policy = $1, version = 9", "sha256:" + "0" * 64)
    await connection.close()
    await asyncio.sleep(1.0)
    status, answer, _ = await post(gateway, CHAT, token)
    assert (status, answer["error"]["code"]) == (503, "no_active_release")
    assert "blob-missing" in answer["error"]["message"]
    assert [(entry["reason"], entry["policy"]) for entry in await gateway.entries("decision")] == [("policy", None)]


async def test_a_budget_refuses_with_its_pot_and_never_overshoots(region: GatewayRegion) -> None:
    region.pots = ({"id": "team/payments", "limit": 1000, "window": "day", "match": {"team": "payments"}},)
    async with region.running():
        await region.ready()
        _, token = await region.key()
        answers = await asyncio.gather(*(post(region, {**CHAT, "max_tokens": 50}, token) for _ in range(40)))
        refused = [answer for status, answer, _ in answers if status == 429]
        assert refused
        assert refused[0]["error"]["code"] == "budget_exhausted"
        assert "team/payments" in refused[0]["error"]["message"]
        assert refused[0]["error"]["bailiwick"]["resets_at"].endswith("Z")
        served = len(answers) - len(refused)
        settlements = await region.settled(served)
        assert sum(entry["cost"] for entry in settlements) <= 1000
        assert len(await region.entries("decision")) == len(refused)


async def test_concurrency_of_a_key_is_bounded(region: GatewayRegion, engine: FakeEngine) -> None:
    engine.pace = 0.05
    region.gateway = {"concurrency_per_key": 2}
    async with region.running():
        await region.ready()
        _, token = await region.key()
        body = {**CHAT, "stream": True}

        async def one() -> int:
            async with (
                aiohttp.ClientSession() as session,
                session.post(
                    region.url + "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {token}"}
                ) as response,
            ):
                await response.read()
                return response.status

        statuses = await asyncio.gather(*(one() for _ in range(5)))
        assert sorted(statuses) == [200, 200, 429, 429, 429]
        assert await one() == 200


async def test_an_endless_head_is_cut(gateway: GatewayRegion) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nx: ")
    answer = b""
    try:
        for _ in range(40):
            writer.write(b"a" * 8192)
            await writer.drain()
            await asyncio.sleep(0.001)
        answer = await reader.read()
    except ConnectionError:
        answer = b"431"
    assert b"431" in answer
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
