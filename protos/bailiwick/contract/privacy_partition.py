"""The partition: every line in exactly one cell that passes the floor, or carried to a later report.

Rules, each deterministic in the entries and blind to what the tags of people are:

1. Lines start in their finest cells. A cell that passes the floor stands.
2. Cells that fail merge upward, one dimension at a time (use case, product, project, team, cost centre, region),
   always with every other failing cell below the same parent.
3. Where the failing cells of a parent are still too few together, the parent's smallest passing cells join them, as
   many as it takes and no more; where even all would not do, none joins and the failing cells rise alone.
4. At the level of the region passing cells join only for lines of a day that is over: such lines gain no more people,
   and money would otherwise be lost instead of late. The day's own failing lines are carried, unannounced.

Each released cell is a set of lines of its own, about k people or more; no two overlap, within a report or across
reports. So no sum or difference of released cells describes a smaller set than one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.contract.privacy_floor import Floor, crowd, passes
from bailiwick.contract.privacy_lines import ANY, LEVELS, CellKey, Line, Stream


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one cell, of one stream."""

    stream: Stream
    key: CellKey
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """Groups to release, and indices to carry."""

    groups: tuple[Group, ...]
    carried: tuple[int, ...]


def _parent(key: CellKey, level: int) -> CellKey:
    return key._replace(**dict.fromkeys(LEVELS[level], ANY))


def _below(key: CellKey, parent: CellKey) -> bool:
    return all(upper in (ANY, lower) for lower, upper in zip(key, parent, strict=True))


class _Merge:
    """One stream on its way up."""

    def __init__(self, lines: Sequence[Line], floor: Floor, today: str) -> None:
        self._floor = floor
        self._today = today
        self.passing: dict[CellKey, list[Line]] = {}
        self.failing: dict[CellKey, list[Line]] = {}
        finest: dict[CellKey, list[Line]] = {}
        for line in lines:
            finest.setdefault(line.key, []).append(line)
        for key, members in finest.items():
            (self.passing if passes(members, floor) else self.failing)[key] = members

    def rise(self, level: int) -> None:
        """Merge away the dimensions of one level."""
        pools: dict[CellKey, list[Line]] = {}
        for key in sorted(self.failing):
            pools.setdefault(_parent(key, level), []).extend(self.failing[key])
        self.failing = {}
        for parent, pool in sorted(pools.items()):
            if passes(pool, self._floor):
                self.passing[parent] = pool
                continue
            joined = self._join(parent, pool) if self._may_join(level, pool) else ()
            if joined:
                for key in joined:
                    pool.extend(self.passing.pop(key))
                self.passing[parent] = pool
            else:
                self.failing[parent] = pool

    def _may_join(self, level: int, pool: Sequence[Line]) -> bool:
        return level < len(LEVELS) - 1 or any(line.day < self._today for line in pool)

    def _join(self, parent: CellKey, pool: Sequence[Line]) -> tuple[CellKey, ...]:
        """The fewest of the smallest passing cells below `parent` that lift `pool` over the floor; none if none do."""
        siblings = [key for key in self.passing if _below(key, parent)]
        siblings.sort(key=lambda key: (crowd(self.passing[key]), len(self.passing[key]), key))
        together = list(pool)
        for count, key in enumerate(siblings, start=1):
            together.extend(self.passing[key])
            if passes(together, self._floor):
                return tuple(siblings[:count])
        return ()


def _service_groups(stream: Stream, lines: Sequence[Line]) -> list[Group]:
    cells: dict[CellKey, list[Line]] = {}
    for line in lines:
        cells.setdefault(line.key, []).append(line)
    return [Group(stream, key, tuple(members)) for key, members in cells.items()]


def _by_index(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: line.idx))


def partition(streams: Mapping[Stream, Sequence[Line]], floor: Floor) -> Partition:
    """Partition each stream; service traffic keeps its finest cells, for it is about nobody."""
    groups: list[Group] = []
    carried: list[int] = []
    today = max((line.day for lines in streams.values() for line in lines), default="")
    for stream, lines in sorted(streams.items()):
        if stream.service:
            groups += _service_groups(stream, lines)
            continue
        merge = _Merge(lines, floor, today)
        for level in range(len(LEVELS)):
            merge.rise(level)
        groups += [Group(stream, key, _by_index(members)) for key, members in merge.passing.items()]
        carried += [line.idx for members in merge.failing.values() for line in members]
    groups.sort(key=lambda group: (group.key, group.stream))
    return Partition(tuple(groups), tuple(sorted(carried)))
