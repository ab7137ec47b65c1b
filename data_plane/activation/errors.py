"""Why a worker cannot serve the release in force.

::

    ActivationError
    ├── NotActiveError       the region has no release in force yet
    ├── MissingBlobError     a part of the release is not on disk
    └── DamagedBlobError     a part does not match its digest, or cannot be used
"""


class ActivationError(Exception):
    """The worker refuses requests; `code` is a constant that may be shown and reported."""

    code = "unusable-release"


class NotActiveError(ActivationError):
    """No release is in force."""

    code = "no-release"


class MissingBlobError(ActivationError):
    """A part of the release is not on disk."""

    code = "blob-missing"


class DamagedBlobError(ActivationError):
    """A part of the release is not what its digest says, or contradicts itself."""

    code = "blob-damaged"
