"""Money in integer micro-units: one price, one ceiling division, no floats."""

from dataclasses import dataclass
from typing import Final

from bailiwick.contract.canonical import MAX_INTEGER
from bailiwick.contract.errors import MalformedError

PER_TOKENS: Final = 1_000_000
"""Prices are micro-units per this many tokens."""


def _bounded(name: str, value: int) -> None:
    if not 0 <= value <= MAX_INTEGER:
        raise MalformedError(f"{name} is negative or too large")


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-units per 1,000,000 tokens: uncached prompt, cached prompt, output."""

    prompt: int
    cached: int
    output: int

    def __post_init__(self) -> None:
        _bounded("a price", self.prompt)
        _bounded("a price", self.cached)
        _bounded("a price", self.output)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as OpenAI counts them: `cached` is part of `prompt`, `reasoning` is part of `output`."""

    prompt: int
    cached: int
    output: int
    reasoning: int

    def __post_init__(self) -> None:
        _bounded("a token count", self.prompt)
        _bounded("a token count", self.output)
        if not 0 <= self.cached <= self.prompt or not 0 <= self.reasoning <= self.output:
            raise MalformedError("cached or reasoning tokens exceed what they are part of")


@dataclass(frozen=True, slots=True)
class Bound:
    """The most tokens that an admitted request can use."""

    prompt: int
    output: int

    def __post_init__(self) -> None:
        _bounded("a token bound", self.prompt)
        _bounded("a token bound", self.output)


def _ceiling(amount: int) -> int:
    result = -(-amount // PER_TOKENS)
    if result > MAX_INTEGER:
        raise MalformedError("an amount of money is too large")
    return result


def cost(price: Price, usage: Usage) -> int:
    """What a request costs, in micro-units: one ceiling division over the sum of all its tokens."""
    uncached = usage.prompt - usage.cached
    return _ceiling(price.prompt * uncached + price.cached * usage.cached + price.output * usage.output)


def worst_case(price: Price, bound: Bound) -> int:
    """An upper bound of `cost` for every usage within `bound`."""
    return _ceiling(max(price.prompt, price.cached) * bound.prompt + price.output * bound.output)
