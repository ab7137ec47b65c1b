"""Step 1, limits: size, encoding, depth and duplicates, before anything is understood."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from data_plane.gateway.errors import Refusal, invalid

Receive = Callable[[], Awaitable[dict[str, Any]]]
JsonObject = dict[str, Any]

MAX_DEPTH = 64
MAX_HEADER_BYTES = 16_384
BODY_SECONDS = 60.0
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
ROUND = bytes.maketrans(b"{}", b"[]")
OTHER = bytes(byte for byte in range(256) if byte not in b"{}[]")
SINGLE = frozenset(
    {
        b"authorization",
        b"content-type",
        b"content-length",
        b"openai-project",
        b"x-bailiwick-cost-centre",
        b"x-bailiwick-team",
        b"x-bailiwick-project",
        b"x-bailiwick-product",
        b"x-bailiwick-use-case",
        b"x-bailiwick-environment",
        b"x-request-id",
    }
)


class ClientGone(Exception):  # noqa: N818  # not an error: people leave
    """The client closed the connection before the request was complete."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a body, and how deep its JSON may nest."""

    body: int
    depth: int = MAX_DEPTH


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers that the gateway acts on.

    Raises:
        Refusal: one of them came twice, or all of them are too long.
    """
    found: dict[bytes, bytes] = {}
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name in SINGLE:
            if name in found:
                raise invalid("duplicate_header", f"The header {name.decode('ascii')} came twice.", fix="Send it once.")
            found[name] = value
    if size > MAX_HEADER_BYTES:
        raise Refusal(431, "headers_too_large", f"The headers are longer than {MAX_HEADER_BYTES} bytes.")
    return found


def check_declared(declared: bytes | None, limit: int) -> None:
    """Refuses a body by its announced length, before any of it is read.

    Raises:
        Refusal: it is longer than `limit`, or no length at all.
    """
    if declared is not None and (not declared.isdigit() or int(declared[:18]) > limit):
        raise too_large(limit)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body, never much more than `limit` bytes of it in memory.

    Raises:
        Refusal: it is longer.
        ClientGone: the client left.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive, limit)
    except TimeoutError:
        raise Refusal(408, "body_too_slow", f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise too_large(limit)
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        if size > limit:
            raise too_large(limit)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
    if size > limit:
        raise too_large(limit)
    return b"".join(parts)


def too_large(limit: int) -> Refusal:
    """A 413 that names the limit."""
    return Refusal(413, "body_too_large", f"The body is larger than {limit} bytes.", fix=f"Send at most {limit} bytes.")


def parse(body: bytes, depth: int = MAX_DEPTH) -> JsonObject:
    """The body as a JSON object: UTF-8, no NaN or infinity, no deeper than `depth`.

    Raises:
        Refusal: it is anything else.
    """
    if body.count(b"{") + body.count(b"[") > depth and _deeper(body, depth):
        raise invalid("json_too_deep", f"The JSON nests deeper than {depth} levels.", fix="Send flatter JSON.")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # The parser's message names the place, never the text.
        raise invalid("invalid_json", f"The body is not valid JSON in UTF-8 (at byte {error.pos}).") from None
    if not isinstance(document, dict):
        raise invalid("invalid_json", "The body is not a JSON object.")
    return document


def _deeper(body: bytes, depth: int) -> bool:
    """Whether brackets outside strings nest deeper than `depth`; one level is peeled off at a time."""
    brackets = STRINGS.sub(b"", body).translate(ROUND, OTHER)
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)
