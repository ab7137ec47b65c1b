"""Numbers for the small figures that the browser draws as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from control_plane.console.web.facts.fleet import LinkSpan

HALF_HOUR = timedelta(minutes=30)
SLOTS = 48
RANK = {"disconnected": 2, "stale": 1, "connected": 0}
LETTER = {"disconnected": "D", "stale": "S", "connected": "C", "": "N"}


def _worst(spans: Sequence[LinkSpan], start: datetime, end: datetime) -> str:
    """The worst state that lasted at least a tenth of what is known of the slot, empty when nothing is known."""
    lasted = {s.state: timedelta() for s in spans if s.start < end and s.end > start}
    for span in spans:
        if span.state in lasted:
            lasted[span.state] += max(min(span.end, end) - max(span.start, start), timedelta())
    known = sum(lasted.values(), timedelta())
    found = {state for state, length in lasted.items() if length * 10 >= known}
    return max(found, key=lambda s: RANK.get(s, 0), default="")


def strip(spans: Sequence[LinkSpan], now: datetime) -> str:
    """The link of the last 24 hours in half hours, run-length coded: `C41 D7`; N is before the region joined."""
    if not spans:
        return ""
    first = now - SLOTS * HALF_HOUR
    slots = [LETTER.get(_worst(spans, first + i * HALF_HOUR, first + (i + 1) * HALF_HOUR), "N") for i in range(SLOTS)]
    runs: list[tuple[str, int]] = []
    for letter in slots:
        if runs and runs[-1][0] == letter:
            runs[-1] = (letter, runs[-1][1] + 1)
        else:
            runs.append((letter, 1))
    return " ".join(f"{letter}{length}" for letter, length in runs)


def strip_words(coded: str) -> str:
    """The same in words, for those who do not see it."""
    total = dict.fromkeys("CSDN", 0)
    for run in coded.split():
        total[run[0]] += int(run[1:])
    parts = [
        f"{text} for {total[letter] / 2:g} h"
        for letter, text in (("D", "away"), ("S", "stale"), ("N", "not yet known"))
        if total[letter]
    ]
    return "Last 24 hours: connected" + ("" if not parts else "; " + ", ".join(parts))


def life(start: datetime, end: datetime, now: datetime, renew: int = 50) -> str:
    """A certificate's life: planned renewal and now, in per cent."""
    whole = (end - start).total_seconds()
    used = (now - start).total_seconds() / whole * 100 if whole > 0 else 100
    return f"{renew},{min(100, max(0, used)):.1f}"


def share(part: int, whole: int) -> str:
    """A share in per cent with two decimals, `0` of nothing."""
    return f"{100 * part / whole:.2f}" if whole else "0"


def spark(values: Sequence[int]) -> str:
    """A course of values for a spark, empty when there are too few to draw a line."""
    return ",".join(str(v) for v in values) if len(values) > 2 else ""
