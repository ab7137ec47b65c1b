"""Errors of the releases package.

ReleasesError
├── RefusedError     a release that the region will not run, with its reason code
├── StatementError   a consent or veto that cannot be accepted
└── RecordError      the durable record of what runs cannot be read: nothing is guessed
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why the region refuses a release; the only words about it that the centre hears."""

    BAD_SIGNATURE = "BAD-SIGNATURE"
    OTHER_REGION = "OTHER-REGION"
    OLDER_VERSION = "OLDER-VERSION"
    DIGEST_MISMATCH = "DIGEST-MISMATCH"
    INVALID_CONTENT = "INVALID-CONTENT"
    BOUNDARY = "BOUNDARY"
    UNHEALTHY = "UNHEALTHY"
    EXPIRED_METADATA = "EXPIRED-METADATA"


class ReleasesError(Exception):
    """Base of all errors of this package."""


class RefusedError(ReleasesError):
    """The region will not run this release."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class StatementError(ReleasesError):
    """A consent or veto that cannot be accepted."""


class RecordError(ReleasesError):
    """The durable record of what runs cannot be read."""
