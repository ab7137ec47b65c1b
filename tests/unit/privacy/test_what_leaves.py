"""Properties of what leaves: it depends on registered words, amounts and how many people there are; on nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.contract.ledger_entry import Decision, Settlement, decode
from bailiwick.contract.pricing import Usage
from bailiwick.contract.privacy import Floor
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.privacy.documents import parsers
from data_plane.privacy.rebuild import Rebuilder
from data_plane.privacy.report import Heading, compose, partition
from data_plane.privacy.vocabulary import registered
from data_plane.privacy.walk import border_files, walk

TEAMS = ("payments", "care", "lab")
VOCABULARIES = registered(
    "eu-de",
    "EUR",
    ["tiny-chat", "minilm"],
    {
        "cost_centre": ("cc-100",),
        "team": TEAMS,
        "project": ("core",),
        "product": ("assistant",),
        "use_case": ("support", "summaries"),
        "environment": ("production",),
    },
)
REBUILDER = Rebuilder(walk(border_files()), VOCABULARIES, parsers("eu-de", "bailiwick/eu-de"))
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
FLOOR = Floor(3, 900)
HEADING = Heading("eu-de", 1, 0, 3600, 0, 100, 256, b"\x01" * 32, FLOOR, "floor")

tags = st.builds(
    lambda team, case: {
        "cost_centre": "cc-100",
        "team": team,
        "project": "core",
        "product": "assistant",
        "use_case": case,
        "environment": "production",
    },
    st.sampled_from(TEAMS),
    st.sampled_from(("support", "summaries")),
)
people = st.integers(0, 7).map(lambda n: f"{n:032x}")
days = st.sampled_from(("2026-11-20", "2026-11-21"))
settlements = st.builds(
    lambda person, day, tag, tokens, cost: Settlement(
        AT,
        1,
        person,
        False,
        day,
        tag,
        "economy",
        "tiny-chat",
        Usage(tokens, 0, tokens, 0),
        cost,
        "EUR",
        "reported",
        "stop",
        20,
        200,
        (),
    ),
    people,
    days,
    tags,
    st.integers(0, 500),
    st.integers(0, 900),
)
decisions = st.builds(
    lambda person, day, tag: Decision(
        AT, "0" * 32, None, "policy", person, False, day, tag, "economy", "tiny-chat", "EUR", {}, (), None, None
    ),
    people,
    days,
    tags,
)
ledgers = st.lists(st.one_of(settlements, decisions), max_size=60)


def leave(ledger) -> tuple[metrics_pb2.Report, bytes, tuple[int, ...]]:
    entries = [(index, entry.encode()) for index, entry in enumerate(ledger)]
    body = partition(entries, [], VOCABULARIES, FLOOR, "floor")
    outgoing = compose(REBUILDER, HEADING, body, ())
    return outgoing.message, outgoing.body, body.carried


@settings(max_examples=60, deadline=None)
@given(ledgers)
def test_released_and_carried_are_the_ledger(ledger) -> None:
    report, _, carried = leave(ledger)
    held = [ledger[index] for index in carried]
    settled = [entry for entry in ledger if isinstance(entry, Settlement)]
    kept = [entry for entry in held if isinstance(entry, Settlement)]
    assert sum(cell.requests for cell in report.cells) + len(kept) == len(settled)
    assert sum(cell.cost_micro for cell in report.cells) + sum(e.cost for e in kept) == sum(e.cost for e in settled)
    assert sum(cell.prompt_tokens for cell in report.cells) + sum(e.usage.prompt for e in kept) == sum(
        e.usage.prompt for e in settled
    )
    refused = sum(count.count for cell in report.cells for count in cell.refusals)
    assert refused + len(held) - len(kept) == len(ledger) - len(settled)


@settings(max_examples=60, deadline=None)
@given(ledgers, st.permutations([f"{n:032x}" for n in range(8)]))
def test_renaming_all_people_changes_nothing_that_leaves(ledger, names) -> None:
    renamed = [replace(entry, person=names[int(entry.person, 16)]) for entry in ledger]
    assert leave(renamed)[1:] == leave(ledger)[1:]


@settings(max_examples=40, deadline=None)
@given(ledgers, st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_free_text_and_request_ids_change_nothing_that_leaves(ledger, text) -> None:
    def other(entry):
        if isinstance(entry, Decision):
            return replace(entry, request="f" * 32, key="a" * 64, attributes={"note": text}, policies=("some-policy",))
        return replace(entry, number=entry.number + 1000, at=AT.replace(minute=7), pots=(("team/payments", 5),))

    assert leave([other(entry) for entry in ledger])[1:] == leave(ledger)[1:]


@settings(max_examples=60, deadline=None)
@given(ledgers)
def test_every_word_that_leaves_is_registered_and_every_cell_has_a_crowd(ledger) -> None:
    report, body, carried = leave(ledger)
    for cell in report.cells:
        assert cell.team in {*TEAMS, "*", "unknown"}
        assert cell.requests == sum(count.count for count in cell.outcomes)
    persons = {entry.person for entry in ledger}
    assert not any(bytes.fromhex(person) in body and int(person, 16) > 255 for person in persons)
    if len(persons) < FLOOR.k:
        assert not report.cells
        assert len(carried) == len(ledger)


@settings(max_examples=60, deadline=None)
@given(ledgers)
def test_a_tag_outside_the_vocabulary_leaves_as_unknown(ledger) -> None:
    foreign = [replace(entry, tags={**entry.tags, "team": "skunkworks"}) for entry in ledger]
    report, body, _ = leave(foreign)
    assert b"skunkworks" not in body
    assert {cell.team for cell in report.cells} <= {"unknown", "*"}


@settings(max_examples=30, deadline=None)
@given(ledgers)
def test_the_same_ledger_gives_the_same_bytes(ledger) -> None:
    assert leave(ledger)[1] == leave([decode(entry.encode()) for entry in ledger])[1]
