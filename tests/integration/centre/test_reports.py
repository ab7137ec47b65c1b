"""Reports over real mTLS: each exactly once, in order, by its exact bytes."""

from __future__ import annotations

import asyncio

import pytest

from bailiwick.metrics.v1 import metrics_pb2 as pb
from control_plane.domain.spend import Dimension, SpendQuery
from tests.fixtures.centre import RegionEnd, RunningCentre
from tests.fixtures.reports import cell, report

pytestmark = pytest.mark.integration


async def submit(end: RegionEnd, body: bytes) -> pb.SubmitResponse:
    async with end.agents_port() as port:
        return await port.reports.Submit(end.sign_report(body))


async def test_a_report_is_taken_once_however_often_it_is_sent(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    body = report("eu-de", 1)
    answers = [await submit(end, body) for _ in range(3)]
    assert [answer.status for answer in answers] == [
        pb.SUBMIT_STATUS_ACCEPTED,
        pb.SUBMIT_STATUS_KNOWN,
        pb.SUBMIT_STATUS_KNOWN,
    ]
    assert {answer.next_sequence for answer in answers} == {2}
    kept, _ = await centre.services.reports.body(end.region, 1)
    assert kept == body
    spend = await centre.services.spend.read(SpendQuery())
    assert [(row.requests, row.refused, row.cost_micro) for row in spend.rows] == [(12, 2, 4321)]


async def test_copies_of_a_report_that_race_are_taken_once(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    answers = await asyncio.gather(*(submit(end, report("eu-de", 1)) for _ in range(6)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [pb.SUBMIT_STATUS_ACCEPTED] + [pb.SUBMIT_STATUS_KNOWN] * 5


async def test_out_of_order_is_a_gap_and_stores_nothing(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    answer = await submit(end, report("eu-de", 3))
    assert (answer.status, answer.next_sequence) == (pb.SUBMIT_STATUS_GAP, 1)
    assert await centre.services.reports.recent(end.region) == []
    for sequence in (1, 2, 3):
        assert (await submit(end, report("eu-de", sequence))).status == pb.SUBMIT_STATUS_ACCEPTED


async def test_another_report_under_a_known_sequence_pauses_the_region(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    await submit(end, report("eu-de", 1))
    answer = await submit(end, report("eu-de", 1, cells=[cell(requests=13, outcomes=[])]))
    assert answer.status == pb.SUBMIT_STATUS_INVALID
    other = cell(cost_micro=1)
    answer = await submit(end, report("eu-de", 1, cells=[other]))
    assert (answer.status, answer.next_sequence) == (pb.SUBMIT_STATUS_CONFLICT, 2)
    assert (await centre.services.regions.show(end.region)).state == "conflict-paused"
    assert (await submit(end, report("eu-de", 2))).status == pb.SUBMIT_STATUS_ACCEPTED
    assert (await centre.services.regions.show(end.region)).state != "conflict-paused"


async def test_a_region_behind_the_centre_is_a_conflict(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    for sequence in (1, 2):
        await submit(end, report("eu-de", sequence))
    overlapping = report("eu-de", 3, first_index=256, next_index=300, ledger_size=512)
    assert (await submit(end, overlapping)).status == pb.SUBMIT_STATUS_CONFLICT
    smaller = report("eu-de", 3, first_index=512, next_index=512, ledger_size=300)
    assert (await submit(end, smaller)).status == pb.SUBMIT_STATUS_CONFLICT


async def test_a_report_signed_by_another_region_is_refused(centre: RunningCentre) -> None:
    one, other = await centre.join("eu-de"), await centre.join("in-mh", "IN")
    body = report("eu-de", 1)
    async with one.agents_port() as port:
        answer = await port.reports.Submit(other.sign_report(body))
    assert answer.status == pb.SUBMIT_STATUS_BAD_SIGNATURE
    assert (await submit(other, body)).status == pb.SUBMIT_STATUS_INVALID


@pytest.mark.parametrize("at", [0, 10, 60, -1])
async def test_a_report_changed_by_one_byte_is_refused(centre: RunningCentre, at: int) -> None:
    end = await centre.join("eu-de")
    request = end.sign_report(report("eu-de", 1))
    changed = bytearray(request.report)
    changed[at] ^= 1
    request.report = bytes(changed)
    async with end.agents_port() as port:
        assert (await port.reports.Submit(request)).status == pb.SUBMIT_STATUS_BAD_SIGNATURE
    assert await centre.services.reports.recent(end.region) == []


PLANTED = "erika.mustermann@example.org"
TEXT_FIELDS = ["cost_centre", "team", "project", "product", "use_case", "model", "environment", "tier", "currency"]


@pytest.mark.parametrize("field", TEXT_FIELDS)
async def test_an_address_planted_in_a_cell_is_refused(centre: RunningCentre, field: str) -> None:
    end = await centre.join("eu-de")
    answer = await submit(end, report("eu-de", 1, cells=[cell(**{field: PLANTED})]))
    assert answer.status == pb.SUBMIT_STATUS_INVALID
    assert await centre.services.reports.recent(end.region) == []


async def test_an_address_planted_elsewhere_in_a_report_is_refused(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    line = pb.MachineLine(measure=pb.MACHINE_MEASURE_ENGINE_SECONDS, model=PLANTED, amount=1)
    unknown = report("eu-de", 1) + bytes([0xA2, 0x06, len(PLANTED)]) + PLANTED.encode()  # field 100
    for body in (
        report(PLANTED, 1),
        report("eu-de", 1, machines=[line]),
        report("eu-de", 1, ledger_root=PLANTED.encode()),
        unknown,
        PLANTED.encode(),
    ):
        assert (await submit(end, body)).status == pb.SUBMIT_STATUS_INVALID
    assert await centre.services.reports.recent(end.region) == []


async def test_spend_is_summed_by_any_dimension_and_never_across_currencies(centre: RunningCentre) -> None:
    eu, india = await centre.join("eu-de"), await centre.join("in-mh", "IN")
    merged = cell(use_case="*", product="*", cost_micro=100)
    await submit(eu, report("eu-de", 1, cells=[cell(), cell(team="care", cost_micro=7), merged]))
    await submit(eu, report("eu-de", 2, cells=[cell(cost_micro=1)]))
    await submit(india, report("in-mh", 1, cells=[cell(currency="INR", cost_micro=900_000)]))
    spend = await centre.services.spend.read(SpendQuery((Dimension.REGION, Dimension.TEAM)))
    assert [(row.key, row.currency, row.cost_micro) for row in spend.rows] == [
        (("in-mh", "payments"), "INR", 900_000),
        (("eu-de", "payments"), "EUR", 4321 + 100 + 1),
        (("eu-de", "care"), "EUR", 7),
    ]
    assert spend.totals == (("EUR", 4429), ("INR", 900_000))
    by_use = await centre.services.spend.read(SpendQuery((Dimension.USE_CASE,), where=((Dimension.REGION, "eu-de"),)))
    assert [(row.key[0], row.merged, row.cost_micro) for row in by_use.rows] == [
        ("support", False, 4329),
        ("*", True, 100),
    ]
    machines = {(str(line.region), line.measure): line.amount for line in spend.machines}
    assert machines["eu-de", "engine-seconds"] == 30
    assert machines["eu-de", "storage-mib"] == 102
    assert [(c.region, c.reports, c.last_sequence) for c in spend.coverage] == [("eu-de", 2, 2), ("in-mh", 1, 1)]
    by_day = await centre.services.spend.read(SpendQuery((Dimension.DAY, Dimension.SERVICE)))
    assert {row.key for row in by_day.rows} == {("2026-11-23", "false")} or len(by_day.rows) == 2


async def test_digest_only_carries_no_cells(centre: RunningCentre) -> None:
    end = await centre.join("sa-ry", "SA")
    profile = {"profile": pb.EXPORT_PROFILE_DIGEST_ONLY, "k": 0, "p_permille": 0}
    assert (await submit(end, report("sa-ry", 1, **profile))).status == pb.SUBMIT_STATUS_INVALID
    answer = await submit(end, report("sa-ry", 1, cells=[], machines=[], **profile))
    assert answer.status == pb.SUBMIT_STATUS_ACCEPTED
