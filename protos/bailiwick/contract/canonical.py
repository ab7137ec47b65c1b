"""Canonical JSON (RFC 8785) over the subset that the contract uses: no floats, ASCII member names, safe integers.

Within this subset the standard library's C encoder writes RFC 8785 exactly; the tests hold it against ``rfc8785``.
"""

import json
from collections.abc import Iterable
from typing import Final, TypeAlias

from bailiwick.contract.errors import MalformedError

Json: TypeAlias = "bool | int | str | list[Json] | tuple[Json, ...] | dict[str, Json] | None"
"""What a canonical document may hold; a tuple is written as an array."""

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32

_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise MalformedError("a string holds a lone surrogate")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise MalformedError("an integer lies outside the safe range")
    elif value is not None:
        raise MalformedError(f"a {type(value).__name__} has no canonical form")


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise MalformedError(f"nested more than {MAX_DEPTH} deep")
    members: Iterable[object]
    if isinstance(value, dict):
        for name in value:
            if type(name) is not str or not name.isascii():
                raise MalformedError("a member name is not ASCII text")
        members = value.values()
    elif isinstance(value, list | tuple):
        members = value
    else:
        _check_scalar(value)
        return
    for member in members:
        kind = type(member)
        if kind is str and member.isascii():  # these three kinds are most of every entry
            continue
        if kind is int and -MAX_INTEGER <= member <= MAX_INTEGER:
            continue
        if kind is not bool:
            _check(member, depth + 1)


def dumps(value: Json) -> bytes:
    """Encode as RFC 8785, or raise MalformedError for a value outside the subset."""
    _check(value, 0)
    return _ENCODER.encode(value).encode()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("a member name occurs twice")
    return members


def _refuse(text: str) -> object:
    raise MalformedError(f"number {text[:20]!r} is not an integer")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse)


def parse(data: bytes, limit: int) -> object:
    """Parse a JSON document of at most `limit` bytes that need not be canonical, within the same subset."""
    if len(data) > limit:
        raise MalformedError(f"longer than {limit} bytes")
    try:
        value: object = _DECODER.decode(data.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedError("not a JSON document") from error
    _check(value, 0)
    return value


def loads(data: bytes, limit: int) -> object:
    """Parse a canonical document of at most `limit` bytes; anything but its one canonical form is refused."""
    value = parse(data, limit)
    if _ENCODER.encode(value).encode() != data:
        raise MalformedError("not in canonical form")
    return value
