"""Errors of the ledger.

::

    LedgerError
    ├── TreeRefusedError    the database holds a smaller or different tree than was published; says what to do
    ├── TileMissingError    a tile that the tree needs is not on disk, or not whole
    └── BoundaryError       the sequencer did not answer a request for a boundary in time
"""


class LedgerError(Exception):
    """The root of this package's errors."""


class TreeRefusedError(LedgerError):
    """Going on would rewrite published history; nothing is numbered until an operator acts."""


class TileMissingError(LedgerError):
    """A tile is missing or cut short."""


class BoundaryError(LedgerError):
    """No boundary was sealed in time."""
