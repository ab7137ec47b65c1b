"""Values as people read them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.console.web import formats


@given(st.integers(min_value=-(10**15), max_value=10**15), st.sampled_from([0, 2, 4, 6]))
def test_money_is_the_nearest_amount_with_its_decimals(micro: int, decimals: int) -> None:
    text = formats.money(micro, "EUR", decimals).replace(",", "").replace("€", "").replace("\N{MINUS SIGN}", "-")
    whole, _, part = text.lstrip("-").partition(".")
    shown = int(whole) * 10**6 + int((part or "0").ljust(6, "0"))
    assert abs(shown - abs(micro)) * 2 <= 10 ** (6 - decimals)
    assert len(part) == decimals


def test_six_decimals_are_exact() -> None:
    assert formats.exact(6_268_204_117, "EUR") == "€6,268.204117"
    assert formats.exact(-1, "INR") == "\N{MINUS SIGN}₹0.000001"


def test_an_unknown_currency_keeps_its_code() -> None:
    assert formats.money(12_000_000, "SAR") == "SAR\N{NO-BREAK SPACE}12.00"


@pytest.mark.parametrize(
    ("amounts", "decimals"), [([], 2), ([0], 2), ([431_690_000], 2), ([500_000, 9_000_000], 4), ([4_300, 90], 6)]
)
def test_a_column_has_decimals_enough_for_its_smallest(amounts: list[int], decimals: int) -> None:
    assert formats.places(amounts) == decimals


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (90000, "1 d 1 h"),
        (83 * 86400, "83 d"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    assert formats.span(timedelta(seconds=seconds)) == text


def test_a_moment_is_told_in_utc() -> None:
    at = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)
    assert formats.iso(at) == "2026-11-24T15:01:00.000Z"
    assert formats.stamp(at) == "24 Nov 15:01"


def test_lists_and_plurals() -> None:
    assert formats.listing(["a", "b", "c"]) == "a, b and c"
    assert formats.plural(1, "witness", "witnesses") == "1 witness"
    assert formats.plural(0, "region") == "0 regions"
