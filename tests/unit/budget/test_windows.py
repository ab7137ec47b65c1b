"""Calendar windows follow the region's clock, also where it jumps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane.budget.windows import WindowKind, window_at

KINDS: tuple[WindowKind, ...] = ("day", "week", "month", "quarter", "year", "never")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia")
MOMENTS = st.integers(10**9, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.sampled_from(KINDS), MOMENTS, st.sampled_from(ZONES))
def test_a_moment_lies_in_its_window_and_the_windows_touch(kind: WindowKind, moment: datetime, zone: str) -> None:
    window = window_at(kind, moment, ZoneInfo(zone))
    assert window.start <= moment
    if window.resets_at is None:
        assert kind == "never"
        return
    assert moment < window.resets_at
    assert window_at(kind, window.resets_at, ZoneInfo(zone)).start == window.resets_at
    assert window_at(kind, window.resets_at - timedelta(microseconds=1), ZoneInfo(zone)) == window


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        ("day", "2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        ("week", "2026-10-18T22:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        ("month", "2026-09-30T22:00:00+00:00", "2026-10-31T23:00:00+00:00"),
        ("quarter", "2026-09-30T22:00:00+00:00", "2026-12-31T23:00:00+00:00"),
        ("year", "2025-12-31T23:00:00+00:00", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_the_day_on_which_the_clock_is_set_back_has_25_hours(kind: WindowKind, start: str, end: str) -> None:
    window = window_at(kind, datetime(2026, 10, 25, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert (window.start.isoformat(), window.resets_at.isoformat() if window.resets_at else "") == (start, end)
