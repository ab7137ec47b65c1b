"""The same entries for people and spreadsheets: rows of CSV, and sums for the page."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bailiwick.contract.ledger_entry import Admission, Change, Consent, Decision, Egress, Settlement, Veto
from bailiwick.contract.times import format_time

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from bailiwick.contract.ledger_entry import Entry

COLUMNS = (
    "index", "kind", "at", "number", "team", "project", "product", "use_case", "environment", "model",
    "prompt_tokens", "output_tokens", "cost_micro", "currency", "how", "outcome", "policies", "release",
)  # fmt: skip


class CsvRows:
    """Writes one row per entry; persons and keys are left out, since the entries hold only their tags."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, COLUMNS, lineterminator="\n")
        self._writer.writeheader()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def add(self, index: int, entry: Entry) -> None:
        """One entry."""
        row: dict[str, object] = {"index": index, "kind": entry.kind, "at": format_time(entry.at)}
        if isinstance(entry, Admission):
            row |= {
                "number": entry.number,
                "model": entry.model,
                "cost_micro": entry.amount,
                "currency": entry.currency,
            }
            row["policies"] = " ".join(entry.policies)
        elif isinstance(entry, Settlement):
            row |= _tags(entry) | {"number": entry.number, "cost_micro": entry.cost, "currency": entry.currency}
            row |= {"prompt_tokens": entry.usage.prompt, "output_tokens": entry.usage.output}
            row |= {"how": entry.how, "outcome": entry.finish}
        elif isinstance(entry, Decision):
            row |= _tags(entry) | {"outcome": f"refused: {entry.reason}", "policies": " ".join(entry.policies)}
        elif isinstance(entry, Change):
            row |= {"release": entry.version, "outcome": entry.action}
        self._writer.writerow(row)


def _tags(entry: Settlement | Decision) -> dict[str, object]:
    tags = {name: value for name, value in entry.tags.items() if name in COLUMNS}
    return {**tags, "model": entry.model}


@dataclass
class Summary:
    """Sums over the entries of a range, for the page."""

    kinds: Counter[str] = field(default_factory=Counter)
    cost: Counter[tuple[str, str]] = field(default_factory=Counter)  # by (team, currency), micro-units
    requests: Counter[str] = field(default_factory=Counter)  # by team
    how: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)  # by reason
    rules: Counter[str] = field(default_factory=Counter)  # refusals by rule
    left: Counter[str] = field(default_factory=Counter)  # messages by type
    left_bytes: Counter[str] = field(default_factory=Counter)
    events: list[tuple[str, str]] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """One entry."""
        self.kinds[entry.kind] += 1
        if isinstance(entry, Settlement):
            team = entry.tags["team"]
            self.requests[team] += 1
            self.cost[team, entry.currency] += entry.cost
            self.how[entry.how] += 1
        elif isinstance(entry, Decision):
            self.refusals[entry.reason] += 1
            self.rules.update(entry.policies)
        elif isinstance(entry, Egress):
            self.left[entry.type] += entry.count
            self.left_bytes[entry.type] += entry.bytes
        elif isinstance(entry, Change):
            self.events.append((format_time(entry.at), f"release {entry.version} {entry.action}"))
        elif isinstance(entry, Consent | Veto):
            said = "consented to" if isinstance(entry, Consent) else "vetoed"
            self.events.append(
                (format_time(entry.at), f"officers {said} {entry.manifest[:23]} (statement {entry.sequence})")
            )
