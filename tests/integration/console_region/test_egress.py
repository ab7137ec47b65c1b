"""What left, as the officer's API tells it, and whether it adds up to the ledger."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from bailiwick.metrics.v1 import metrics_pb2
from data_plane.privacy import store_reports
from data_plane.privacy.store_reports import StoredReport
from tests.fixtures.agent import settlement, until, utc
from tests.fixtures.reports import cell, report
from tests.integration.console_region.conftest import Console
from tests.integration.console_region.test_evidence import LEFT, asked

pytestmark = pytest.mark.integration


async def _reported(console: Console, following: int, carried: tuple[int, ...], cells: list[metrics_pb2.Cell]) -> None:
    body, at = report("eu-de", 1, next_index=following, cells=cells), utc()
    digest = hashlib.sha256(body).digest()
    connection = await console.region.connect()
    stored = StoredReport(1, 0, following, carried, following, at, at, body, digest, b"s" * 64, at, None)
    async with connection.transaction():
        await store_reports.insert(connection, stored)
    await connection.execute(
        "INSERT INTO egress_object VALUES ($1, $2, $3, $4)", digest, "bailiwick.metrics.v1.Report", body, at
    )
    await connection.close()


async def _settled(console: Console, count: int) -> None:
    await console.region.put(*(settlement(number, "ab" * 16) for number in range(1, count + 1)))
    async with console.region.sealing():
        await until(lambda: console.region.value("SELECT max(size) = $1 FROM checkpoint", count))


async def test_released_and_held_back_add_up_to_the_ledger(console: Console) -> None:
    await _settled(console, 5)
    await _reported(console, 4, (3,), [cell(requests=3, cost_micro=1500, refusals=[], outcomes=[])])
    result = (await console.admin.get("/egress/reconcile")).json()
    assert result["equal"] is True
    assert result["ledger"] == {"requests": 4, "refusals": 0, "cost_micro": 2000}
    assert result["held_back"]["requests"] == 1


async def test_a_micro_unit_too_much_is_seen(console: Console) -> None:
    await _settled(console, 5)
    await _reported(console, 4, (3,), [cell(requests=3, cost_micro=1501, refusals=[], outcomes=[])])
    assert (await console.admin.get("/egress/reconcile")).json()["equal"] is False


async def test_an_empty_region_adds_up(console: Console) -> None:
    result = (await console.admin.get("/egress/reconcile")).json()
    assert (result["equal"], result["up_to_index"]) == (True, 0)


async def test_reconciling_holds_nobody_else_up(console: Console) -> None:
    await _settled(console, 5)
    await _reported(console, 4, (3,), [cell(requests=3, cost_micro=1500, refusals=[], outcomes=[])])
    answers = await asyncio.gather(*(console.admin.get("/egress/reconcile") for _ in range(6)))
    assert all(answer.json()["equal"] for answer in answers)


async def test_what_left_is_listed_and_shown_as_it_left(console: Console) -> None:
    await asked(console)
    [item] = (await console.admin.get("/egress")).json()["egress"]
    assert (item["class"], item["bytes"], item["index"]) == ("content", len(LEFT), 29)
    await _reported(console, 0, (), [])
    digest = await console.region.value("SELECT 'sha256:' || encode(digest, 'hex') FROM report")
    shown = (await console.admin.get(f"/egress/{digest}")).json()
    assert (shown["type"], shown["content"]["region"]) == ("bailiwick.metrics.v1.Report", "eu-de")


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha256:00", "ada@example.org"])
async def test_what_did_not_leave_is_not_found(console: Console, digest: str) -> None:
    assert await console.refused("GET", f"/egress/{digest}") == (404, "not-found")


async def test_what_left_and_cannot_be_read_is_shown_without_words(console: Console) -> None:
    await asked(console)  # its bytes are no report
    digest = f"sha256:{hashlib.sha256(LEFT).hexdigest()}"
    shown = await console.admin.get(f"/egress/{digest}")
    assert shown.status_code == 200
    assert shown.json()["bytes"] == len(LEFT)
