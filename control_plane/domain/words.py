"""Identifiers and registered words: the only text that a region may send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from control_plane.domain.errors import InvalidError

RegionId = NewType("RegionId", str)
UserId = NewType("UserId", str)

MERGED = "*"
UNKNOWN = "unknown"  # a refusal of a request that named no registered word
DIGEST_BYTES = 32

_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_JURISDICTION = re.compile(r"[A-Z]{2,8}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_REGION_LENGTH = 32


def region_id(text: str) -> RegionId:
    """Parse a region id: lower-case letters and digits in parts joined by hyphens, at most 32 characters."""
    if len(text) > _REGION_LENGTH or not _REGION.match(text):
        raise InvalidError("region-id", "That is no region id.", "Use lower-case letters, digits and hyphens: eu-de.")
    return RegionId(text)


def jurisdiction(text: str) -> str:
    """Parse a jurisdiction: an ISO 3166 code or the name of a bloc, in capitals."""
    if not _JURISDICTION.match(text):
        raise InvalidError("jurisdiction", "That is no jurisdiction.", "Use an ISO 3166 code or a bloc: EU, IN, SA.")
    return text


def digest(raw: bytes) -> bytes:
    """Check a SHA-256 digest."""
    if len(raw) != DIGEST_BYTES:
        raise InvalidError("digest", "A digest has 32 bytes.")
    return raw


def digest_text(raw: bytes) -> str:
    """`sha256:<hex>`."""
    return f"sha256:{raw.hex()}"


def parse_digest(text: str) -> bytes:
    """The 32 bytes of `sha256:<64 hex digits>`."""
    prefix, _, rest = text.partition(":")
    if prefix != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", rest):
        raise InvalidError("digest", "A digest reads sha256:<64 hex digits>.")
    return bytes.fromhex(rest)


@dataclass(frozen=True)
class Vocabulary:
    """The registered words by dimension; a dimension without words takes any word of the right form.

    The form alone keeps out e-mail addresses, sentences and phone numbers with a plus sign; registered words keep out
    names.
    """

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def allows(self, dimension: str, text: str) -> bool:
        """Whether `text` may stand in `dimension`; "*" stands for merged words, "unknown" for none."""
        if dimension == "region":
            return bool(_REGION.match(text)) and len(text) <= _REGION_LENGTH
        if dimension == "currency":
            return bool(_CURRENCY.match(text))
        if text in {MERGED, UNKNOWN}:
            return True
        known = self.words.get(dimension, frozenset())
        return text in known if known else bool(_WORD.match(text))
