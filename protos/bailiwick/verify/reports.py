"""Step 12: every message of class CONTENT is here as it left, and each report follows from the entries."""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from bailiwick.contract import privacy
from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Decision, Egress, Settlement
from bailiwick.contract.release import hex_of
from bailiwick.metrics.v1 import metrics_pb2
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.contract.privacy import Cell, Counted
    from bailiwick.verify.archive import Archive
    from bailiwick.verify.findings import Step

REPORT: Final = "bailiwick.metrics.v1.Report"
MAX_CONTENT: Final = 8 << 20
_REFUSED: Final = "REFUSED_"


class Reports:
    """Follows settlements, refusals and messages that left.

    Rules:

    1. A CONTENT message stands in the bundle under its digest, with the length that its entry states.
    2. Reports are gapless: sequence after sequence, each beginning at the index where the one before ended.
    3. A report's cells are exactly those that the contract builds from the entries of its range, those carried from
       earlier reports, the registered words and the floor; what they hold back is carried on.
    """

    def __init__(self, archive: Archive, region: str, grid: privacy.Grid, step: Step) -> None:
        self._archive = archive
        self._region = region
        self._grid = grid
        self._step = step
        self._names = set(archive.names)
        self._new: deque[tuple[int, Counted]] = deque()
        self._carried: dict[int, Counted] = {}
        self._sequence: int | None = None
        self._next = 0
        self.content = 0

    def earlier(self, index: int, entry: Entry) -> None:
        """An entry from before the range: one that the first report in the range counts or carries."""
        if isinstance(entry, Settlement | Decision):
            self._carried[index] = entry

    def entry(self, index: int, entry: Entry) -> None:
        """The next entry of the range."""
        if isinstance(entry, Settlement | Decision):
            self._new.append((index, entry))
        elif isinstance(entry, Egress) and entry.egress_class == "content":
            self._content(index, entry)

    def _content(self, index: int, entry: Egress) -> None:
        self._step.checked += 1
        self.content += 1
        name = f"egress/{hex_of(entry.digest)}"
        if name not in self._names:
            self._step.find(Code.EGRESS, f"a message that left ({entry.type}) is not in the bundle", index)
            return
        body = self._archive.read(name, MAX_CONTENT)
        if len(body) != entry.bytes or f"sha256:{sha256(body).hexdigest()}" != entry.digest:
            self._step.find(Code.EGRESS, "a message that left is not the one that was accounted for", index)
        elif entry.type == REPORT:
            self._report(index, entry, body)

    def _report(self, index: int, entry: Egress, body: bytes) -> None:
        try:
            report = metrics_pb2.Report.FromString(body)
        except DecodeError:
            self._step.find(Code.REPORT, "a report does not parse", index)
            return
        if report.SerializeToString(deterministic=True) != body:
            self._step.find(Code.REPORT, "a report is not in its one form", index)
        if (report.region, report.sequence) != (self._region, entry.sequence):
            self._step.find(Code.REPORT, "a report is of another region or sequence than its entry says", index)
        if self._sequence is not None and (report.sequence, report.first_index) != (self._sequence + 1, self._next):
            self._step.find(
                Code.REPORT_GAP, f"report {report.sequence} does not continue report {self._sequence}", index
            )
        self._sequence, self._next = report.sequence, report.next_index
        self._recompute(index, report)

    def _recompute(self, index: int, report: metrics_pb2.Report) -> None:
        new: list[tuple[int, Counted]] = []
        while self._new and self._new[0][0] < report.next_index:
            new.append(self._new.popleft())
        if report.profile == metrics_pb2.EXPORT_PROFILE_DIGEST_ONLY:
            if report.cells:
                self._step.find(Code.REPORT, "a digest-only report releases cells", index)
            return
        carried = sorted(self._carried.items())
        try:
            built = privacy.build(new, carried, self._grid, report.k, report.p_permille)
        except ContractError as error:
            self._step.find(Code.REPORT, str(error), index)
            return
        known = dict([*new, *carried])
        self._carried = {place: known[place] for place in built.carried}
        if [_released(cell) for cell in report.cells] != [_built(cell) for cell in built.cells]:
            self._step.find(Code.REPORT, f"report {report.sequence} does not follow from the entries", index)

    @property
    def held_back(self) -> int:
        """Entries that no report has released yet, of those that reports cover."""
        return len(self._carried)


def _released(cell: metrics_pb2.Cell) -> tuple[object, ...]:
    key = tuple(getattr(cell, name) for name in privacy.CellKey._fields)
    return (
        key,
        cell.service,
        cell.requests,
        tuple((_word(count.outcome), count.count) for count in cell.outcomes),
        tuple((_word(count.outcome), count.count) for count in cell.refusals),
        (cell.prompt_tokens, cell.cached_tokens, cell.output_tokens, cell.reasoning_tokens, cell.cost_micro),
        tuple(cell.first_token_ms),
        tuple(cell.total_ms),
    )


def _built(cell: Cell) -> tuple[object, ...]:
    return (
        tuple(cell.key),
        cell.service,
        cell.requests,
        cell.outcomes,
        cell.refusals,
        (cell.prompt_tokens, cell.cached_tokens, cell.output_tokens, cell.reasoning_tokens, cell.cost_micro),
        cell.first_token_ms,
        cell.total_ms,
    )


def _word(outcome: int) -> str:
    name = metrics_pb2.Outcome.Name(metrics_pb2.Outcome.ValueType(outcome)).removeprefix("OUTCOME_")
    return name.removeprefix(_REFUSED).lower()
