"""Step 7, dispatch: to an engine inside the region, at an address that only the region's own settings can name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractCookieJar
from yarl import URL

from data_plane.gateway.errors import SERVER, Refusal, engine_stalled, engine_unavailable

# Below vLLM's own five seconds, so that a connection is never reused while the engine is closing it.
KEEPALIVE_SECONDS = 4.0
HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}
SKIPPED = ("User-Agent", "Accept")
MESSAGE_BYTES = 2000


class Unreached(Exception):  # noqa: N818  # a fact about where the request got to
    """The engine never had the request: nothing can have been used."""


def open_session(jar: AbstractCookieJar) -> aiohttp.ClientSession:
    """The client of all engines: no cookies, no redirects, no decompression, no proxy from the environment."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS, ttl_dns_cache=30)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=jar,
        auto_decompress=False,
        skip_auto_headers=SKIPPED,
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=2**18,
    )


class Engines:
    """The engines of the boundary settings, by model."""

    def __init__(self, session: aiohttp.ClientSession, urls: Mapping[str, str], connect_seconds: float = 3.0) -> None:
        self._session = session
        self._bases = {model: url.rstrip("/") for model, url in urls.items()}
        self._urls: dict[tuple[str, str], URL] = {}
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)

    def serves(self, model: str) -> bool:
        """Whether the boundary settings name an engine for `model`."""
        return model in self._bases

    async def post(self, path: str, model: str, body: bytes) -> aiohttp.ClientResponse:
        """Sends the request; gives the answer once its head is there. The caller closes it.

        Raises:
            Unreached: no connection could be made.
            aiohttp.ClientError, TimeoutError, OSError: it was sent, and then the engine failed.
        """
        url = self._urls.get((path, model))
        if url is None:
            url = self._urls[path, model] = URL(self._bases[model] + path)
        try:
            return await self._session.post(
                url, data=body, headers=HEADERS, timeout=self._timeout, allow_redirects=False
            )
        except aiohttp.ClientConnectorError as error:
            raise Unreached from error
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreached from error


def failure(model: str, error: BaseException) -> Refusal:
    """What the client is told when the engine failed under way."""
    if isinstance(error, TimeoutError | asyncio.TimeoutError | aiohttp.ServerTimeoutError):
        return engine_stalled(model)
    return engine_unavailable(model)


def rejected(status: int, body: bytes, model: str) -> Refusal:
    """What the client is told when the engine itself refused: its own words for a 4xx, never for a 5xx."""
    if status >= 500:
        return Refusal(
            502,
            "engine_error",
            f"The engine that serves {model!r} failed on this request.",
            kind=SERVER,
            fix="Try again; if it happens again, tell the region's operator.",
        )
    return Refusal(max(status, 400), "engine_rejected", _message(body), fix="Change the request.")


def _message(body: bytes) -> str:
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    error = document.get("error", document) if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message[:MESSAGE_BYTES] if isinstance(message, str) else "The engine refused the request."
