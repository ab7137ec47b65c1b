"""The centre's errors. Each edge (gRPC, REST) translates them once.

CentreError
|-- InvalidError          what was sent is not allowed, whatever the state
|-- NotFoundError         there is no such thing
|-- StateError            not now: the state of the thing does not allow it
|   `-- RewrittenError    a history that does not extend the one known
|-- UnauthenticatedError  a secret, a proof or a certificate does not hold
`-- ForbiddenError        known, but not allowed to
"""

from __future__ import annotations


class CentreError(Exception):
    """What was wrong, a stable code, and what to do about it. Never carries a value that came from outside."""

    def __init__(self, code: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


class InvalidError(CentreError):
    """What was sent is not allowed, whatever the state."""


class NotFoundError(CentreError):
    """There is no such thing."""


class StateError(CentreError):
    """The state of the thing does not allow it now."""


class RewrittenError(StateError):
    """A history that does not extend the one known."""


class UnauthenticatedError(CentreError):
    """A secret, a proof or a certificate does not hold."""


class ForbiddenError(CentreError):
    """Known, but not allowed to."""
