"""Errors of the agent.

AgentError
├── NotEnrolledError       there is no certificate yet
├── EnrolmentRefusedError  an invitation or a certificate request was refused, with a fixed code
├── CentreAwayError        the centre cannot be reached now; trying again later is right
└── ProtocolBreachError    the centre sent what the protocol does not allow
"""

from __future__ import annotations


class AgentError(Exception):
    """Base of all errors of this package."""


class NotEnrolledError(AgentError):
    """There is no certificate yet."""


class EnrolmentRefusedError(AgentError):
    """An invitation or a certificate request was refused; `code` is one of the fixed words of `enrol`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CentreAwayError(AgentError):
    """The centre cannot be reached now; `code` is a fixed word."""

    def __init__(self, code: str = "centre-unreachable") -> None:
        super().__init__(code)
        self.code = code


class ProtocolBreachError(AgentError):
    """The centre sent what the protocol does not allow."""
