"""`/metrics`: this worker's figures, and each engine's own with the model's name added. For the region only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from data_plane.gateway.figures import Figures
from data_plane.gateway.limits import Receive
from data_plane.gateway.relay import Send

TYPE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?( .*)$")
SECONDS = 2.0


class MetricsApp:
    """A small ASGI application on a port of its own."""

    def __init__(self, figures: Figures, session: aiohttp.ClientSession, engines: Mapping[str, str]) -> None:
        self._figures = figures
        self._session = session
        self._engines = engines

    async def __call__(self, scope: dict[str, Any], _: Receive, send: Send) -> None:
        """Answers `GET /metrics`."""
        if scope["type"] != "http":
            return
        found = scope["path"] == "/metrics"
        body = await self._text() if found else b""
        headers = [TYPE, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _text(self) -> bytes:
        scraped = await asyncio.gather(*(self._scrape(model, url) for model, url in self._engines.items()))
        return self._figures.text() + "".join(scraped).encode()

    async def _scrape(self, model: str, url: str) -> str:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with self._session.get(f"{url.rstrip('/')}/metrics", timeout=timeout) as response:
                text = await response.text() if response.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError):
            text = ""
        return relabel(text, model)


def relabel(text: str, model: str) -> str:
    """The samples of `text` with an `engine` label; comments are left out, for names may occur once per exposition."""
    lines = []
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample is not None:
            labels = f'engine="{model}"' + (f",{sample[2]}" if sample[2] else "")
            lines.append(f"{sample[1]}{{{labels}}}{sample[3]}\n")
    return "".join(lines)
