"""Invitations: single use, bound to one region, at most a day."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from control_plane.domain.errors import UnauthenticatedError
from control_plane.domain.words import RegionId


@dataclass(frozen=True)
class Invitation:
    """An invitation as kept: the secret only as its SHA-256."""

    id: bytes
    secret_hash: bytes
    region: RegionId
    jurisdiction: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def secret_hash(secret: bytes) -> bytes:
    """SHA-256 of an invitation's secret (which has 256 random bits, so no salt is needed)."""
    return hashlib.sha256(secret).digest()


def redeem_check(kept: Invitation | None, secret: bytes, now: datetime) -> Invitation:
    """Whether the holder of `secret` may enrol the invitation's region now.

    Unknown, used and expired read the same from outside.
    """
    refused = UnauthenticatedError(
        "invitation", "The invitation is unknown, used or expired.", "Ask central operations for a new one."
    )
    if kept is None or not hmac.compare_digest(kept.secret_hash, secret_hash(secret)):
        raise refused
    if kept.used_at is not None or now >= kept.expires_at:
        raise refused
    return kept
