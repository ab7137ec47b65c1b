"""What keeps the verifier from beginning at all; what is wrong with a bundle is a finding instead.

::

    VerifyError
    ├── TrustError      the trust file cannot be read, or knows nothing of the bundle's region
    └── ArchiveError    the file is no archive that could be a bundle
"""


class VerifyError(Exception):
    """The verification cannot be carried out."""


class TrustError(VerifyError):
    """The trust file is not usable; the message says what would be right."""


class ArchiveError(VerifyError):
    """The file is no bundle."""
