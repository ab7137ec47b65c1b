"""No unary call without a deadline."""

from collections.abc import Callable
from typing import Any, Final

import grpc.aio

CONNECT_SECONDS: Final = 10.0


class DefaultDeadline(grpc.aio.UnaryUnaryClientInterceptor):
    """Gives a unary call that states no timeout the default one; streams set their own."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def intercept_unary_unary(
        self,
        continuation: Callable[..., Any],  # grpc's own loose signature
        client_call_details: grpc.aio.ClientCallDetails,
        request: object,
    ) -> Any:  # noqa: ANN401 # the call object of whatever method it is
        """See grpc.aio."""
        if client_call_details.timeout is None:
            client_call_details = grpc.aio.ClientCallDetails(
                method=client_call_details.method,
                timeout=self._seconds,
                metadata=client_call_details.metadata,
                credentials=client_call_details.credentials,
                wait_for_ready=client_call_details.wait_for_ready,
            )
        return await continuation(client_call_details, request)
