"""Health by HTTP: `GET <engine>/health`, as vLLM, vllm-router and the production stack all answer it."""

from __future__ import annotations

import aiohttp


class HttpProbe:
    """Asks over HTTP; anything but a 200 within the timeout is a no."""

    def __init__(self, session: aiohttp.ClientSession, seconds: float = 3.0) -> None:
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def healthy(self, url: str) -> bool:
        """Whether the engine says that it can serve."""
        try:
            async with self._session.get(f"{url.rstrip('/')}/health", timeout=self._timeout) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
