"""The pure parts of the adapters: words for log entries, spans of a link, what a release changes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from control_plane.console.adapters import changes, fleet, left
from control_plane.console.adapters.words import SENTENCES, activity
from control_plane.console.web.facts.fleet import Activity
from control_plane.console.web.facts.release import ChangeFact
from control_plane.console.web.pages.evidence import AskForm, Wrong, parse
from control_plane.console.web.ports import EvidenceAsk
from control_plane.console.web.views.release import change_view
from control_plane.domain.fleet import Received
from control_plane.domain.ledger import LogEntry
from control_plane.domain.words import region_id
from tests.fixtures.gateway import NO_LAB, config, policy_set

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
EU = region_id("eu-de")


def entry(kind: str, actor: str = "amara", **facts: object) -> LogEntry:
    body = {"v": 1, "kind": kind, "actor": actor, "at": "2026-11-22T17:29:00.000000Z", "facts": facts}
    return LogEntry(0, json.dumps(body).encode(), NOW)


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_each_kind_of_entry_is_a_sentence(kind: str) -> None:
    facts = {"version": 3, "sequence": 7, "size": 13_412_352, "region": "eu-de", "phase": "vetoed", "rollout": "4"}
    said = activity(entry(kind, "region:eu-de", **facts))
    assert said is not None
    assert said.text.endswith(".")
    assert "{" not in said.text
    assert said.place == "eu-de"


def test_unknown_kinds_are_left_out() -> None:
    assert activity(entry("tuf.seed")) is None


def test_numbers_are_written_for_people() -> None:
    said = activity(entry("witness.cosign", "region:eu-de", size=13_412_352))
    assert said is not None
    assert said.text == "Checkpoint at 13,412,352 entries, cosigned."


def test_recurring_lines_do_not_crowd_out_people() -> None:
    reports = [Activity(NOW, "eu-de", f"Report no. {n} received and checked.") for n in range(9)]
    person = Activity(NOW, "centre", "jonas approved a wave of a rollout.")
    assert fleet.thinned([*reports, person]) == (reports[0], person)


def test_what_changes_is_grouped_by_its_rule() -> None:
    found = changes.decisions(policy_set(), policy_set(NO_LAB), [("eu-de", "EU")])
    flips = found.flips
    assert found.combinations > sum(f.count for f in flips) > 0
    assert [f.rule for f in flips] == ["no-lab"]
    assert flips[0].denies
    assert ("team", "lab") in flips[0].attributes
    assert (flips[0].owner, flips[0].basis) == ("dpo", "GDPR Art. 35")


def test_the_same_policy_flips_nothing() -> None:
    found = changes.decisions(policy_set(), policy_set(), [("eu-de", "EU")])
    assert found.combinations > 0
    assert (found.flips, found.refused) == ((), "")


def test_too_many_combinations_are_never_called_the_same_policy() -> None:
    teams = ("lab", *(f"t{n}" for n in range(15_000)))
    many = replace(policy_set(NO_LAB), vocabularies={**policy_set().vocabularies, "team": teams})
    found = changes.decisions(policy_set(), many, [("eu-de", "EU")])
    assert "too many" in found.refused
    view = change_view(ChangeFact(1, found.combinations, found.flips, refused=found.refused), 2)
    assert view.head == "Policy changes; which decisions flip is not known."
    assert "too many" in view.rest
    assert change_view(ChangeFact(1), 2).head == "Policy stays the same."


def test_config_values_are_compared_by_name() -> None:
    assert changes.values(config(), config()) == ()
    moved = {v.key: v for v in changes.values(config("EUR"), config("INR"))}
    assert moved["price.EUR.tiny-chat.prompt"].after == ""
    assert moved["price.INR.tiny-chat.prompt"].after == "500,000 micro-INR per 1,000,000 tokens"


def test_received_messages_are_summed_by_kind() -> None:
    hours = [Received(EU, "heartbeat", NOW - timedelta(hours=n), 60, 600) for n in range(3)]
    kinds = left.kinds([*hours, Received(EU, "report", NOW, 2, 900)])
    assert [(k.name, k.cls, k.count, k.bytes) for k in kinds] == [
        ("report", "content", 2, 900),
        ("heartbeat", "control", 180, 1800),
    ]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (AskForm("atlantis", "", "", "age1abc"), "region"),
        (AskForm("eu-de", "", "", "bob@example.org"), "recipient"),
        (AskForm("eu-de", "x", "", "age1abc"), "first"),
        (AskForm("eu-de", "9", "3", "age1abc"), "last"),
        (AskForm("eu-de", "\u0663", "", "age1abc"), "first"),
    ],
)
def test_a_wrong_question_is_mended_in_its_field(form: AskForm, field: str) -> None:
    wrong = parse(form, frozenset({"eu-de"}))
    assert isinstance(wrong, Wrong)
    assert wrong.field == field


def test_a_question_names_entries_from_first_to_last() -> None:
    ask = parse(AskForm("eu-de", "256", "511", "age1abc"), frozenset({"eu-de"}))
    assert ask == EvidenceAsk(EU, "age1abc", 256, 512)
