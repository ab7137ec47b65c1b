"""Reports of the regions: their parts, and the rules by which one is taken.

The rules, in the order in which they are checked:

1. The region's report key has signed the exact bytes.
2. The bytes decode to a report, wholly, and encode to the same bytes.
3. Every field keeps to its privacy class; every word is registered.
4. The report names the region that sent it.
5. The sequence is the next one: a known one with the same digest is acknowledged again, with another digest it is a
   conflict; a later one is a gap.
6. Its index range begins where the last one ended (later, and recorded as a gap, after a region was resumed), and ends
   within the ledger that it names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from control_plane.domain.errors import CentreError
from control_plane.domain.words import RegionId


class ReportInvalidError(CentreError):
    """The bytes are no report that may be taken. Raised by the decoder, with a fixed text."""


class SubmitOutcome(StrEnum):
    """What became of a submitted report."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    GAP = "gap"
    CONFLICT = "conflict"
    BAD_SIGNATURE = "bad-signature"
    INVALID = "invalid"


@dataclass(frozen=True)
class Submitted:
    """The answer to a submission: what became of it, and the sequence that is expected next."""

    outcome: SubmitOutcome
    next_sequence: int


@dataclass(frozen=True)
class Cell:
    """Sums over a set of requests by enough people. "*" in a dimension: merged, because finer cells were too small.

    `cost_micro` is in micro-units of `currency`. `outcomes` and `refusals` are (word, count) pairs.
    """

    cost_centre: str
    team: str
    project: str
    product: str
    use_case: str
    model: str
    environment: str
    tier: str
    service: bool
    requests: int
    outcomes: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[str, int], ...]
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_micro: int
    currency: str
    first_token_ms: tuple[int, ...] = ()
    total_ms: tuple[int, ...] = ()

    @property
    def refused(self) -> int:
        """Refused requests, whatever the reason."""
        return sum(count for _, count in self.refusals)


@dataclass(frozen=True)
class MachineLine:
    """A line that does not depend on use: `engine-seconds` of a model, or `storage-mib`."""

    measure: str
    model: str
    amount: int


@dataclass(frozen=True)
class Report:
    """One region's report over ledger indices [first_index, next_index). Times are seconds since the epoch."""

    region: RegionId
    sequence: int
    period_start: int
    period_end: int
    first_index: int
    next_index: int
    ledger_size: int
    ledger_root: bytes
    k: int
    p_permille: int
    profile: str
    cells: tuple[Cell, ...]
    machines: tuple[MachineLine, ...]


@dataclass(frozen=True)
class KeptReport:
    """A report as the centre keeps it: the exact bytes, and what identifies them."""

    region: RegionId
    sequence: int
    digest: bytes
    size: int
    period_start: datetime
    period_end: datetime
    first_index: int
    next_index: int
    ledger_size: int
    ledger_root: bytes
    profile: str
    k: int
    p_permille: int
    received_at: datetime


def place(report: Report, digest: bytes, newest: KeptReport | None, same: KeptReport | None) -> SubmitOutcome:
    """Rules 5 and 6: what becomes of a well-formed report.

    `newest` is the last report taken, `same` the one taken under this sequence.
    """
    expected = newest.sequence + 1 if newest is not None else 1
    if report.sequence < expected:
        return SubmitOutcome.KNOWN if same is not None and same.digest == digest else SubmitOutcome.CONFLICT
    if report.sequence > expected:
        return SubmitOutcome.GAP
    start = newest.next_index if newest is not None else 0
    if report.first_index < start or (newest is not None and report.ledger_size < newest.ledger_size):
        return SubmitOutcome.CONFLICT
    if not _ordered(report):
        return SubmitOutcome.INVALID
    return SubmitOutcome.ACCEPTED


def _ordered(report: Report) -> bool:
    indices = report.first_index <= report.next_index <= report.ledger_size
    return indices and report.period_start <= report.period_end
