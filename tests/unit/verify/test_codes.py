"""The kinds of tampering that test_verifier.py does not reach, each with its own code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bailiwick.contract import bundle, canonical
from bailiwick.contract.bundle import Head
from bailiwick.contract.ledger_entry import Admission, Settlement
from bailiwick.verify.findings import Code
from tests.fakes.region_record import RegionRecord, bent, usual
from tests.unit.verify.test_verifier import codes, first_of, resign, run

UNUSED = {Code.ARCHIVE}  # named for scripts; it ends as an ArchiveError


def few() -> RegionRecord:
    return usual(requests=24, people=12)


def renumber(record: RegionRecord, by: int, start: int) -> None:
    """Every request from `start` on gets another number: as if some before it had been left out."""
    for index, entry in enumerate(record.entries):
        if isinstance(entry, Admission | Settlement) and entry.number >= start:
            bent(record, index, number=entry.number + by)


@pytest.mark.parametrize("start", [1, 2, 20])
def test_requests_left_out_leave_a_gap(tmp_path: Path, start: int) -> None:
    record = few()
    renumber(record, 1, start)
    assert Code.NUMBER_GAP in codes(run(record, record.bundle(tmp_path)))


def test_requests_left_out_between_two_bundles_leave_a_gap(tmp_path: Path) -> None:
    record = few()
    middle = next(i for i, entry in enumerate(record.entries) if isinstance(entry, Admission) and entry.number == 13)
    early = RegionRecord(record.keys)
    early.entries, early.documents, early.contents = record.entries[:middle], record.documents, record.contents
    head = run(early, early.bundle(tmp_path / "a")).manifest.head  # type: ignore[union-attr]
    assert run(record, record.bundle(tmp_path / "b", middle, None, head), head).findings == []
    renumber(record, 1, 13)
    assert codes(run(record, record.bundle(tmp_path / "c", middle, None, head), head)) == {Code.NUMBER_GAP}


def test_a_bundle_that_does_not_show_where_numbers_go_on_is_no_proof(tmp_path: Path) -> None:
    record = few()
    middle = next(i for i, entry in enumerate(record.entries) if isinstance(entry, Admission) and entry.number == 13)
    record._earlier = lambda first: ()  # type: ignore[method-assign]  # a region that hides it
    assert Code.NUMBER_GAP in codes(run(record, record.bundle(tmp_path, middle)))


def settle_nothing(record: RegionRecord) -> None:
    last = [entry for entry in record.entries if isinstance(entry, Settlement)][-1]
    record.add(replace(last, number=900))


def reserve_less(record: RegionRecord) -> None:
    index = first_of(record, Admission)
    bent(record, index, amount=record.entries[index].amount - 1)  # type: ignore[union-attr]


def overshoot(record: RegionRecord) -> None:
    """Reservation and settlement agree with each other on too little."""
    index = first_of(record, Admission)
    bent(record, index, amount=1, pots=tuple((pot, 1) for pot, _ in record.entries[index].pots))  # type: ignore[union-attr]


def repeat_statement(record: RegionRecord) -> None:
    record.consent()


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (settle_nothing, Code.SETTLED_WITHOUT),
        (reserve_less, Code.BOUND),
        (overshoot, Code.OVERSHOOT),
        (repeat_statement, Code.SEQUENCE),
    ],
)
def test_a_record_that_lies_is_found_out(tmp_path: Path, bend: Callable[[RegionRecord], None], code: Code) -> None:
    record = few()
    bend(record)
    assert code in codes(run(record, record.bundle(tmp_path)))


def another_tree(files: dict[str, bytes]) -> None:
    files[bundle.CONSISTENCY] = files[bundle.RANGE]


def bad_entry(files: dict[str, bytes]) -> None:
    files[bundle.ENTRIES] = files[bundle.ENTRIES].replace(b'"kind":"settlement"', b'"kind":"gift"', 1)


def more_entries(files: dict[str, bytes]) -> None:
    files[bundle.ENTRIES] += files[bundle.ENTRIES].splitlines(keepends=True)[-1]


def better_coverage(files: dict[str, bytes]) -> None:
    stated = json.loads(files[bundle.COVERAGE])
    stated["cost_micro"]["EUR"] += 1
    files[bundle.COVERAGE] = canonical.dumps(stated)


def forged_past(files: dict[str, bytes]) -> None:
    lines = files[bundle.EARLIER].splitlines(keepends=True)
    files[bundle.EARLIER] = b"".join([*lines[1:], lines[0]])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (another_tree, Code.CONSISTENCY),
        (bad_entry, Code.ENTRY_FORM),
        (more_entries, Code.ENTRY_COUNT),
        (better_coverage, Code.COVERAGE),
        (forged_past, Code.EARLIER),
    ],
)
def test_a_bundle_that_lies_is_found_out(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], code: Code
) -> None:
    record = few()
    early = RegionRecord(record.keys)
    early.entries, early.documents, early.contents = record.entries[:20], record.documents, record.contents
    head: Head = run(early, early.bundle(tmp_path / "a")).manifest.head  # type: ignore[union-attr]
    path = record.bundle(tmp_path / "b", 20, None, head)
    assert run(record, path, head).findings == []
    resign(record, path, change)
    assert code in codes(run(record, path, head))


def test_every_code_has_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [code.name for code in Code if code not in UNUSED and f"Code.{code.name}" not in tests] == []
