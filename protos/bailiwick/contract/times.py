"""Points in time as RFC 3339 in UTC with microseconds: ``2026-11-22T16:00:00.000000Z``."""

from datetime import UTC, datetime

from bailiwick.contract.errors import MalformedError


def format_time(moment: datetime) -> str:
    """Write an aware datetime; a naive one is refused."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise MalformedError("a time without zone has no canonical form")
        moment = moment.astimezone(UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_time(text: object) -> datetime:
    """Read exactly the form that `format_time` writes."""
    if type(text) is not str or len(text) != 27 or text[-1] != "Z" or not text.isascii():
        raise MalformedError("not a time in UTC with microseconds")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError("not a time in UTC with microseconds") from error
    if format_time(moment) != text:
        raise MalformedError("not a time in UTC with microseconds")
    return moment
