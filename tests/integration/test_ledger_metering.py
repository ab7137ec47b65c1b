"""The meter on a real PostgreSQL: durable, gapless, zero overshoot over several workers, exactly one settlement."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from bailiwick.contract.ledger_entry import Admission, Decision, Settlement, decode
from data_plane.metering.requests import Admitted, Refused, Settled
from tests.fixtures.metering import admission_request, outcome, pot, put_pots, refusal, running_meter
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


async def query(database: Database, statement: str, *arguments: object) -> list[Any]:
    connection = await asyncpg.connect(database.dsn())
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


async def entries(database: Database) -> list[object]:
    rows = await query(database, 'SELECT body FROM ledger_entry ORDER BY "row"')
    return [decode(row["body"]) for row in rows]


async def test_a_request_is_admitted_then_settled(region_database: Database) -> None:
    await put_pots(
        region_database, [pot("region", 1000), pot("team", 500, team="payments"), pot("other", 1, team="lab")]
    )
    async with running_meter(region_database) as meter:
        admitted = await meter.admit(admission_request(10, 20))
        assert isinstance(admitted, Admitted)
        assert (admitted.number, admitted.amount, admitted.pots) == (1, 30, ("region", "team"))
        assert await meter.settle(admitted, outcome(10, 7)) == Settled(17, mine=True)
        assert await meter.settle(admitted, outcome(10, 7)) == Settled(17, mine=False)
        await meter.refuse(refusal())
    admission, settlement, decision = [e for e in await entries(region_database) if not hasattr(e, "window")]
    assert isinstance(admission, Admission)
    assert isinstance(settlement, Settlement)
    assert isinstance(decision, Decision)
    assert admission.number == settlement.number == 1
    assert admission.pots == (("region", 30), ("team", 30))
    assert settlement.pots == (("region", 17), ("team", 17))
    assert settlement.person == decision.person == admitted.person.hex()
    levels = await query(region_database, "SELECT id, reserved, settled, lifetime FROM pot ORDER BY id")
    assert [tuple(row) for row in levels] == [("other", 0, 0, 0), ("region", 0, 17, 17), ("team", 0, 17, 17)]


async def test_200_parallel_requests_against_a_budget_for_10(region_database: Database) -> None:
    await put_pots(region_database, [pot("region", None), pot("team", 10, team="payments")])
    async with AsyncExitStack() as stack:
        meters = [await stack.enter_async_context(running_meter(region_database)) for _ in range(4)]
        results = await asyncio.gather(*(meters[i % 4].admit(admission_request()) for i in range(200)))
        admitted = [result for result in results if isinstance(result, Admitted)]
        assert len(admitted) == 10
        assert sorted(one.number for one in admitted) == list(range(1, 11))
        assert {result.pot for result in results if isinstance(result, Refused)} == {"team"}
        assert all(result.resets_at for result in results if isinstance(result, Refused))
        await asyncio.gather(*(meters[0].settle(one, outcome()) for one in admitted))
    rows = await query(region_database, "SELECT reserved, settled FROM pot WHERE id = 'team'")
    assert tuple(rows[0]) == (0, 10)


async def test_what_does_not_fit_leaves_room_for_what_does(region_database: Database) -> None:
    await put_pots(region_database, [pot("team", 10, team="payments")])
    async with running_meter(region_database) as meter:
        amounts = [6, 6, 4, 1, 0]
        results = await asyncio.gather(*(meter.admit(admission_request(output=amount)) for amount in amounts))
        assert [isinstance(result, Admitted) for result in results] == [True, False, True, False, True]


async def test_a_person_has_one_tag_a_day_whichever_worker_serves(region_database: Database) -> None:
    async with running_meter(region_database) as one, running_meter(region_database) as two:
        people = ["ada", "bob", "ada", "ada", "bob"]
        results = await asyncio.gather(
            *((one, two)[i % 2].admit(admission_request(person=p)) for i, p in enumerate(people))
        )
        tags = [result.person for result in results if isinstance(result, Admitted)]
        assert len(tags) == 5
        assert len(set(tags)) == 2
        assert tags[0] == tags[2] == tags[3]


async def test_a_changed_set_of_pots_applies_at_once(region_database: Database) -> None:
    async with running_meter(region_database) as meter:
        assert isinstance(await meter.admit(admission_request(output=5)), Admitted)
        await put_pots(region_database, [pot("team", 3, team="payments")])
        assert await meter.admit(admission_request(output=5)) == Refused("team", (await _resets(region_database)))


async def _resets(database: Database) -> Any:
    return (await query(database, "SELECT resets_at FROM pot"))[0][0]


async def test_a_window_that_ended_is_rolled_over_once(region_database: Database) -> None:
    await put_pots(region_database, [pot("team", 5, team="payments")])
    async with running_meter(region_database) as one, running_meter(region_database) as two:
        admitted = await one.admit(admission_request(output=5))
        assert isinstance(admitted, Admitted)
        await one.settle(admitted, outcome(0, 5))
        assert isinstance(await one.admit(admission_request(output=5)), Refused)
        await query(region_database, "UPDATE pot SET window_start = '2026-01-01', resets_at = '2026-02-01'")
        results = await asyncio.gather(*(meter.admit(admission_request(output=5)) for meter in (one, two, one, two)))
        assert sum(isinstance(result, Admitted) for result in results) == 1
    rows = await query(region_database, "SELECT settled, lifetime, reserved, resets_at > now() AS ahead FROM pot")
    assert tuple(rows[0]) == (0, 5, 5, True)


async def test_a_caller_that_goes_away_during_admission_pays_nothing(region_database: Database) -> None:
    await put_pots(region_database, [pot("team", 5, team="payments")])
    async with running_meter(region_database) as meter:
        task = asyncio.create_task(meter.admit(admission_request(output=5)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
    rows = await query(region_database, "SELECT reserved, settled FROM pot")
    assert tuple(rows[0]) == (0, 0)
    numbers = [(type(e).__name__, e.number) for e in await entries(region_database) if hasattr(e, "number")]
    assert numbers == [("Admission", 1), ("Settlement", 1)]


async def test_a_halted_ledger_admits_nothing_but_settles(region_database: Database) -> None:
    async with running_meter(region_database) as meter:
        admitted = await meter.admit(admission_request())
        assert isinstance(admitted, Admitted)
        await query(region_database, "UPDATE ledger_head SET halted = 'restored from an older copy'")
        with pytest.raises(Exception, match="restored from an older copy"):
            await meter.admit(admission_request())
        assert (await meter.settle(admitted, outcome())).mine


async def test_a_bad_request_harms_nobody_else(region_database: Database) -> None:
    async with running_meter(region_database) as meter:
        bad = admission_request(person="eve", team="\ud800")
        results = await asyncio.gather(meter.admit(bad), meter.admit(admission_request()), return_exceptions=True)
        assert isinstance(results[0], Exception)
        assert isinstance(results[1], Admitted)
