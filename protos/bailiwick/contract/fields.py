"""Total readers of single JSON values: each returns the value in its type or raises MalformedError naming the field."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

from bailiwick.contract.canonical import MAX_INTEGER
from bailiwick.contract.errors import MalformedError
from bailiwick.contract.times import parse_time

T = TypeVar("T")
Reader: TypeAlias = Callable[[object], T]

# Control characters but tab and newline, breaks of lines that do not look like one, overrides and isolates of direction
# (Unicode TR 36, section 3.5), halves of characters.
DECEPTIVE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_IDENTIFIER: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]*", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_JURISDICTION: Final = re.compile(r"[A-Z][A-Z0-9-]{1,15}", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z_]{0,31}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


def members(value: object, names: Collection[str]) -> dict[str, object]:
    """An object with exactly the members `names`."""
    if not isinstance(value, dict) or len(value) != len(names):
        raise MalformedError("an object has missing or unknown members")
    for name in names:
        if name not in value:
            raise MalformedError("an object has missing or unknown members")
    return value


def items(value: object, limit: int, read: Reader[T]) -> tuple[T, ...]:
    """An array of at most `limit` elements."""
    if not isinstance(value, list) or len(value) > limit:
        raise MalformedError(f"not an array of at most {limit} elements")
    return tuple(read(element) for element in value)


def distinct(value: object, limit: int, read: Reader[T]) -> tuple[T, ...]:
    """An array without repeated elements."""
    values = items(value, limit, read)
    if len(set(values)) != len(values):
        raise MalformedError("an element is repeated")
    return values


def text(value: object, limit: int = 256) -> str:
    """A string of at most `limit` characters that reads as it stands.

    Control characters but newline and tab are refused, and so is what turns the direction of writing or breaks lines
    unseen: people decide by what these texts seem to say.
    """
    if type(value) is not str or len(value) > limit:
        raise MalformedError(f"not a text of at most {limit} characters")
    if not value.isprintable() and DECEPTIVE.search(value) is not None:
        raise MalformedError("a text holds control characters")
    return value


def identifier(value: object) -> str:
    """A vocabulary id: lower-case letters and digits, with ``._-`` inside, at most 64."""
    if type(value) is not str or _IDENTIFIER.fullmatch(value) is None:
        raise MalformedError("not an identifier")
    return value


def identifier_or_empty(value: object) -> str:
    """A vocabulary id, or the empty string for "unknown"."""
    return "" if value == "" else identifier(value)


def jurisdiction(value: object) -> str:
    """An ISO 3166 code or a bloc: upper-case letters, digits and hyphens."""
    if type(value) is not str or _JURISDICTION.fullmatch(value) is None:
        raise MalformedError("not a jurisdiction")
    return value


def integer(value: object, least: int = 0, most: int = MAX_INTEGER) -> int:
    """An integer within bounds; booleans are none."""
    if type(value) is not int or not least <= value <= most:
        raise MalformedError("not an integer within its bounds")
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise MalformedError("not a boolean")
    return value


def member_of(value: object, allowed: Collection[str]) -> str:
    """One of `allowed`."""
    if type(value) is not str or value not in allowed:
        raise MalformedError("not one of the permitted values")
    return value


def digest(value: object) -> str:
    """``sha256:<64 hex>``."""
    if type(value) is not str or _DIGEST.fullmatch(value) is None:
        raise MalformedError("not a digest")
    return value


def hexadecimal(value: object, length: int) -> str:
    """Exactly `length` lower-case hexadecimal digits."""
    if type(value) is not str or len(value) != length or _HEX.fullmatch(value) is None:
        raise MalformedError(f"not {length} hexadecimal digits")
    return value


def day(value: object) -> str:
    """A calendar day, ``YYYY-MM-DD``."""
    if type(value) is not str or _DAY.fullmatch(value) is None:
        raise MalformedError("not a day")
    return value


def currency(value: object) -> str:
    """An ISO 4217 code."""
    if type(value) is not str or _CURRENCY.fullmatch(value) is None:
        raise MalformedError("not a currency")
    return value


def moment(value: object) -> datetime:
    """A point in time."""
    return parse_time(value)


def optional(value: object, read: Reader[T]) -> T | None:
    """Null, or what `read` reads."""
    return None if value is None else read(value)


def labels(value: object, limit: int = 32) -> dict[str, str]:
    """An object of at most `limit` identifiers to texts."""
    if not isinstance(value, dict) or len(value) > limit:
        raise MalformedError(f"not an object of at most {limit} members")
    return {identifier_name(name): text(member, 128) for name, member in value.items()}


def identifier_name(value: object) -> str:
    """The name of an attribute: lower-case letters and underscores."""
    if type(value) is not str or _NAME.fullmatch(value) is None:
        raise MalformedError("not the name of an attribute")
    return value
