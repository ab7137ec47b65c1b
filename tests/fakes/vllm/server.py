"""A fake vLLM: a real HTTP server on loopback that counts tokens and misbehaves by script.

Control, for a server in another process: `POST /fake/script` (a JSON list of faults, one per coming request),
`GET /fake/served` (each request as accounted), `POST /fake/reset`.
"""

import argparse
import asyncio
import itertools
import json
from collections import deque
from dataclasses import asdict
from typing import Any, Self

import httptools

from tests.fakes.vllm import answers
from tests.fakes.vllm.faults import Fault

ROUTES = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings"})
WORD = " ok"


class FakeEngine:
    """The engine's state: what it served and what it will do wrong; while `let_go` is clear it holds every answer."""

    def __init__(self, model: str = "tiny-chat", *, tokens: int = 16, pace: float = 0.0) -> None:
        self.model = model
        self.tokens = tokens
        self.pace = pace
        self.ready = True
        self.script: deque[Fault] = deque()
        self.served: list[answers.Served] = []
        self.keep = True
        self.let_go = asyncio.Event()
        self.let_go.set()
        self._ids = itertools.count(1)
        self._server: asyncio.Server | None = None
        self.connections: set[Connection] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Connection(self), host, port)
        return self

    @property
    def url(self) -> str:
        """The address to give to a gateway."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the listener and cut every connection, as a dead engine does."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.cut()
        if self._server is not None:
            await self._server.wait_closed()

    def accept(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> answers.Served:
        """Account for a new request."""
        served = answers.Served(
            f"fake-{next(self._ids)}", path, body, sum(answers.prompts(body, path)), headers=headers
        )
        if self.keep:
            self.served.append(served)
        return served


class Connection(asyncio.Protocol):
    """One client connection: requests come one after another."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._engine.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._engine.connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, body, headers = self._url.decode(), self._body, self._headers
        self._url, self._body, self._headers = b"", b"", {}
        self._task = asyncio.get_running_loop().create_task(self._answer(path, body, headers))

    def cut(self) -> None:
        """Drop the connection without a word."""
        assert self._transport is not None
        self._transport.abort()

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _whole(self, status: int, body: bytes) -> None:
        self._write(
            b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
            + body
        )

    async def _answer(self, path: str, raw: bytes, headers: dict[str, str]) -> None:
        if path in ROUTES:
            await self._infer(path, json.loads(raw), headers)
        elif path == "/health":
            self._whole(200 if self._engine.ready else 503, b"")
        elif path == "/v1/models":
            self._whole(200, answers.dumps({"object": "list", "data": [{"id": self._engine.model, "object": "model"}]}))
        elif path == "/fake/script":
            self._engine.script.extend(Fault.of(one) for one in json.loads(raw))
            self._whole(200, b"{}")
        elif path == "/fake/served":
            self._whole(200, answers.dumps([asdict(one) for one in self._engine.served]))
        elif path == "/fake/reset":
            self._engine.script.clear()
            self._engine.served.clear()
            self._whole(200, b"{}")
        else:
            self._whole(404, b"{}")

    async def _infer(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
        engine = self._engine
        fault = engine.script.popleft() if engine.script else None
        if fault is not None and fault.kind == "error":
            self._whole(
                fault.status,
                answers.dumps({"error": {"message": "scripted", "type": "BadRequestError", "code": fault.status}}),
            )
            return
        served = engine.accept(path, body, headers)
        try:
            await engine.let_go.wait()
            if body.get("stream"):
                await self._stream(served, fault)
            else:
                await self._plain(served, fault)
        except asyncio.CancelledError:
            served.aborted = True
            raise

    async def _plain(self, served: answers.Served, fault: Fault | None) -> None:
        engine = self._engine
        if fault is not None and fault.kind == "reset":
            self.cut()
            return
        if fault is not None and fault.kind == "stall":
            await asyncio.Event().wait()
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if served.path == "/v1/embeddings":
            self._whole(200, answers.embeddings(served, len(answers.prompts(served.body, served.path))))
            return
        choices = int(served.body.get("n") or 1) * len(answers.prompts(served.body, served.path))
        body = answers.plain(served, answers.limit(served.body, engine.tokens), choices)
        if fault is not None and fault.kind == "no_usage":
            body = answers.dumps({**json.loads(body), "usage": None})
        self._whole(200, body)

    async def _stream(self, served: answers.Served, fault: Fault | None) -> None:
        options = served.body.get("stream_options") or {}
        continuous = bool(options.get("continuous_usage_stats"))
        chat = served.path == "/v1/chat/completions"
        choices = int(served.body.get("n") or 1)
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        made = [0] * choices
        tokens = answers.limit(served.body, self._engine.tokens) + (1000 if fault and fault.kind == "overrun" else 0)
        for step in range(0 if chat else 1, tokens + 1):
            for index in range(choices):
                await self._fault(fault, served)
                made[index] = step
                served.completion_tokens = sum(made)
                known = answers.usage(served.prompt_tokens, step) if continuous else None
                delta = None if step == 0 else WORD
                event = answers.chunk(served, index, delta, "length" if step == tokens else None, known)
                self._event(event)
                served.sent_chunks += 1
                await asyncio.sleep(self._engine.pace)
        if options.get("include_usage") and not (fault and fault.kind == "no_usage"):
            self._event(answers.last(served))
        self._event(b"data: [DONE]\n\n")
        self._write(b"0\r\n\r\n")

    async def _fault(self, fault: Fault | None, served: answers.Served) -> None:
        if fault is None or served.sent_chunks < fault.after:
            return
        if fault.kind == "reset":
            self.cut()
            raise asyncio.CancelledError
        if fault.kind == "stall":
            await asyncio.Event().wait()
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)

    def _event(self, event: bytes) -> None:
        self._write(b"%x\r\n%b\r\n" % (len(event), event))


async def serve(port: int, model: str, tokens: int, pace: float) -> None:
    """Run until stopped."""
    engine = await FakeEngine(model, tokens=tokens, pace=pace).start(port=port)
    engine.keep = False
    print(engine.url, flush=True)  # noqa: T201  # the parent reads the address
    await asyncio.Event().wait()


def main() -> None:
    """`python -m tests.fakes.vllm.server --port N`: the fake in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="tiny-chat")
    parser.add_argument("--served-model-name", dest="model")
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--pace", type=float, default=0.0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.model or "tiny-chat", arguments.tokens, arguments.pace))


if __name__ == "__main__":
    main()
