"""Calendar windows in the region's time zone: a day is as long as its clock says, 23 to 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

WindowKind = Literal["day", "week", "month", "quarter", "year", "never"]


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `resets_at`, both UTC; without `resets_at` the window never ends."""

    start: datetime
    resets_at: datetime | None


def window_at(kind: WindowKind, now: datetime, zone: ZoneInfo) -> Window:
    """The window of this kind that contains `now` (an aware time)."""
    today = now.astimezone(zone).date()
    first, after = _days(kind, today)
    return Window(_midnight(first, zone), None if after is None else _midnight(after, zone))


def _days(kind: WindowKind, today: date) -> tuple[date, date | None]:
    match kind:
        case "day":
            return today, today + timedelta(days=1)
        case "week":  # ISO 8601: weeks start on Monday
            monday = today - timedelta(days=today.weekday())
            return monday, monday + timedelta(days=7)
        case "month":
            return _months(today.year, today.month - 1, 1)
        case "quarter":
            return _months(today.year, (today.month - 1) // 3 * 3, 3)
        case "year":
            return date(today.year, 1, 1), date(today.year + 1, 1, 1)
        case "never":
            return date(1970, 1, 1), None


def _months(year: int, months: int, length: int) -> tuple[date, date]:
    end = months + length
    return date(year, months + 1, 1), date(year + end // 12, end % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
