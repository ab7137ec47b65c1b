"""The ASGI application: routes, and the one place where whatever went wrong becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog

from data_plane.gateway import calls
from data_plane.gateway.errors import Refusal, internal
from data_plane.gateway.limits import read_headers
from data_plane.gateway.pipeline import Facts, Pipeline, answer
from data_plane.gateway.reading import Reading
from data_plane.gateway.relay import JSON, Send, Wire

FAILED = "request_failed"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class GatewayApp:
    """Raw ASGI: no framework stands between the socket and the steps."""

    def __init__(self, pipeline: Pipeline, reading: Reading) -> None:
        self._pipeline = pipeline
        self._reading = reading
        self._log = structlog.get_logger()
        self._open = {"/health/live": reading.live, "/health/ready": reading.ready, "/version": reading.version}
        self._keyed = {"/v1/models": reading.models, "/v1/usage": reading.usage}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        sent = _Started(send)
        try:
            await self._route(scope, receive, sent)
        except Exception as error:  # noqa: BLE001  # the edge: a client sees a fixed text, a log a type and a place
            self._log.error(
                FAILED, kind=type(error).__name__, place=_place(error)
            )  # no traceback: it could quote a prompt
            if not sent.started:
                await answer(send, internal(), "")

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        endpoint = calls.ENDPOINTS.get(path)
        if endpoint is not None and method == "POST":
            await self._pipeline.infer(endpoint, scope, Wire(receive, send))
            return
        try:
            status, document = await self._read(path, method, scope)
        except Refusal as refusal:
            await answer(send, refusal, "")
            return
        body = orjson.dumps(document)
        headers = [JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _read(self, path: str, method: str, scope: Scope) -> tuple[int, object]:
        known = path in self._open or path in self._keyed or path in calls.ENDPOINTS or path.startswith("/v1/models/")
        if not known:
            raise Refusal(404, "not_found", "There is nothing at this path.", fix="See docs/ for what is served.")
        if method != "GET" or path in calls.ENDPOINTS:
            raise Refusal(405, "method_not_allowed", "This path is not served with this method.")
        if path in self._open:
            return self._open[path]()
        key = self._pipeline.authenticate(read_headers(scope["headers"]), Facts())
        if path in self._keyed:
            return await self._keyed[path](key)
        return await self._reading.model(path.removeprefix("/v1/models/"))


class _Started:
    """Remembers whether an answer has begun."""

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    def __call__(self, message: dict[str, Any]) -> Awaitable[None]:
        self.started = True
        return self._send(message)


def _place(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
