"""The one translation of the centre's errors to gRPC statuses: fixed codes out, never a text from within."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import grpc

from bailiwick.rpc.translation import ErrorTranslation, Status
from control_plane.domain.errors import (
    CentreError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RewrittenError,
    StateError,
    UnauthenticatedError,
)

CODES: Mapping[type[CentreError], grpc.StatusCode] = MappingProxyType(
    {
        InvalidError: grpc.StatusCode.INVALID_ARGUMENT,
        NotFoundError: grpc.StatusCode.NOT_FOUND,
        RewrittenError: grpc.StatusCode.DATA_LOSS,
        StateError: grpc.StatusCode.FAILED_PRECONDITION,
        UnauthenticatedError: grpc.StatusCode.UNAUTHENTICATED,
        ForbiddenError: grpc.StatusCode.PERMISSION_DENIED,
    }
)


class CentreTranslation(ErrorTranslation):
    """Answers a `CentreError` with its status and its stable code as the text.

    The table it is given names the errors of adapters, such as a database that is away.
    """

    def status(self, method: str, error: Exception) -> Status:
        """The status that answers `error`."""
        if isinstance(error, CentreError):
            for kind in type(error).__mro__:
                if kind in CODES:
                    return Status(CODES[kind], error.code)
        return super().status(method, error)
