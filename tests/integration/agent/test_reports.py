"""Reports leave exactly once, whatever happens on the way, and everything that left is accounted for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bailiwick.contract.ledger_entry import Decision
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.privacy import store_reports
from data_plane.releases import store_link
from tests.fakes.centre import FakeCentre
from tests.fixtures.agent import AgentRegion, settlement, until

pytestmark = pytest.mark.integration
PEOPLE = [f"{n:032x}" for n in range(1, 13)]


class Clock:
    """The present time, moved on by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def boundary(self) -> None:
        """On to the next hour."""
        self.ahead += timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def cells(body: bytes) -> list[tuple[str, int, int]]:
    return [(cell.team, cell.requests, cell.cost_micro) for cell in metrics_pb2.Report.FromString(body).cells]


async def acknowledged(region: AgentRegion, count: int):
    return await region.value("SELECT count(*) FROM report WHERE acked_at IS NOT NULL") >= count


async def test_a_report_releases_cells_and_is_accounted_for(centre: FakeCentre, enrolled: AgentRegion, clock) -> None:
    await enrolled.put(*(settlement(n, person) for n, person in enumerate(PEOPLE, 1)))
    await enrolled.put(*(settlement(20 + n, PEOPLE[n], {"environment": "experiment"}) for n in range(3)))
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        clock.boundary()
        await until(lambda: acknowledged(enrolled, 2))
        await until(lambda: enrolled.value("SELECT count(*) FROM checkpoint WHERE cosigned IS NOT NULL"))
    known = centre.region()
    assert cells(known.reports[1]) == [("payments", 12, 6000)]
    report = metrics_pb2.Report.FromString(known.reports[1])
    assert (report.first_index, report.next_index % 16, report.sequence) == (0, 0, 1)
    assert {line.model for line in report.machines} == {"", "tiny-chat", "big-chat", "minilm"}
    assert len(await enrolled.fetch("SELECT idx FROM report_carry")) == 3
    egress = {entry.digest: entry for entry in await enrolled.entries("egress")}
    for body in known.reports.values():
        entry = egress[f"sha256:{hashlib.sha256(body).hexdigest()}"]
        assert (entry.egress_class, entry.bytes, entry.count) == ("content", len(body), 1)
    control = [entry for entry in egress.values() if entry.egress_class == "control"]
    assert "bailiwick.agent.v1.SessionRequest" in {entry.type for entry in control}
    counted = await enrolled.fetch("SELECT type FROM control_period")
    assert "bailiwick.witness.v1.AddCheckpointRequest" in {row["type"] for row in counted}


async def test_the_control_account_matches_what_the_centre_heard(centre, enrolled, clock) -> None:
    centre.region().said.clear()
    await enrolled.fetch("DELETE FROM control_period")
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: len(centre.region().said) > 8)
    heard = [request.SerializeToString(deterministic=True) for request in centre.region().said]
    row = (await enrolled.fetch("SELECT * FROM control_period WHERE type = 'bailiwick.agent.v1.SessionRequest'"))[0]
    rolling, bytes_ = bytes(32), 0
    for number, body in enumerate(heard, 1):
        rolling = hashlib.sha256(rolling + hashlib.sha256(body).digest()).digest()
        bytes_ += len(body)
        if number == row["count"]:
            break
    assert row["count"] - len(heard) in {0, 1}  # the last one may have been cut off on its way
    assert row["count"] != len(heard) or (rolling, bytes_) == (row["rolling"], row["bytes"])


async def test_carried_entries_come_out_later(centre, enrolled, clock) -> None:
    await enrolled.put(*(settlement(n, person) for n, person in enumerate(PEOPLE[:6], 1)))
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        await enrolled.put(*(settlement(20 + n, person) for n, person in enumerate(PEOPLE[6:], 1)))
        clock.boundary()
        await until(lambda: acknowledged(enrolled, 2))
    known = centre.region()
    assert cells(known.reports[1]) == []
    assert cells(known.reports[2]) == [("payments", 12, 6000)]
    assert await enrolled.fetch("SELECT idx FROM report_carry") == []


async def test_the_centre_away_costs_nothing_and_repeats_nothing(centre, enrolled, clock) -> None:
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        await centre.stop()
        for round_ in range(3):
            await enrolled.put(*(settlement(100 * round_ + n, person) for n, person in enumerate(PEOPLE, 1)))
            clock.boundary()
            await until(partial(_made, enrolled, round_ + 2))
        await centre.start()
        await until(lambda: acknowledged(enrolled, 4))
    known = centre.region()
    assert sorted(known.reports) == [1, 2, 3, 4]
    assert known.submissions[-3:] == [2, 3, 4]
    assert sum(cost for body in known.reports.values() for _, _, cost in cells(body)) == 3 * 6000


async def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(centre, enrolled, clock) -> None:
    centre.lose_answers = 2
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
    known = centre.region()
    assert known.submissions[:3] == [1, 1, 1]
    assert known.reports[1] == await enrolled.value("SELECT body FROM report WHERE sequence = 1")


async def test_a_report_damaged_on_its_way_is_sent_again(centre, enrolled, clock) -> None:
    centre.damage = 1
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
    assert centre.region().submissions[:2] == [1, 1]
    assert (await enrolled.link())["conflict"] is None


async def test_a_restored_centre_gets_the_stored_bytes_again(centre, enrolled, clock) -> None:
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        clock.boundary()
        await until(lambda: acknowledged(enrolled, 2))
        before = dict(centre.region().reports)
        centre.region().reports.clear()  # an older copy of the centre
        clock.boundary()
        await until(lambda: sorted(centre.region().reports) == [1, 2, 3])
    assert {n: centre.region().reports[n] for n in (1, 2)} == before


async def test_the_same_sequence_with_another_digest_pauses_both(centre, enrolled, clock) -> None:
    centre.region().reports[1] = b"something else"
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: _state(enrolled, "conflict-paused"))
        assert (await enrolled.link())["conflict"] == "other-digest"
        clock.boundary()
        await until(lambda: centre.region().newest("observed").state == 6)
        assert await enrolled.value("SELECT count(*) FROM report") == 1
        await _resume(enrolled, "centre")
        await until(lambda: 2 in centre.region().reports)
        await until(lambda: _state(enrolled, "connected"))
    assert [entry.reason for entry in await enrolled.entries("correction")] == ["accept-centre"]
    assert centre.region().reports[1] == b"something else"


async def test_an_older_copy_of_the_region_reports_nothing_twice(centre, enrolled, clock) -> None:
    await enrolled.put(*(settlement(n, person) for n, person in enumerate(PEOPLE, 1)))
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        clock.boundary()
        await until(lambda: acknowledged(enrolled, 2))
    sent = dict(centre.region().reports)
    await enrolled.fetch("DELETE FROM report")  # the database is restored to a time before them
    await enrolled.fetch("DELETE FROM egress_object")
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: _state(enrolled, "conflict-paused"))
        assert (await enrolled.link())["conflict"] == "older-copy"
        clock.boundary()
        assert await enrolled.value("SELECT count(*) FROM report") == 0
        await _resume(enrolled, "centre")
        await until(lambda: acknowledged(enrolled, 3))
    assert {n: centre.region().reports[n] for n in sent} == sent
    costs = [cost for body in centre.region().reports.values() for _, _, cost in cells(body)]
    assert sum(costs) == 6000


async def test_a_region_behind_the_centre_is_paused(centre, enrolled, clock) -> None:
    centre.region().restored = 7
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: _state(enrolled, "conflict-paused"))
        assert (await enrolled.link())["conflict"] == "behind-centre"
        await _resume(enrolled, "centre")
        clock.boundary()
        await until(lambda: 8 in centre.region().reports)


async def test_nothing_planted_crosses_the_border(centre, enrolled, clock) -> None:
    planted = ("jane.doe@example.org", "Jane Doe", "skunkworks-42", "4111-1111-1111-1111")
    strangers = [hashlib.sha256(person.encode()).hexdigest()[:32] for person in PEOPLE]
    await enrolled.put(*(settlement(n, person, {"team": planted[2]}) for n, person in enumerate(strangers, 1)))
    refused = (
        Decision(
            at=datetime.now(UTC),
            request=secrets.token_hex(16),
            key=secrets.token_hex(32),
            reason="model",
            person=person,
            service=False,
            day="2026-11-22",
            tags=settlement(1, person).tags,
            tier="economy",
            model=planted[2],
            currency="EUR",
            attributes={"note": planted[0]},
            policies=(planted[1],),
            policy=None,
            config=None,
        )
        for person in strangers
    )
    await enrolled.put(*refused)
    await enrolled.fetch(
        "INSERT INTO engine_state (model, kind, url, state, reason, since, seen)"
        " VALUES ('tiny-chat', 'chat', $1, 'ready', $2, now(), now()),"
        " ('skunkworks-42', 'chat', '', 'ready', '', now(), now())",
        *planted[:2],
    )
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
        await until(lambda: centre.region().newest("observed"))
        await until(lambda: enrolled.value("SELECT count(*) FROM checkpoint WHERE cosigned IS NOT NULL"))
    everything = b"".join(centre.received)
    secret = [*planted, *strangers, *(bytes.fromhex(person).decode("latin-1") for person in strangers)]
    assert not [text for text in secret if text.encode("latin-1") in everything]
    report = metrics_pb2.Report.FromString(centre.region().reports[1])
    assert {cell.team for cell in report.cells} <= {"unknown", "payments", "*"}
    assert sum(cell.requests for cell in report.cells) == 12


async def test_a_report_that_the_centre_calls_invalid_waits_for_people(centre, enrolled, clock) -> None:
    centre.refuse = True
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: _state(enrolled, "conflict-paused"))
        assert (await enrolled.link())["conflict"] == "report-refused"
        centre.refuse = False
        await _resume(enrolled, "region")
        await until(lambda: acknowledged(enrolled, 1))


async def test_digest_only_tells_size_and_root_and_nothing_else(centre, enrolled, clock) -> None:
    enrolled.profile = "digest-only"
    await enrolled.put(*(settlement(n, person) for n, person in enumerate(PEOPLE, 1)))
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
    report = metrics_pb2.Report.FromString(centre.region().reports[1])
    assert list(report.cells) == []
    assert report.profile == metrics_pb2.EXPORT_PROFILE_DIGEST_ONLY
    assert report.ledger_size % 16 == 0
    assert len(report.ledger_root) == 32


async def test_stored_reports_are_what_the_officer_reads(centre, enrolled, clock) -> None:
    async with enrolled.sealing(), enrolled.running(clock=clock):
        await until(lambda: acknowledged(enrolled, 1))
    connection = await enrolled.connect()
    (report,) = await store_reports.newest(connection)
    assert report.body == centre.region().reports[1]
    assert await connection.fetchval("SELECT bytes FROM egress_object WHERE digest = $1", report.digest) == report.body
    await connection.close()


async def _made(region: AgentRegion, count: int):
    return await region.value("SELECT count(*) FROM report") >= count


async def _state(region: AgentRegion, state: str):
    return (await region.link())["state"] == state


async def _resume(region: AgentRegion, accept: str) -> None:
    connection = await region.connect()
    try:
        assert await store_link.request_resume(connection, accept)
    finally:
        await connection.close()
