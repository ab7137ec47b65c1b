"""Errors of the privacy package.

PrivacyError
├── UnannotatedError    a message or field of the protocol carries no usable privacy class: nothing may start
├── ForbiddenValueError a value does not fit the class of its field: the message is not made
└── ReportError         a report cannot be made or continued
    └── GapError        the outbox and the ledger do not join without a gap
"""

from __future__ import annotations


class PrivacyError(Exception):
    """Base of all errors of this package."""


class UnannotatedError(PrivacyError):
    """The protocol has a message or field without a usable privacy class."""


class ForbiddenValueError(PrivacyError):
    """A value does not fit the privacy class of its field. The message names the field, never the value."""


class ReportError(PrivacyError):
    """A report cannot be made or continued."""


class GapError(ReportError):
    """The outbox and the ledger do not join: going on would lose or repeat entries."""
