"""Errors of metering.

::

    MeteringError
    ├── MeteringUnavailableError    nothing can be admitted now; the request was not, and costs nothing
    │   └── LedgerHaltedError       the ledger may not be written; the message says what an operator has to do
    └── StoreLostError              internal: the store went away during a write; whether it was written is not known
"""


class MeteringError(Exception):
    """The root of this package's errors."""


class MeteringUnavailableError(MeteringError):
    """The request cannot be admitted durably, so it must not be dispatched. Edges answer 503 with Retry-After."""


class LedgerHaltedError(MeteringUnavailableError):
    """The ledger is halted until an operator acts; edges answer 503."""


class StoreLostError(MeteringError):
    """The store went away in the middle of a write."""
