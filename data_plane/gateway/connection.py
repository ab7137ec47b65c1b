"""Step 1 at the socket: a request's head may be neither endless nor for ever on its way, nor a refused body endless.

uvicorn bounds neither. The checks cost nothing where a head comes in one piece, as nearly all do.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 65_536
MAX_UNREAD_BYTES = 64 * 2**20
HEAD_SECONDS = 20.0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on a head's bytes and on its time."""

    _head = True
    _seen = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See uvicorn."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See uvicorn."""
        self._stop()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """See uvicorn."""
        self._head = False
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See uvicorn."""
        self._head = True
        self._seen = 0
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """See uvicorn; measured is a head that is still incomplete, and a body that nobody reads any more."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if self.transport.is_closing() or (cycle is not None and not cycle.response_complete):
            return
        self._seen += len(data)
        if self._seen > (MAX_HEAD_BYTES if self._head else MAX_UNREAD_BYTES):
            self._drop()
        elif self._head and self._timer is None:
            self._wait()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._drop)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n")
            self.transport.close()
