"""The peer of the gateway's benchmark: uvicorn and aiohttp passing bytes through, with nothing in between."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import aiohttp
import uvicorn
from yarl import URL

from data_plane.gateway.dispatch import HEADERS, open_session


class Bare:
    """Forwards every POST to one upstream."""

    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        async with self._session.post(URL(self._upstream + scope["path"]), data=body, headers=HEADERS) as response:
            kind = response.headers["content-type"].encode()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
            while data := await response.content.readany():
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def serve(port: int, upstream: str) -> None:
    """Runs until stopped."""
    async with open_session(aiohttp.DummyCookieJar()) as session:
        config = uvicorn.Config(
            Bare(session, upstream),
            host="127.0.0.1",
            port=port,
            http="httptools",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
        )
        await uvicorn.Server(config).serve()


def main() -> None:
    """`python -m tests.bench.bare --port N --upstream URL`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=__import__("uvloop").new_event_loop) as runner:
        runner.run(serve(arguments.port, arguments.upstream))


if __name__ == "__main__":
    main()
