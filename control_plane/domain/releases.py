"""Releases: what may be published, in which order, and what regions said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from control_plane.domain.errors import StateError
from control_plane.domain.words import RegionId


class ReleaseStage(StrEnum):
    """A draft gathers signatures; a published release is what TUF says; a withdrawn one is offered to nobody."""

    DRAFT = "draft"
    SIGNED = "signed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Release:
    """One release. `manifest` is its exact bytes, `digest` their SHA-256."""

    version: int
    digest: bytes
    manifest: bytes
    stage: ReleaseStage
    regions: tuple[RegionId, ...]
    built_by: str
    built_at: datetime
    published_by: str | None = None
    published_at: datetime | None = None
    signatures: int = 0


@dataclass(frozen=True)
class Signing:
    """What the holders of offline keys sign: `payload`, valid while `base` is the newest targets version.

    `keys` are the keys that count, by TUF key id, as `ed25519:<base64>`; `signed` those that have signed.
    """

    version: int
    base: int
    payload: bytes
    threshold: int
    keys: tuple[tuple[str, str], ...]
    signed: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseStanding:
    """What a region last said about a release. `statement` is its officers' DSSE envelope, or empty."""

    region: RegionId
    manifest: bytes
    phase: str
    reason: str
    at: datetime
    statement: bytes = b""


@dataclass(frozen=True)
class Desired:
    """Which release a region is to run."""

    region: RegionId
    generation: int
    manifest: bytes
    rollback: bool = False
    rollout: str | None = None


@dataclass(frozen=True)
class Difference:
    """One field that differs between two releases; values as they are printed."""

    part: str
    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ReleaseDiff:
    """What differs between two releases, and which policies came, went or changed."""

    before: int
    after: int
    differences: tuple[Difference, ...] = field(default=())


def publish_check(release: Release, signed: int, threshold: int, newest_targets: int, base: int) -> None:
    """A draft is published once, with enough signatures, on top of the targets that it was signed over."""
    if release.stage in {ReleaseStage.PUBLISHED, ReleaseStage.WITHDRAWN}:
        raise StateError("release-final", "The release is published or withdrawn already.")
    if base != newest_targets:
        raise StateError(
            "signing-stale",
            "Another release was published since this was signed.",
            "Sign it again: `bailiwick release sign`.",
        )
    if signed < threshold:
        raise StateError(
            "signatures", f"{signed} of {threshold} signatures are there.", "Sign with the other offline keys first."
        )
