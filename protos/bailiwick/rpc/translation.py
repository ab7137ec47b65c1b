"""One translation of errors at the server's edge: fixed texts out, whatever went wrong within."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import grpc
import grpc.aio

from bailiwick.contract.errors import ContractError
from bailiwick.rpc.peer import PeerError


@dataclass(frozen=True, slots=True)
class Status:
    """A status code with the one text that goes with it; nothing from an exception's own text leaves."""

    code: grpc.StatusCode
    text: str


class StatusError(Exception):
    """Raised by a servicer to answer with a status of its choice."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.text)
        self.status = status


INTERNAL: Final = Status(grpc.StatusCode.INTERNAL, "internal error")
Table: TypeAlias = Sequence[tuple[type[Exception], Status]]

DEFAULTS: Final[Table] = (
    (PeerError, Status(grpc.StatusCode.UNAUTHENTICATED, "no region certificate")),
    (ContractError, Status(grpc.StatusCode.INVALID_ARGUMENT, "malformed or unverifiable input")),
)


class Unexpected(Protocol):
    """Told about errors that no row of the table names."""

    def __call__(self, method: str, error: Exception) -> None:
        """MUST NOT raise; logs the error inside the process."""


Handler: TypeAlias = Any  # grpc's RpcMethodHandler carries callables of four shapes, untyped
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class ErrorTranslation(grpc.aio.ServerInterceptor):
    """Turns what a servicer raises into a status.

    1. A StatusError answers its own status.
    2. Else the first row of `table` whose type matches, then of DEFAULTS.
    3. Anything else: INTERNAL with a fixed text, and `unexpected` is told.

    Cancellation and grpc's own abort pass through.
    """

    def __init__(self, table: Table, unexpected: Unexpected) -> None:
        self._table = (*table, *DEFAULTS)
        self._unexpected = unexpected

    def status(self, method: str, error: Exception) -> Status:
        """The status that answers `error`."""
        if isinstance(error, StatusError):
            return error.status
        for kind, status in self._table:
            if isinstance(error, kind):
                return status
        self._unexpected(method, error)
        return INTERNAL

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """See grpc.aio."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        for shape in ("unary_unary", "stream_unary"):
            if getattr(handler, shape) is not None:
                return handler._replace(**{shape: self._single(method, getattr(handler, shape))})
        for shape in ("unary_stream", "stream_stream"):
            if getattr(handler, shape) is not None:
                return handler._replace(**{shape: self._streaming(method, getattr(handler, shape))})
        return handler

    async def _answer(self, method: str, error: Exception, context: Context) -> None:
        status = self.status(method, error)
        await context.abort(status.code, status.text)

    def _single(self, method: str, behaviour: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(request: object, context: Context) -> object:
            try:
                return await behaviour(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # the server's outermost edge
                await self._answer(method, error, context)
                raise

        return call

    def _streaming(
        self, method: str, behaviour: Callable[..., Any]
    ) -> Callable[[object, Context], AsyncIterator[object]]:
        async def call(request: object, context: Context) -> AsyncIterator[object]:
            try:
                answers = behaviour(request, context)
                if inspect.isawaitable(answers):  # a servicer that writes to the context instead of yielding
                    await answers
                    return
                async with aclosing(answers):
                    async for answer in answers:
                        yield answer
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 # the server's outermost edge
                await self._answer(method, error, context)

        return call
