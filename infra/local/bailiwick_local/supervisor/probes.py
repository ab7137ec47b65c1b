"""Asks whether a program is ready."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from bailiwick_local.supervisor.plan import Probe

ANSWER_SECONDS = 5.0
ALIVE_SECONDS = 2.0


async def ready(probe: Probe, age: float) -> bool:
    """Whether a program that has run for `age` seconds is ready by its probe."""
    if probe.kind == "alive":
        return age >= ALIVE_SECONDS
    asks = {"tcp": _tcp, "http": _http, "socket": _socket}
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return all([await asks[probe.kind](target) for target in probe.targets])
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _tcp(target: str) -> bool:
    host, _, port = target.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    return True


async def _socket(target: str) -> bool:
    _, writer = await asyncio.open_unix_connection(target)
    writer.close()
    return True


async def _http(target: str) -> bool:
    url = urlsplit(target)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        request = f"GET {url.path or '/'} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode("ascii"))
        await writer.drain()
        line = await reader.readline()
        return line.split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()
