from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.gateway import GatewayRegion

pytestmark = pytest.mark.integration
HELLO: Any = [{"role": "user", "content": "say hello to the world"}]


async def test_a_plain_chat_is_served_and_settled_as_the_engine_reported(
    gateway: GatewayRegion, client: AsyncOpenAI, engine: FakeEngine
) -> None:
    raw = await client.chat.completions.with_raw_response.create(
        model="tiny-chat", messages=HELLO, max_tokens=7, user="anna"
    )
    answer = raw.parse()

    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 7)
    assert raw.headers["x-bailiwick-admission"] == "1"
    assert raw.headers["x-bailiwick-tier"] == "economy"
    assert raw.headers["x-bailiwick-model"] == "tiny-chat"
    settlement = (await gateway.settled(1))[0]
    assert settlement["usage"] == {"prompt": 9, "cached": 0, "output": 7, "reasoning": 0}
    assert settlement["cost"] == 15  # ceil((9 * 0.5 + 7 * 1.5))
    assert (settlement["how"], settlement["finish"], settlement["number"]) == ("reported", "length", 1)
    assert settlement["tags"]["team"] == "payments"
    assert "user" not in engine.served[0].body


async def test_omitted_max_tokens_becomes_the_models_default_and_is_forwarded(
    gateway: GatewayRegion, client: AsyncOpenAI, engine: FakeEngine
) -> None:
    await client.chat.completions.create(model="auto", messages=HELLO)

    assert engine.served[0].body["max_tokens"] == 64
    assert engine.served[0].body["model"] == "tiny-chat"
    admission = (await gateway.entries("admission"))[0]
    assert admission["bound"]["output"] == 64
    assert admission["policies"] == ["base-chat"]


@pytest.mark.parametrize(
    "asked", [None, {"include_usage": True}, {"include_usage": True, "continuous_usage_stats": True}]
)
async def test_a_stream_hides_what_the_client_did_not_ask_for(
    gateway: GatewayRegion, client: AsyncOpenAI, asked: dict[str, bool] | None
) -> None:
    options: Any = {} if asked is None else {"stream_options": asked}
    stream = await client.chat.completions.create(
        model="tiny-chat", messages=HELLO, max_tokens=5, stream=True, **options
    )
    chunks = [chunk async for chunk in stream]

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == " ok" * 5
    final = [chunk for chunk in chunks if not chunk.choices]
    with_usage = [chunk for chunk in chunks if chunk.choices and chunk.usage]
    assert bool(final) == (asked is not None)
    assert bool(with_usage) == bool(asked and asked.get("continuous_usage_stats"))
    settlement = (await gateway.settled(1))[0]
    assert settlement["usage"]["output"] == 5
    assert (settlement["how"], settlement["finish"]) == ("reported", "length")
    assert settlement["first_ms"] > 0


async def test_completions_and_embeddings_multiply_prompts_and_choices(
    gateway: GatewayRegion, client: AsyncOpenAI
) -> None:
    await client.completions.create(model="tiny-chat", prompt=["a b", "c d e"], n=2, max_tokens=3)
    await client.embeddings.create(model="minilm", input=["one two", "three"])

    completion, embedding = await gateway.settled(2)
    assert completion["usage"] == {"prompt": 5, "cached": 0, "output": 12, "reasoning": 0}
    assert embedding["usage"] == {"prompt": 3, "cached": 0, "output": 0, "reasoning": 0}
    bounds = [entry["bound"]["output"] for entry in await gateway.entries("admission")]
    assert bounds == [12, 0]


async def test_a_stream_with_several_choices_is_counted_over_all_of_them(
    gateway: GatewayRegion, client: AsyncOpenAI
) -> None:
    stream = await client.chat.completions.create(model="tiny-chat", messages=HELLO, max_tokens=4, n=3, stream=True)
    async for _ in stream:
        pass

    assert (await gateway.settled(1))[0]["usage"]["output"] == 12


async def test_models_version_and_usage_are_told(gateway: GatewayRegion, client: AsyncOpenAI) -> None:
    assert {model.id async for model in client.models.list()} == {"tiny-chat", "big-chat", "minilm"}
    assert (await client.models.retrieve("minilm")).id == "minilm"
