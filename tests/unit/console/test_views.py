"""View models: first sentences, queues, buttons, lanes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from control_plane.console.web.facts.fleet import LinkSpan, RegionFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.facts.rollout import LaneFact, RolloutFact
from control_plane.console.web.facts.spend import SpendFact
from control_plane.console.web.glyphs import shape
from control_plane.console.web.views import actions, evidence, figures, lanes, left, queue, world
from control_plane.console.web.views import rollout as rollout_view
from control_plane.console.web.views import spend as spend_view
from tests.fakes import console_data as data
from tests.fakes.console import PEOPLE

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
REGIONS: dict[str, RegionFact] = {r.id: r for r in data.regions(NOW)}
ROLLOUT = next(r for r in data.rollouts(NOW) if r.id == "ro-42")
DAY = timedelta(days=1)
EMPTY = SpendFact(NOW - DAY, NOW, 1800, (), ())
FULL = SpendFact(NOW - DAY, NOW, 3600, data.cells(NOW - DAY, NOW, timedelta(hours=1)), data.sources(NOW), data.MACHINES)


def sentence(runs: tuple[tuple[str, bool], ...]) -> str:
    return "".join(text for text, _ in runs)


def built(*regions: str) -> world.WorldView:
    chosen = [REGIONS[r] for r in regions]
    return world.build(chosen, [], [], EMPTY, PEOPLE["vera"], NOW)


def test_the_first_line_says_what_is_the_case() -> None:
    assert sentence(built().lede) == "No region has joined yet."
    assert sentence(built("eu-de").lede) == "The only region runs the intended release."
    both = sentence(built("eu-de", "br-sp").lede)
    assert both == "One of two regions runs the intended release. br-sp refused release 42."
    fresh = world.build([replace(REGIONS["eu-de"], intended=None)], [], [], EMPTY, PEOPLE["vera"], NOW)
    assert "no release has been rolled out yet" in sentence(fresh.lede)


def test_what_is_old_is_never_green() -> None:
    row = built("sa-ry").regions[0]
    assert row.old
    assert row.engines is not None
    assert row.engines.code == "stale"
    assert row.release_note.endswith("as last seen")
    assert row.spend == ()


def test_nothing_reported_is_not_zero_money() -> None:
    stat = next(s for s in built("eu-de").stats if s.label.startswith("Spend"))
    assert stat.value == "none"


def test_the_queue_is_oldest_first_and_knows_who_may_act() -> None:
    waiting = queue.queue(list(REGIONS.values()), [ROLLOUT], PEOPLE["jonas"])
    assert [w.since for w in waiting] == sorted(w.since for w in waiting)
    mine = [w for w in waiting if w.action]
    assert [w.subject.text for w in mine] == ["Rollout 42"]
    assert not any(w.action for w in queue.queue([], [ROLLOUT], PEOPLE["amara"]))


@pytest.mark.parametrize(
    ("verb", "who", "said"),
    [
        ("approve", "jonas", ""),
        ("approve", "amara", "someone else must approve"),
        ("approve", "vera", "Only central operations"),
        ("pause", "jonas", ""),
        ("resume", "jonas", "not paused"),
        ("rollback", "jonas", ""),
        ("abort", "rosa", "Only central operations"),
    ],
)
def test_who_may_do_what(verb: str, who: str, said: str) -> None:
    refused = actions.refusal(ROLLOUT, verb, PEOPLE[who])
    assert (said in refused) if said else refused == ""


def test_all_buttons_show_and_those_that_are_off_say_why() -> None:
    buttons = actions.buttons(ROLLOUT, PEOPLE["vera"])
    assert len(buttons) == len(actions.VERBS)
    assert all(b.why for b in buttons)


def test_an_ended_rollout_can_only_be_rolled_back() -> None:
    done = replace(ROLLOUT, state="complete")
    jonas = PEOPLE["jonas"]
    assert {v for v in actions.VERBS if not actions.refusal(done, v, jonas)} == {"rollback"}
    assert "no fallback" in actions.refusal(replace(done, fallback=None), "rollback", jonas)
    assert "rolled back already" in actions.refusal(replace(done, state="rolled-back"), "rollback", jonas)


@pytest.mark.parametrize("verb", actions.VERBS)
def test_each_confirmation_says_what_will_and_will_not_happen(verb: str) -> None:
    words = actions.confirmation(ROLLOUT, verb)
    assert words.will
    assert words.will_not
    assert words.title.endswith("?")


def test_a_rollback_names_the_regions_it_touches() -> None:
    words = actions.confirmation(ROLLOUT, "rollback")
    assert words.will[0].startswith("in-mh and eu-de switch")
    assert words.will_not[0].startswith("br-sp and sa-ry stay")


def lane(**changes: object) -> lanes.LaneRow:
    fact = LaneFact(data.EU, "EU", "waiting")
    wave = replace(ROLLOUT.waves[1], lanes=(replace(fact, **changes),))  # type: ignore[arg-type] # a test builder
    return lanes.waves(replace(ROLLOUT, state="running", waves=(wave,)), NOW)[0].lanes[0]


def test_a_lane_that_bakes_says_how_far() -> None:
    row = lane(phase="baking", consent="given", staged_at=NOW, bake_started=NOW - timedelta(minutes=20))
    assert [s.state.text for s in row.steps] == [
        "approved",
        "given",
        "observed",
        "20 min of 1 h",
        "at 18:10",
        "pending",
    ]
    assert [s.now for s in row.steps] == [False, False, False, True, False, False]


def test_a_lane_without_gated_change_needs_no_consent() -> None:
    row = lane(phase="converged", consent="none", staged_at=NOW, bake_started=NOW, ended_at=NOW)
    assert row.steps[1].state.text == "not needed"
    assert row.steps[-1].state.code == "converged"


def test_a_veto_stops_the_lane_where_it_was_said() -> None:
    row = lane(phase="vetoed", consent="vetoed", veto_code="RETENTION-MISSING", keeps=41)
    assert len(row.steps) == 3
    assert row.veto_text == "a rule lacks its retention line."
    assert row.steps[-1].state.text == "stays on 41"


def test_waiting_never_shows_as_passed() -> None:
    for phase in ("waiting", "awaiting-approval", "offered", "awaiting-consent"):
        assert not any(s.done for s in lane(phase=phase).steps[1:]), phase


def test_the_lede_of_a_rollout_names_who_is_waited_for() -> None:
    view = rollout_view.build(ROLLOUT, None, PEOPLE["jonas"], NOW)
    said = sentence(view.lede)
    assert "One of four regions has converged." in said
    assert "br-sp said no." in said
    assert "sa-ry is away and takes its turn when it returns." in said


def test_currencies_are_never_added() -> None:
    view = spend_view.build(FULL, "day", "team", NOW)
    assert view.currencies == ("BRL", "EUR", "INR")
    assert "not added together" in view.lede
    for i, currency in enumerate(view.currencies):
        total = sum(c.cost for c in FULL.cells if c.currency == currency)
        cost = view.total.costs[i]
        assert cost is not None
        assert cost.exact.endswith(f"{total % 10**6:06d}")


def test_merged_and_withheld_lines_say_so() -> None:
    teams = spend_view.build(FULL, "day", "team", NOW).rows
    assert [r.name for r in teams if r.merged] == ["Teams too small to show alone"]
    regions = spend_view.build(FULL, "day", "region", NOW).rows
    withheld = next(r for r in regions if r.withheld)
    assert withheld.name == "sa-ry"
    assert "digest-only" in withheld.withheld
    assert withheld.requests == ""


def test_the_chart_adds_up_to_the_cells() -> None:
    chart = spend_view.build(FULL, "day", "team", NOW).chart
    tokens = next(m for m in chart.measures if m.key == "tokens")
    assert sum(map(sum, tokens.values)) == sum(c.tokens for c in FULL.cells)
    euros = next(m for m in chart.measures if m.key == "cost-EUR")
    assert euros.regions == ("eu-de",)
    assert sum(map(sum, euros.values)) == sum(c.cost for c in FULL.cells if c.currency == "EUR")
    assert chart.measures[0].key == "tokens"


def test_only_a_ready_bundle_is_offered_for_verification() -> None:
    requests = data.evidence(NOW)
    view = evidence.build(requests, PEOPLE["rosa"], "", NOW)
    assert view.howto is not None
    assert view.howto.verify == "bailiwick verify eu-de-3204352-6694144.tar --trust trust.json"
    assert [r.id for r in view.rows if r.ready] == ["ev-0047"]
    assert view.rows[0].state.code == "offline"
    assert not view.ask.off
    assert evidence.build(requests, Person("x", "X", frozenset({Role.VIEWER})), "", NOW).ask.off


def test_the_strip_shows_what_is_not_known_as_not_known() -> None:
    coded = figures.strip(REGIONS["sa-ry"].link, NOW)
    assert sum(int(run[1:]) for run in coded.split()) == 48
    assert "away for 3" in figures.strip_words(coded)
    assert figures.strip((), NOW) == ""


@pytest.mark.parametrize("code", ["awaiting-consent", "awaiting-approval", "requested"])
def test_waiting_for_a_person_has_one_shape(code: str) -> None:
    assert shape(code) == "person"


def test_a_rollout_without_lanes_is_not_a_crash() -> None:
    bare = RolloutFact("1", 1, "running", "a", NOW, "a", ())
    assert sentence(rollout_view.build(bare, None, PEOPLE["jonas"], NOW).lede).startswith("None of")


def test_a_region_that_just_joined_is_shown_as_connected() -> None:
    joined = (LinkSpan("connected", NOW - timedelta(seconds=50), NOW),)
    assert figures.strip(joined, NOW) == "N47 C1"


def test_quiet_reports_are_one_line_with_every_digest() -> None:
    view = left.build(data.left(NOW, REGIONS["eu-de"]))
    quiet = [r for r in view.reports if isinstance(r, left.QuietReports)]
    assert [(q.sequences, q.count, len(q.digests)) for q in quiet] == [("2,061 to 2,062", "2", 2)]
    opened = [r for r in view.reports if isinstance(r, left.ReportRow) and r.open]
    assert [r.sequence for r in opened] == ["2,064"]
    assert opened[0].cells[-1].merged
