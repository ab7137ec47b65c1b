"""The floor: how many people a number is about, and whether one of them makes up too much of it.

People are known by a tag drawn for each (person, day), so nobody can be followed from one day to the next. Hence a set
of lines is about as many people as its largest single day has, and one person's share is taken at its worst: the
largest contributor of each day might be the same person.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bailiwick.contract.errors import MalformedError
from bailiwick.contract.privacy_lines import Line

MEASURES: Final[tuple[Callable[[Line], int], ...]] = (
    lambda line: 1,  # noqa: ARG005 # every line is one request
    lambda line: line.prompt,
    lambda line: line.output,
    lambda line: line.cost,
)
"""The additive numbers that stand in a cell whole: each must be about k people or about nobody."""


@dataclass(frozen=True, slots=True)
class Floor:
    """At least `k` distinct people, none above `p_permille` thousandths of a measure."""

    k: int = 10
    p_permille: int = 500

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 100_000 or not 1 <= self.p_permille <= 1000:
            raise MalformedError("a floor has k of at least 1 and p within 1 to 1000")


def crowd(lines: Iterable[Line]) -> int:
    """How many people the lines are about: the distinct tags of the largest single day."""
    days: dict[str, set[str]] = {}
    for line in lines:
        days.setdefault(line.day, set()).add(line.person)
    return max(map(len, days.values()), default=0)


def enough(lines: Iterable[Line], k: int) -> bool:
    """Whether the lines are about nobody, or about k people."""
    people = crowd(lines)
    return people == 0 or people >= k


def _measure_passes(lines: Iterable[Line], measure: Callable[[Line], int], floor: Floor) -> bool:
    days: dict[str, dict[str, int]] = {}
    total = 0
    for line in lines:
        amount = measure(line)
        if amount:
            people = days.setdefault(line.day, {})
            people[line.person] = people.get(line.person, 0) + amount
            total += amount
    if total == 0:
        return True
    largest = sum(max(people.values()) for people in days.values())
    return max(map(len, days.values())) >= floor.k and largest * 1000 <= floor.p_permille * total


def passes(lines: Iterable[Line], floor: Floor) -> bool:
    """Whether a cell of exactly these lines may be released."""
    kept = tuple(lines)
    return all(_measure_passes(kept, measure, floor) for measure in MEASURES)
