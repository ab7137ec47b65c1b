"""Which pots a request draws on, and what their level asks for."""

from hypothesis import given
from hypothesis import strategies as st

from data_plane.budget.pots import Action, Level, Pot, Rung, matching, severest

REGION = Pot("region", {}, "month", 1000)
TEAM = Pot("team/payments", {"team": "payments"}, "month", 500)
PRODUCTION = Pot("a/production", {"team": "payments", "environment": "production"}, "month", 100)
LADDER = (Rung(500, "notify"), Rung(800, "economy"), Rung(1000, "stop"))


def test_a_request_draws_on_every_pot_whose_labels_it_bears_in_the_order_of_locks() -> None:
    labels = {"team": "payments", "environment": "production", "key": "k"}
    assert matching([TEAM, REGION, PRODUCTION], labels) == (PRODUCTION, REGION, TEAM)
    assert matching([TEAM, REGION, PRODUCTION], {"team": "payments"}) == (REGION, TEAM)
    assert matching([TEAM], {}) == ()


def level(used: int, pot: Pot) -> Level:
    return Level(pot, used // 2, used - used // 2, None)


@given(st.integers(0, 10**15), st.integers(0, 10**12))
def test_the_ladder_is_climbed_at_exact_thousandths(used: int, limit: int) -> None:
    asked = level(used, Pot("p", {}, "day", limit, LADDER)).action
    expected: Action | None = None
    for share, action in ((500, "notify"), (800, "economy"), (1000, "stop")):
        if used * 1000 >= limit * share:
            expected = action  # type: ignore[assignment]  # the tuple above holds actions
    assert asked == expected


def test_a_pot_stops_at_its_limit_or_at_an_earlier_rung() -> None:
    assert Pot("p", {}, "day", None, LADDER).stop_at is None
    assert Pot("p", {}, "day", 999).stop_at == 999
    assert Pot("p", {}, "day", 999, (Rung(900, "stop"),)).stop_at == 899
    assert Pot("p", {}, "day", 10, (Rung(100, "notify"),)).stop_at == 10


def test_the_severest_level_speaks_and_the_fullest_among_equals() -> None:
    mild = level(600, Pot("mild", {}, "day", 1000, LADDER))
    full = level(700, Pot("full", {}, "day", 1000, LADDER))
    stop = level(10, Pot("stop", {}, "day", 10, LADDER))
    quiet = level(1, Pot("quiet", {}, "day", 1000, LADDER))
    assert severest([mild, full, quiet]) == full
    assert severest([mild, stop, full]) == stop
    assert severest([quiet, level(5, Pot("free", {}, "day", None, LADDER))]) is None
