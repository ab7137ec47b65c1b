"""A small load generator: keep-alive connections, one request after another on each, the answer read to its end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import httptools


@dataclass
class Timings:
    """Seconds per request, in the order of completion, and how many were not answered with 200."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 3)


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.done: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self.parser.get_status_code()
        self.parser = httptools.HttpResponseParser(self)
        assert self.done is not None
        self.done.set_result(status)


async def run(port: int, requests: list[bytes], count: int, connections: int) -> Timings:
    """Sends `count` requests, `requests` in turn, over `connections` connections."""
    timings = Timings()
    left = iter(range(count))
    loop = asyncio.get_running_loop()

    async def one() -> None:
        _, client = await loop.create_connection(_Client, "127.0.0.1", port)
        assert client.transport is not None
        for turn in left:
            client.done = loop.create_future()
            started = time.perf_counter()
            client.transport.write(requests[turn % len(requests)])
            status = await client.done
            timings.seconds.append(time.perf_counter() - started)
            timings.failed += status != 200
        client.transport.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return timings


def request(path: str, body: bytes, token: str, extra: str = "") -> bytes:
    """An HTTP/1.1 request."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n{extra}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
