"""From a group of lines to the numbers of a cell, with every sub-count folded until it is about k people or nobody."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bailiwick.contract.privacy_floor import crowd, enough
from bailiwick.contract.privacy_lines import CellKey, Line

LATENCY_BUCKETS_MS: Final = (25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600)
"""Inclusive upper bounds of all buckets but the last, which is open."""

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is released about one cell.

    `requests`, tokens, cost and times are of settled requests. `outcomes` and `refusals` are counts by finish and by
    reason, small ones folded into ``other``. `cached_tokens` and `reasoning_tokens` are parts of prompt and output, 0
    where they would be about too few. A histogram is empty where a bucket would be about too few.
    """

    key: CellKey
    service: bool
    requests: int
    outcomes: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[str, int], ...]
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_micro: int
    first_token_ms: tuple[int, ...]
    total_ms: tuple[int, ...]


def fold(lines: Iterable[Line], k: int) -> dict[str, tuple[Line, ...]]:
    """Lines by outcome, in which every part is about k people: the smallest ones go into ``other`` together."""
    parts: dict[str, list[Line]] = {}
    for line in lines:
        parts.setdefault(line.outcome, []).append(line)
    small = [name for name, members in parts.items() if crowd(members) < k]
    other = [line for name in sorted(small) for line in parts.pop(name)]
    for name in sorted(parts, key=lambda name: (crowd(parts[name]), len(parts[name]), name)):
        if enough(other, k):
            break
        other.extend(parts.pop(name))
    folded = {name: tuple(members) for name, members in sorted(parts.items())}
    return {**folded, OTHER: tuple(other)} if other else folded


def _buckets(lines: Sequence[Line], times: Iterable[int]) -> list[list[Line]]:
    buckets: list[list[Line]] = [[] for _ in range(len(LATENCY_BUCKETS_MS) + 1)]
    for line, milliseconds in zip(lines, times, strict=True):
        buckets[bisect_left(LATENCY_BUCKETS_MS, milliseconds)].append(line)
    return buckets


def _differ_safely(one: Sequence[Line], other: Sequence[Line], k: int) -> bool:
    """Whether subtracting one part from another that contains it leaves nobody, or k people."""
    first, second = {line.idx for line in one}, {line.idx for line in other}
    if first < second:
        return enough([line for line in other if line.idx not in first], k)
    if second < first:
        return enough([line for line in one if line.idx not in second], k)
    return True


def _histogram(buckets: Sequence[Sequence[Line]], beside: Iterable[Sequence[Line]], k: int) -> tuple[int, ...]:
    """Counts per bucket, or nothing where one, or its difference to a number `beside` it, is about too few."""
    parts = tuple(beside)
    for bucket in buckets:
        if not enough(bucket, k) or not all(_differ_safely(bucket, part, k) for part in parts if bucket):
            return ()
    return tuple(len(bucket) for bucket in buckets)


def _part(lines: Sequence[Line], part: Sequence[int], whole: Sequence[int], k: int) -> int:
    """The sum of a sub-count, 0 where it or what it leaves of the whole is about too few."""
    inside = [line for line, amount in zip(lines, part, strict=True) if amount]
    outside = [line for line, amount, total in zip(lines, part, whole, strict=True) if total > amount]
    return sum(part) if enough(inside, k) and enough(outside, k) else 0


def _counts(parts: Mapping[str, Sequence[Line]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, len(members)) for name, members in parts.items())


def cell(key: CellKey, settled: Sequence[Line], refused: Sequence[Line], k: int, *, service: bool) -> Cell:
    """The cell of these lines; `k` is 0 for service traffic, which nothing is folded for."""
    finished = fold(settled, k)
    first = _buckets(settled, (line.first_ms for line in settled))
    total = _buckets(settled, (line.total_ms for line in settled))
    first_token = _histogram(first, finished.values(), k) if settled else ()
    beside = (*finished.values(), *(first if first_token else ()))
    return Cell(
        key=key,
        service=service,
        requests=len(settled),
        outcomes=_counts(finished),
        refusals=_counts(fold(refused, k)),
        prompt_tokens=sum(line.prompt for line in settled),
        cached_tokens=_part(settled, [s.cached for s in settled], [s.prompt for s in settled], k),
        output_tokens=sum(line.output for line in settled),
        reasoning_tokens=_part(settled, [s.reasoning for s in settled], [s.output for s in settled], k),
        cost_micro=sum(line.cost for line in settled),
        first_token_ms=first_token,
        total_ms=_histogram(total, beside, k) if settled else (),
    )
