"""From the partition to the bytes of a report. Pure but for the rebuilding, which is pure too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Decision, Settlement, decode
from bailiwick.contract.privacy import Cell, Counted, Floor, ReportBody, build
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.privacy.errors import ReportError
from data_plane.privacy.ports import Machine
from data_plane.privacy.rebuild import Outgoing, Rebuilder, Value, Values
from data_plane.privacy.vocabulary import Vocabularies

TYPE = "bailiwick.metrics.v1.Report"
SIGNED_PREFIX = b"bailiwick-report-v1\n"
OUTCOMES = dict(metrics_pb2.Outcome.items())
PROFILES = {
    "floor": metrics_pb2.EXPORT_PROFILE_FLOOR,
    "digest-only": metrics_pb2.EXPORT_PROFILE_DIGEST_ONLY,
}


@dataclass(frozen=True)
class Heading:
    """Everything of a report that does not come from entries. Times are whole seconds since the epoch."""

    region: str
    sequence: int
    period_start: int
    period_end: int
    first: int
    next: int
    size: int
    root: bytes
    floor: Floor
    profile: str


def counted(entries: Sequence[tuple[int, bytes]]) -> list[tuple[int, Counted]]:
    """The settlements and refusals among entries.

    Raises:
        ReportError: an entry is not one of the ledger's forms.
    """
    found: list[tuple[int, Counted]] = []
    for index, body in entries:
        try:
            entry = decode(body)
        except ContractError as error:
            raise ReportError(f"the ledger entry at {index} does not parse") from error
        if isinstance(entry, Settlement | Decision):
            found.append((index, entry))
    return found


def partition(
    entries: Sequence[tuple[int, bytes]],
    carried: Sequence[tuple[int, bytes]],
    vocabularies: Vocabularies,
    floor: Floor,
    profile: str,
) -> ReportBody:
    """The cells of a report and what it carries; `digest-only` releases no cell and carries nothing new."""
    if profile == "digest-only":
        return ReportBody((), tuple(index for index, _ in carried))
    return build(counted(entries), counted(carried), vocabularies.grid, floor.k, floor.p_permille)


def compose(rebuilder: Rebuilder, heading: Heading, body: ReportBody, machines: Sequence[Machine]) -> Outgoing:
    """The report as it leaves."""
    lines: Sequence[Value] = [
        {"measure": line.measure, "model": line.model, "amount": line.amount} for line in machines
    ]
    values: Values = {
        "region": heading.region,
        "sequence": heading.sequence,
        "period_start": heading.period_start,
        "period_end": heading.period_end,
        "first_index": heading.first,
        "next_index": heading.next,
        "ledger_size": heading.size,
        "ledger_root": heading.root,
        "cells": [_cell(cell) for cell in body.cells],
        "machines": lines,
        "k": heading.floor.k,
        "p_permille": heading.floor.p_permille,
        "profile": PROFILES[heading.profile],
    }
    return rebuilder.build(TYPE, values)


def _cell(cell: Cell) -> Values:
    return {
        **cell.key._asdict(),
        "service": int(cell.service),
        "requests": cell.requests,
        "outcomes": _counts(cell.outcomes, ""),
        "refusals": _counts(cell.refusals, "REFUSED_"),
        "prompt_tokens": cell.prompt_tokens,
        "cached_tokens": cell.cached_tokens,
        "output_tokens": cell.output_tokens,
        "reasoning_tokens": cell.reasoning_tokens,
        "cost_micro": cell.cost_micro,
        "first_token_ms": list(cell.first_token_ms),
        "total_ms": list(cell.total_ms),
    }


def _counts(counts: Sequence[tuple[str, int]], kind: str) -> Sequence[Mapping[str, Value]]:
    return [{"outcome": OUTCOMES[f"OUTCOME_{kind}{name.upper()}"], "count": count} for name, count in counts]
