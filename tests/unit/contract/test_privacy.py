"""The promise of reports: nothing about fewer than k people, nothing lost, nothing that names a person's tag."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.contract.errors import MalformedError
from bailiwick.contract.ledger_entry import Decision, Settlement
from bailiwick.contract.pricing import Usage
from bailiwick.contract.privacy import LATENCY_BUCKETS_MS, Cell, Counted, Floor, Grid, build, partition_entries
from bailiwick.contract.privacy_cells import fold
from tests.unit.contract.histories import NOW, WORDS, History, histories

EXAMPLE = Settlement(
    at=NOW,
    number=1,
    person="0" * 32,
    service=False,
    day="2026-11-22",
    tags={name: words[0] for name, words in WORDS.items()},
    tier="economy",
    model="tiny-chat",
    usage=Usage(10, 0, 10, 0),
    cost=30,
    currency="EUR",
    how="reported",
    finish="stop",
    first_ms=10,
    total_ms=60,
    pots=(),
)

MEASURES = ("requests", "prompt", "output", "cost")


def people(entries: Sequence[Counted]) -> int:
    """Distinct people of the largest single day: said again here, without the contract's code."""
    days: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        days[entry.day].add(entry.person)
    return max((len(tags) for tags in days.values()), default=0)


def amounts(entry: Counted) -> dict[str, int]:
    if isinstance(entry, Decision):
        return {"requests": 1}
    return {"requests": 1, "prompt": entry.usage.prompt, "output": entry.usage.output, "cost": entry.cost}


def released(history: History) -> list[tuple[int, list[int]]]:
    """(report, indices) of every group that was released about people."""
    ledger, groups = history.ledger, []
    carried: tuple[int, ...] = ()
    for number, batch in enumerate(history.batches):
        pairs = [*batch, *((index, ledger[index]) for index in carried)]
        parted = partition_entries(pairs, Grid(), Floor(history.k, history.p_permille))
        carried = parted.carried
        groups += [(number, [line.idx for line in g.lines]) for g in parted.groups if not g.stream.service]
    return groups


@given(histories())
def test_released_and_carried_make_up_the_ledger(history):
    bodies = history.reports()
    carried = [history.ledger[index] for index in bodies[-1].carried]
    cells = [cell for body in bodies for cell in body.cells]
    settled = [entry for entry in history.ledger.values() if isinstance(entry, Settlement)]
    kept = [entry for entry in carried if isinstance(entry, Settlement)]
    for currency in ("EUR", "INR"):
        mine = [cell for cell in cells if cell.key.currency == currency]
        assert sum(c.cost_micro for c in mine) + sum(e.cost for e in kept if e.currency == currency) == sum(
            e.cost for e in settled if e.currency == currency
        )
    assert sum(c.prompt_tokens for c in cells) + sum(e.usage.prompt for e in kept) == sum(
        e.usage.prompt for e in settled
    )
    assert sum(c.output_tokens for c in cells) + sum(e.usage.output for e in kept) == sum(
        e.usage.output for e in settled
    )
    assert sum(c.requests for c in cells) + len(kept) == len(settled)
    refused = sum(count for c in cells for _, count in c.refusals)
    assert refused + len(carried) - len(kept) == len(history.ledger) - len(settled)


@given(histories())
def test_each_entry_counts_once_over_all_reports(history):
    ledger = history.ledger
    counted = [index for _, indices in released(history) for index in indices]
    assert len(counted) == len(set(counted))
    carried = history.reports()[-1].carried
    assert set(carried).isdisjoint(counted)
    assert {i for i, e in ledger.items() if not e.service} == set(counted) | set(carried)


@given(histories())
def test_every_number_of_every_cell_is_about_k_people(history):
    for _, indices in released(history):
        entries = [history.ledger[index] for index in indices]
        for measure in MEASURES:
            contributors = [entry for entry in entries if amounts(entry).get(measure)]
            assert not contributors or people(contributors) >= history.k


@given(histories())
def test_nobody_makes_up_more_than_p_of_a_number(history):
    for _, indices in released(history):
        entries = [history.ledger[index] for index in indices]
        for measure in MEASURES:
            shares: dict[tuple[str, str], int] = defaultdict(int)
            for entry in entries:
                shares[entry.day, entry.person] += amounts(entry).get(measure, 0)
            total = sum(shares.values())
            assert all(share * 1000 <= history.p_permille * total for share in shares.values())


@given(histories())
def test_no_difference_of_released_cells_is_about_fewer_people(history):
    """Also across reports: what remains of one released set after taking away another is empty or about k people."""
    sets = [frozenset(indices) for _, indices in released(history)]
    for one, other in combinations(sets, 2):
        for rest in (one - other, other - one, one | other):
            assert not rest or people([history.ledger[index] for index in rest]) >= history.k


def _parts(history: History, cell: Cell, entries: list[Settlement]) -> dict[str, list[list[Settlement]]]:
    """The sets of entries behind the sub-counts of a cell, said again from the entries."""
    parts: dict[str, list[list[Settlement]]] = defaultdict(list)
    named = {name for name, _ in cell.outcomes}
    for name in named - {"other"}:
        parts["outcome"].append([entry for entry in entries if entry.finish == name])
    if "other" in named:
        parts["outcome"].append([entry for entry in entries if entry.finish not in named])
    for kind, released_buckets in (("first_ms", cell.first_token_ms), ("total_ms", cell.total_ms)):
        if released_buckets:
            bounds = [-1, *LATENCY_BUCKETS_MS, float("inf")]
            for low, high in pairwise(bounds):
                parts[kind].append([entry for entry in entries if low < getattr(entry, kind) <= high])
    return parts


def _settled_by_cell(history: History) -> list[tuple[Cell, list[Any]]]:
    """Each cell about people with the settlements behind it."""
    pairs = []
    ledger = history.ledger
    carried: tuple[int, ...] = ()
    for batch, body in zip(history.batches, history.reports(), strict=True):
        counted = [*batch, *((index, ledger[index]) for index in carried)]
        parted = partition_entries(counted, Grid(), Floor(history.k, history.p_permille))
        carried = parted.carried
        behind = {(group.key, group.stream): [ledger[line.idx] for line in group.lines] for group in parted.groups}
        for (key, stream), entries in behind.items():
            if stream.settled and not stream.service:
                pairs += [(cell, entries) for cell in body.cells if cell.key == key and not cell.service]
    return pairs


@settings(max_examples=200)
@given(histories())
def test_every_sub_count_and_every_difference_of_two_is_about_k_people(history):
    for cell, entries in _settled_by_cell(history):
        parts = _parts(history, cell, entries)
        assert sorted(len(part) for part in parts["outcome"]) == sorted(count for _, count in cell.outcomes)
        for kind, buckets in (("first_ms", cell.first_token_ms), ("total_ms", cell.total_ms)):
            assert [len(part) for part in parts[kind]] == list(buckets)
        sets = [entries, *(part for group in parts.values() for part in group)]
        identities = [frozenset(map(id, part)) for part in sets]
        by_id = {id(entry): entry for entry in entries}
        for one in identities:
            assert not one or people([by_id[i] for i in one]) >= history.k
        for one, other in combinations(identities, 2):
            for inner, outer in ((one, other), (other, one)):
                if inner and inner < outer:
                    assert people([by_id[i] for i in outer - inner]) >= history.k


@given(histories())
def test_partial_token_counts_are_about_k_people_or_nought(history):
    for cell, entries in _settled_by_cell(history):
        for shown, part, whole in (
            (cell.cached_tokens, lambda e: e.usage.cached, lambda e: e.usage.prompt),
            (cell.reasoning_tokens, lambda e: e.usage.reasoning, lambda e: e.usage.output),
        ):
            assert shown in (0, sum(part(entry) for entry in entries))
            if shown:
                assert people([entry for entry in entries if part(entry)]) >= history.k
                rest = [entry for entry in entries if whole(entry) > part(entry)]
                assert not rest or people(rest) >= history.k


@given(histories())
def test_every_refusal_count_is_about_k_people(history):
    for body in history.reports():
        for cell in body.cells:
            if not cell.service:
                assert all(count >= history.k for _, count in cell.refusals)


@given(histories(), st.randoms(use_true_random=False))
def test_renaming_all_people_changes_nothing(history, random):
    tags = sorted({entry.person for entry in history.ledger.values()})
    fresh = [f"{random.getrandbits(64):016x}{place:016x}" for place in range(len(tags))]
    names = dict(zip(tags, fresh, strict=True))
    renamed = replace(
        history,
        batches=tuple(
            tuple((index, replace(entry, person=names[entry.person])) for index, entry in batch)
            for batch in history.batches
        ),
    )
    assert renamed.reports() == history.reports()


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(history, random):
    shuffled = replace(history, batches=tuple(tuple(random.sample(batch, len(batch))) for batch in history.batches))
    assert shuffled.reports() == history.reports()


@given(histories())
def test_cells_hold_registered_words_only(history):
    grid = Grid({"team": frozenset({"payments"}), "use_case": frozenset({"support"})})
    allowed = {**{name: {*words, "*", "unknown"} for name, words in WORDS.items()}}
    allowed["team"] = {"payments", "*", "unknown"}
    allowed["use_case"] = {"support", "*", "unknown"}
    for body in history.reports(grid):
        for cell in body.cells:
            assert all(getattr(cell.key, name) in words for name, words in allowed.items())


@given(histories())
def test_a_finished_day_is_not_carried_for_ever(history):
    """Once a crowd of a later day uses everything, nothing of earlier days stays behind."""
    index = max(history.ledger, default=0) + 1
    template = next((e for e in history.ledger.values() if isinstance(e, Settlement)), None)
    if template is None:
        return
    heaviest = sum(amounts(e).get("cost", 0) + amounts(e).get("requests", 0) for e in history.ledger.values())
    crowd = []
    for currency in ("EUR", "INR"):
        for refused in (False, True):
            for person in range(20):
                entry = replace(
                    template,
                    day="2026-11-30",
                    person=f"{person:032x}",
                    service=False,
                    currency=currency,
                    usage=replace(template.usage, prompt=9999, cached=0, output=9999, reasoning=0),
                    cost=heaviest + 1,
                )
                crowd += [_refusal(entry) if refused else entry] * (len(history.ledger) + 1)
    batch = tuple((index + place, entry) for place, entry in enumerate(crowd))
    final = replace(history, batches=(*history.batches, batch))
    assert final.reports()[-1].carried == ()


def _refusal(entry: Settlement) -> Decision:
    return Decision(
        at=entry.at,
        request="0" * 32,
        key=None,
        reason="policy",
        person=entry.person,
        service=False,
        day=entry.day,
        tags=entry.tags,
        tier=entry.tier,
        model=entry.model,
        currency=entry.currency,
        attributes={},
        policies=(),
        policy=None,
        config=None,
    )


@given(histories())
def test_service_traffic_is_apart_and_exact(history):
    service = [entry for entry in history.ledger.values() if entry.service and isinstance(entry, Settlement)]
    cells = [cell for body in history.reports() for cell in body.cells if cell.service]
    assert sum(cell.cost_micro for cell in cells) == sum(entry.cost for entry in service)
    assert all("*" not in cell.key for cell in cells)


def test_an_index_given_twice_is_refused():
    with pytest.raises(MalformedError):
        build([], [(1, EXAMPLE), (1, EXAMPLE)], Grid())


@pytest.mark.parametrize(("k", "p"), [(0, 500), (10, 0), (10, 1001), (100_001, 500)])
def test_other_floors_are_refused(k, p):
    with pytest.raises(MalformedError):
        Floor(k, p)


def test_a_grid_of_other_dimensions_is_refused():
    with pytest.raises(MalformedError):
        Grid({"person": frozenset()})


def test_folding_takes_a_passing_part_along_when_the_small_ones_are_still_too_few():
    history = History((), 2, 1000)
    ended: list[tuple[int, Literal["stop", "length", "abort"]]]
    ended = [(1, "stop"), (2, "stop"), (3, "stop"), (1, "length"), (2, "length"), (1, "abort")]
    lines = partition_entries(
        [
            (place, replace(EXAMPLE, person=f"{person:032x}", finish=finish))
            for place, (person, finish) in enumerate(ended)
        ],
        Grid(),
        Floor(history.k, history.p_permille),
    ).groups[0]
    folded = fold(lines.lines, 2)
    assert {name: len(part) for name, part in folded.items()} == {"stop": 3, "other": 3}
