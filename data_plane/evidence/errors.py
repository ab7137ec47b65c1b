"""What keeps a bundle from being built.

::

    EvidenceError
    ├── RangeError       the range asked for is not there, or not witnessed yet
    ├── IncompleteError  something that the range refers to is missing from the region's own files
    └── GrantedError     the request was granted already
"""


class EvidenceError(Exception):
    """No bundle was built; the message may be shown to the officer."""


class RangeError(EvidenceError):
    """The range cannot be covered."""


class IncompleteError(EvidenceError):
    """The region lacks a part that the bundle needs."""


class GrantedError(EvidenceError):
    """The request was granted already."""
