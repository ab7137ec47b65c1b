"""The aggregated report: what a region says about its use. The parts stand in the ``privacy_*`` modules.

A region builds a report with `build`; whoever holds the entries, the carried indices and the floor builds the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bailiwick.contract.privacy_cells import LATENCY_BUCKETS_MS, OTHER, Cell, cell
from bailiwick.contract.privacy_floor import Floor, crowd, passes
from bailiwick.contract.privacy_lines import (
    ANY,
    DIMENSIONS,
    LEVELS,
    UNKNOWN,
    CellKey,
    Counted,
    Grid,
    Line,
    Stream,
    lines,
)
from bailiwick.contract.privacy_partition import Group, Partition, partition

__all__ = [
    "ANY",
    "DIMENSIONS",
    "LATENCY_BUCKETS_MS",
    "LEVELS",
    "MAX_CELLS",
    "OTHER",
    "UNKNOWN",
    "Cell",
    "CellKey",
    "Counted",
    "Floor",
    "Grid",
    "Group",
    "Line",
    "Partition",
    "ReportBody",
    "Stream",
    "build",
    "crowd",
    "partition",
    "partition_entries",
    "passes",
]

MAX_CELLS: Final = 10_000
"""Cells of one report; what would exceed it is carried."""


@dataclass(frozen=True, slots=True)
class ReportBody:
    """Cells in the order of their keys, and the indices that are carried into the next report."""

    cells: tuple[Cell, ...]
    carried: tuple[int, ...]


def partition_entries(entries: Sequence[tuple[int, Counted]], grid: Grid, floor: Floor) -> Partition:
    """The partition behind a report, for those who hold the entries."""
    return partition(lines(entries, grid), floor)


def build(
    entries: Sequence[tuple[int, Counted]],
    carried: Sequence[tuple[int, Counted]],
    grid: Grid,
    k: int = 10,
    p_permille: int = 500,
) -> ReportBody:
    """The report over new `entries` and those `carried` from earlier reports.

    Each entry counts in exactly one cell, or its index is in `carried` of the result. Deterministic: the order of the
    entries and the words of people's tags change nothing. Raises MalformedError for an index given twice.
    """
    parted = partition_entries([*entries, *carried], grid, Floor(k, p_permille))
    merged: dict[tuple[CellKey, bool], list[Group]] = {}
    for group in parted.groups:
        merged.setdefault((group.key, group.stream.service), []).append(group)
    places = sorted(merged)
    cells: list[Cell] = []
    for key, service in places[:MAX_CELLS]:
        groups = merged[key, service]
        settled = [line for group in groups if group.stream.settled for line in group.lines]
        refused = [line for group in groups if not group.stream.settled for line in group.lines]
        cells.append(cell(key, settled, refused, 0 if service else k, service=service))
    excess = [line.idx for place in places[MAX_CELLS:] for group in merged[place] for line in group.lines]
    return ReportBody(tuple(cells), tuple(sorted((*parted.carried, *excess))))
