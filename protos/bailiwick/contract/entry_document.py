"""What every ledger entry shares: the document around it, and the closed lists that entries draw from."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from bailiwick.contract import canonical, fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.times import format_time

VERSION: Final = 1
MAX_ENTRY: Final = 0xFFFF
MAX_POTS: Final = 64
MAX_POLICIES: Final = 256

TAGS: Final = ("cost_centre", "team", "project", "product", "use_case", "environment")
"""The registered vocabularies that tag a request; the empty string stands for unknown."""

How: TypeAlias = Literal["reported", "counted", "estimated"]
Finish: TypeAlias = Literal["stop", "length", "cut", "abort", "error", "killed"]
Reason: TypeAlias = Literal["policy", "budget", "limit", "model", "tag", "key"]
ChangeAction: TypeAlias = Literal["applied", "rolled-back", "failed"]
EgressClass: TypeAlias = Literal["content", "control", "enrolment"]
KeyAction: TypeAlias = Literal["created", "revoked", "rotated"]

HOW: Final[tuple[How, ...]] = ("reported", "counted", "estimated")
FINISHES: Final[tuple[Finish, ...]] = ("stop", "length", "cut", "abort", "error", "killed")
REASONS: Final[tuple[Reason, ...]] = ("policy", "budget", "limit", "model", "tag", "key")
CHANGES: Final[tuple[ChangeAction, ...]] = ("applied", "rolled-back", "failed")
EGRESS_CLASSES: Final[tuple[EgressClass, ...]] = ("content", "control", "enrolment")
KEY_ACTIONS: Final[tuple[KeyAction, ...]] = ("created", "revoked", "rotated")
BUDGET_ACTIONS: Final = ("created", "changed", "removed")
WINDOWS: Final = ("day", "week", "month", "quarter", "year", "never")
TIERS: Final = ("economy", "premium")

PotShare: TypeAlias = tuple[str, int]
"""A pot's id and an amount in micro-units."""

Body: TypeAlias = Mapping[str, object]
"""A parsed document without v, kind and at, with exactly the members of its kind."""


def commit(salt: bytes, value: bytes) -> str:
    """A salted commitment in hexadecimal: SHA-256(salt || value)."""
    return sha256(salt + value).hexdigest()


def document(kind: str, at: datetime, body: dict[str, Json]) -> bytes:
    """The canonical bytes of an entry."""
    data = canonical.dumps({"v": VERSION, "kind": kind, "at": format_time(at), **body})
    if len(data) > MAX_ENTRY:
        raise MalformedError(f"an entry has at most {MAX_ENTRY} bytes")
    return data


def choice(value: object, allowed: tuple[fields.T, ...]) -> fields.T:
    """The element of `allowed` that equals `value`."""
    for element in allowed:
        if element == value and type(value) is str:
            return element
    raise MalformedError("not one of the permitted values")


def _share(value: object) -> PotShare:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedError("a pot's share is an id and an amount")
    return fields.text(value[0]), fields.integer(value[1])


def shares(value: object) -> tuple[PotShare, ...]:
    """Pots and amounts."""
    return fields.items(value, MAX_POTS, _share)


def policies(value: object) -> tuple[str, ...]:
    """Ids of determining policies."""
    return fields.distinct(value, MAX_POLICIES, fields.text)


def tags(value: object) -> dict[str, str]:
    """The tags of a request; empty where unknown."""
    return {name: fields.identifier_or_empty(tag) for name, tag in fields.members(value, TAGS).items()}
