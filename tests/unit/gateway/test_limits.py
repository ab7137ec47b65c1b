from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.gateway import limits
from data_plane.gateway.errors import Refusal
from data_plane.gateway.limits import ClientGone, check_declared, parse, read_body, read_headers


def receiver(*messages: dict[str, Any]) -> Any:
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    return receive


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_parts_is_joined_and_bounded() -> None:
    assert await read_body(receiver(part(b"ab", more=True), part(b"c")), 3) == b"abc"
    with pytest.raises(Refusal) as caught:
        await read_body(receiver(part(b"ab", more=True), part(b"cd", more=True), part(b"e")), 3)
    assert caught.value.status == 413


async def test_a_client_that_leaves_is_no_refusal() -> None:
    with pytest.raises(ClientGone):
        await read_body(receiver(part(b"a", more=True), {"type": "http.disconnect"}), 10)


@pytest.mark.parametrize("declared", [b"11", b"-1", b"1e3", b"9" * 40])
def test_a_declared_length_is_believed_only_if_it_fits(declared: bytes) -> None:
    with pytest.raises(Refusal):
        check_declared(declared, 10)
    check_declared(b"10", 10)
    check_declared(None, 10)


def test_headers_that_matter_come_once() -> None:
    assert read_headers([(b"authorization", b"a"), (b"accept", b"x"), (b"accept", b"y")]) == {b"authorization": b"a"}
    with pytest.raises(Refusal):
        read_headers([(b"authorization", b"a"), (b"authorization", b"a")])
    with pytest.raises(Refusal) as caught:
        read_headers([(b"x", b"y" * 20_000)])
    assert caught.value.status == 431


@pytest.mark.parametrize(("depth", "fits"), [(64, True), (65, False), (5000, False)])
def test_depth_is_counted_outside_strings(depth: int, *, fits: bool) -> None:
    body = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
    if fits:
        parse(body)
    else:
        with pytest.raises(Refusal) as caught:
            parse(body)
        assert caught.value.code == "json_too_deep"


def test_brackets_inside_strings_do_not_count() -> None:
    assert parse(json.dumps({"a": "[{" * 500 + '\\"'}).encode()) == {"a": "[{" * 500 + '\\"'}


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_a_refusal(body: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert isinstance(parse(body), dict)


nested = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def height(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(height, value.values()), default=0)
    return 1 + max(map(height, value), default=0) if isinstance(value, list) else 0


@given(nested, st.integers(1, 6))
def test_depth_is_exact(value: Any, most: int) -> None:
    body = json.dumps({"a": value}).encode()
    assert limits._deeper(body, most) == (height({"a": value}) > most)
