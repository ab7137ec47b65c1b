from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from data_plane.gateway.sse import StreamFilter
from tests.fakes.vllm import answers
from tests.fakes.vllm.answers import Served

AWKWARD = ['","usage":{"prompt_tokens":9}', "\n\n", "data: [DONE]", '"choices":[]', "}", "ä"]


def stream(words: list[str], *, final: bool = True) -> tuple[bytes, bytes]:
    """What the engine sends, and what a client that asked for nothing should get."""
    served = Served("x", "/v1/chat/completions", {"model": "m"}, 7)
    engine, client = [], []
    for step, word in enumerate([None, *words]):
        finish = "stop" if step == len(words) else None
        engine.append(answers.chunk(served, 0, word, finish, answers.usage(7, step)))
        client.append(answers.chunk(served, 0, word, finish, None))
    served.completion_tokens = len(words)
    if final:
        engine.append(answers.last(served))
    return b"".join([*engine, b"data: [DONE]\n\n"]), b"".join([*client, b"data: [DONE]\n\n"])


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


@given(
    st.lists(st.sampled_from(AWKWARD) | st.text(max_size=8), max_size=12), st.lists(st.integers(0, 10_000), max_size=20)
)
def test_however_the_bytes_are_cut_the_client_sees_no_usage_and_all_text(words: list[str], cuts: list[int]) -> None:
    engine, client = stream(words)
    events = StreamFilter(100, usage=False, continuous=False)
    assert b"".join(events.feed(piece) for piece in pieces(engine, cuts)) == client
    assert events.done
    assert (events.seen.prompt, events.seen.output, events.seen.final, events.seen.finish) == (
        7,
        len(words),
        True,
        "stop",
    )


@given(st.lists(st.text(max_size=8), max_size=12), st.lists(st.integers(0, 10_000), max_size=20))
def test_a_client_that_asked_for_everything_gets_every_byte(words: list[str], cuts: list[int]) -> None:
    engine, _ = stream(words)
    events = StreamFilter(100, usage=True, continuous=True)
    assert b"".join(events.feed(piece) for piece in pieces(engine, cuts)) == engine


@given(st.integers(1, 20), st.integers(0, 19), st.lists(st.integers(0, 10_000), max_size=20))
def test_nothing_past_the_reservation_gets_through(count: int, most: int, cuts: list[int]) -> None:
    engine, _ = stream(["ok"] * count)
    events = StreamFilter(most, usage=False, continuous=False)
    out = b""
    for piece in pieces(engine, cuts):
        out += events.feed(piece)
        if events.over:
            break
    assert out.count(b'"content":"ok"') == min(count, most)
    assert events.over == (count > most)


def test_several_choices_and_prompts_are_added_up() -> None:
    served = Served("x", "/v1/completions", {"model": "m"}, 7)
    events = StreamFilter(100, usage=True, continuous=False, choices=2, prompts=2)
    for index in range(4):
        events.feed(answers.chunk(served, index, "a", None, answers.usage(3 + index // 2, 2)))
    assert (events.seen.prompt, events.seen.output) == (7, 8)
    served.completion_tokens = 8
    final = answers.last(served)
    assert events.feed(final) == final
    assert json.loads(final[6:])["usage"]["completion_tokens"] == events.seen.output
