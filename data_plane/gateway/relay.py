"""Steps 7 and 8 in motion: bytes from the engine to the client, and what was used noted on the way.

Rules:

1. A streamed answer is cancelled at the engine as soon as the client is gone, and counts as far as it was seen.
2. An answer that is not streamed is taken to its end even when the client is gone: only so is its usage known exactly.
3. An answer that passes its reservation is cut with a last event that says so.
4. What the engine said is passed on, never kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from bailiwick.contract.pricing import Bound
from data_plane.gateway.calls import Call
from data_plane.gateway.dispatch import Engines, Unreached, failure, rejected
from data_plane.gateway.errors import Refusal, engine_unavailable, reservation_used_up
from data_plane.gateway.limits import Receive
from data_plane.gateway.progress import Progress
from data_plane.gateway.slots import Slot
from data_plane.gateway.sse import Seen, StreamFilter, note
from data_plane.gateway.watch import Watch

Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
NO_CACHE = (b"cache-control", b"no-store")
MAX_ANSWER = 64 * 2**20
MAX_ERROR = 65_536
ENGINE_FAULTS = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(slots=True)
class Job:
    """An admitted request on its way to an engine."""

    call: Call
    model: str
    body: bytes
    bound: Bound
    headers: list[Header]
    slot: Slot
    limit: int | None


@dataclass(frozen=True, slots=True)
class Wire:
    """The two ASGI callables of one request."""

    receive: Receive
    send: Send


class Relay:
    """Carries admitted requests."""

    def __init__(self, engines: Engines, stall_seconds: float, request_seconds: float) -> None:
        self._engines = engines
        self._stall = stall_seconds
        self._total = request_seconds

    async def carry(self, job: Job, wire: Wire, progress: Progress) -> None:
        """Serves the request and leaves in `progress` what is to be settled.

        Raises:
            Refusal: nothing was sent to the client yet, and this is what to send.
        """
        try:
            with Watch(self._stall, self._total) as watch:
                response = await self._engines.post(job.call.endpoint.path, job.model, job.body)
                try:
                    if response.status != 200:
                        raise rejected(response.status, await _capped(response, MAX_ERROR), job.model)
                    if job.call.stream:
                        await self._stream(job, wire, response, progress, watch)
                    else:
                        await self._plain(job, wire, response, progress)
                finally:
                    response.close()  # an answer read to its end has given its connection back already
        except Unreached:
            raise engine_unavailable(job.model) from None
        except ENGINE_FAULTS as error:
            refusal = failure(job.model, error)
            if not progress.streaming:
                raise refusal from None
            await wire.send({"type": "http.response.body", "body": refusal.event()})

    async def _plain(self, job: Job, wire: Wire, response: aiohttp.ClientResponse, progress: Progress) -> None:
        body = await _capped(response, MAX_ANSWER)
        progress.first()
        _settle_plain(body, progress)
        length = (b"content-length", b"%d" % len(body))
        job.slot.give()
        await wire.send({"type": "http.response.start", "status": 200, "headers": [JSON, length, *job.headers]})
        await wire.send({"type": "http.response.body", "body": body})

    async def _stream(
        self, job: Job, wire: Wire, response: aiohttp.ClientResponse, progress: Progress, watch: Watch
    ) -> None:
        call = job.call
        events = StreamFilter(
            job.bound.output,
            usage=call.wants_usage,
            continuous=call.wants_continuous,
            choices=call.choices,
            prompts=call.prompts,
        )
        progress.seen = events.seen

        def left(_: object) -> None:
            progress.gone = True
            response.close()

        gone = asyncio.ensure_future(wire.receive())
        gone.add_done_callback(left)
        progress.streaming = True
        await wire.send({"type": "http.response.start", "status": 200, "headers": [EVENTS, NO_CACHE, *job.headers]})
        try:
            last = await self._pump(job, wire.send, response.content, events, progress, watch)
        except ENGINE_FAULTS:
            if not progress.gone:
                raise
            last = b""
        finally:
            gone.remove_done_callback(left)
            gone.cancel()
        if progress.gone and progress.how != "reported":
            progress.finish = "abort"
            return
        job.slot.give()
        await wire.send({"type": "http.response.body", "body": last})
        if events.done:
            await response.content.readany()  # the end of the body, so that the connection can serve again

    async def _pump(
        self,
        job: Job,
        send: Send,
        content: aiohttp.StreamReader,
        events: StreamFilter,
        progress: Progress,
        watch: Watch,
    ) -> bytes:
        """Passes events on until the engine is done; gives what is still to be sent."""
        readany, feed, heard = content.readany, events.feed, watch.heard
        while True:
            data = await readany()
            if not data:
                break
            heard()
            out = feed(data)
            if events.over:
                progress.finish = "cut"
                return out + reservation_used_up().event()
            if not out:
                continue
            if not progress.first_ms:
                progress.first_ms = progress.elapsed()
            if events.done:
                progress.ended(events.seen)
                return out
            await send({"type": "http.response.body", "body": out, "more_body": True})
        # The engine ended its answer without the end that it owes.
        return b"" if events.done else engine_unavailable(job.model).event()


def _settle_plain(body: bytes, progress: Progress) -> None:
    """Reads the usage of a whole answer; one without it is not free."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    usage = document.get("usage") if isinstance(document, dict) else None
    seen = Seen(final=True)
    if isinstance(usage, dict):
        note(seen, usage)
    if not seen.prompt:
        progress.uncounted()
        return
    choices = document.get("choices") if isinstance(document, dict) else None
    finish = choices[0].get("finish_reason") if choices else None
    progress.reported(seen, finish=finish or "stop")


async def _capped(response: aiohttp.ClientResponse, most: int) -> bytes:
    declared = response.content_length
    if declared is not None and declared <= most:
        return await response.read()
    parts = []
    size = 0
    with contextlib.closing(response):
        while data := await response.content.readany():
            size += len(data)
            if size > most:
                raise Refusal(502, "answer_too_large", f"The engine's answer is larger than {most} bytes.")
            parts.append(data)
    return b"".join(parts)
