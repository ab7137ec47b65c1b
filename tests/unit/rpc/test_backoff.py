from hypothesis import given
from hypothesis import strategies as st

from bailiwick.rpc.backoff import Backoff


@given(st.floats(0, 1, exclude_max=True), st.integers(-1, 10_000))
def test_a_delay_lies_within_its_ceiling(draw, attempt):
    assert 0 <= Backoff(lambda: draw, 0.5, 5.0).delay(attempt) <= 5.0


def test_the_ceiling_doubles_up_to_the_cap():
    backoff = Backoff(lambda: 1.0, 0.5, 5.0)
    assert [backoff.delay(attempt) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
