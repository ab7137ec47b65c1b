"""Money: exact, in integers, never above its bound."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract.errors import MalformedError
from bailiwick.contract.pricing import Bound, Price, Usage, cost, worst_case
from tests.unit.contract.strategies import PRICES, usages


@given(PRICES, usages())
def test_a_cost_is_one_ceiling_of_the_exact_sum(price, usage):
    exact = (
        Fraction(price.prompt) * (usage.prompt - usage.cached)
        + Fraction(price.cached) * usage.cached
        + Fraction(price.output) * usage.output
    ) / 1_000_000
    assert cost(price, usage) == ceil(exact)


@given(PRICES, usages(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_worst_case_bounds_every_usage_within(price, usage, more_prompt, more_output):
    bound = Bound(usage.prompt + more_prompt, usage.output + more_output)
    assert cost(price, usage) <= worst_case(price, bound)


def test_cached_tokens_are_part_of_the_prompt_and_reasoning_of_the_output():
    price = Price(prompt=2_000_000, cached=1_000_000, output=4_000_000)
    assert cost(price, Usage(prompt=10, cached=4, output=3, reasoning=3)) == 12 + 4 + 12
    assert cost(Price(1, 1, 1), Usage(1, 0, 0, 0)) == 1
    assert cost(Price(1, 1, 1), Usage(0, 0, 0, 0)) == 0


@pytest.mark.parametrize(
    "counts", [(1, 2, 0, 0), (0, 0, 1, 2), (-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, -1, 0), (2**53, 0, 0, 0)]
)
def test_impossible_usage_is_refused(counts):
    with pytest.raises(MalformedError):
        Usage(*counts)


@pytest.mark.parametrize("prices", [(-1, 0, 0), (0, -1, 0), (0, 0, 2**53)])
def test_impossible_prices_are_refused(prices):
    with pytest.raises(MalformedError):
        Price(*prices)


def test_an_absurd_amount_is_refused():
    with pytest.raises(MalformedError):
        worst_case(Price(2**53 - 1, 0, 0), Bound(2**53 - 1, 0))
