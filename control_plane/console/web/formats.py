"""How values are written for people: counts, money, bytes, ages. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

MICRO = 1_000_000
SYMBOLS = {"EUR": "€", "INR": "₹", "USD": "$", "GBP": "£", "BRL": "R$", "JPY": "¥"}
JURISDICTIONS = {
    "EU": "European Union",
    "IN": "India",
    "SA": "Saudi Arabia",
    "BR": "Brazil",
    "CN": "China",
    "US": "United States",
    "GB": "United Kingdom",
    "CH": "Switzerland",
    "SG": "Singapore",
    "JP": "Japan",
}
WORDS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
CENTS, FINE, MICROS = 2, 4, 6


def count(value: int) -> str:
    """`13412352` as `13,412,352`."""
    return f"{value:,}"


def brief(value: int) -> tuple[str, str]:
    """A large count as figure and unit: `("3.59", "billion")`, small ones as they are."""
    for limit, unit in ((10**9, "billion"), (10**6, "million")):
        if value >= limit:
            return f"{value / limit:.2f}", unit
    return count(value), ""


def word(value: int) -> str:
    """A small count as a word that may begin a sentence."""
    return WORDS[value] if 0 <= value < len(WORDS) else count(value)


def places(amounts: Iterable[int]) -> int:
    """Decimals that suit a column of micro-unit amounts: enough for the smallest, never more than are known."""
    least = min((abs(a) for a in amounts if a), default=MICRO)
    if least >= MICRO:
        return CENTS
    return FINE if least >= MICRO // 100 else MICROS


def money(micro: int, currency: str, decimals: int | None = None) -> str:
    """Micro-units as money, rounded half up by integers only: `€431.69`, `SAR 12.00`."""
    digits = places([micro]) if decimals is None else decimals
    step = 10 ** (6 - digits)
    scaled = (abs(micro) + step // 2) // step
    whole, part = divmod(scaled, 10**digits)
    symbol = SYMBOLS.get(currency, currency + "\N{NO-BREAK SPACE}")
    sign = "\N{MINUS SIGN}" if micro < 0 and scaled else ""
    return f"{sign}{symbol}{whole:,}" + (f".{part:0{digits}d}" if digits else "")


def exact(micro: int, currency: str) -> str:
    """All six decimals, for titles and small print."""
    return money(micro, currency, 6)


def percent(part: int, whole: int, decimals: int = 1) -> str:
    """`0.40 %`; a dash where there is nothing to divide by."""
    return f"{100 * part / whole:.{decimals}f} %" if whole else "\N{EN DASH}"


def size(octets: int) -> str:
    """Bytes with a unit; exact below 10 kB, since small messages are counted byte by byte."""
    if octets < 10_000:
        return f"{octets:,} B"
    for limit, unit in ((10**9, "GB"), (10**6, "MB")):
        if octets >= limit:
            return f"{octets / limit:.1f} {unit}"
    return f"{octets / 1000:.0f} kB"


def short(digest: str, length: int = 8) -> str:
    """The first characters of a digest, without its algorithm."""
    return digest.partition(":")[2][:length] or digest[:length]


def iso(at: datetime) -> str:
    """RFC 3339 for `<time datetime>`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(at: datetime) -> str:
    """`15:01` in UTC."""
    return at.astimezone(UTC).strftime("%H:%M")


def period(start: datetime, end: datetime) -> str:
    """`14:00 to 15:00 UTC`; with seconds where it is short."""
    written = "%H:%M:%S" if end - start < timedelta(minutes=5) else "%H:%M"
    return f"{start.astimezone(UTC):{written}} to {end.astimezone(UTC):{written}} UTC"


def day(at: datetime) -> str:
    """`24 Nov` in UTC."""
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%b}"


def stamp(at: datetime) -> str:
    """`24 Nov 15:01` in UTC."""
    return f"{day(at)} {clock(at)}"


def span(length: timedelta) -> str:
    """A duration in at most two units: `41 s`, `3 h 12 min`, `83 d`."""
    seconds = max(0, round(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{days} d {hours % 24} h" if days < 14 and hours % 24 else f"{days} d"


def listing(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = list(names)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def plural(number: int, one: str, many: str = "") -> str:
    """`1 region`, `2 regions`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def span_seconds(seconds: int) -> str:
    """`span` of whole seconds."""
    return span(timedelta(seconds=seconds))
