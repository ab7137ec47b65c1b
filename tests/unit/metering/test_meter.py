"""The meter over a store that fails at will: nobody dispatches what is not durable, nothing is written twice."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bailiwick.contract.ledger_entry import Admission, Settlement, decode
from data_plane.metering.errors import LedgerHaltedError, MeteringUnavailableError
from data_plane.metering.meter import Meter
from data_plane.metering.requests import Admitted, Refused
from tests.fakes.metering import FakeMeterStore, Region
from tests.fixtures.metering import TAGS, ZONE, admission_request, now, outcome, pot, refusal


@asynccontextmanager
async def metering(store: FakeMeterStore) -> AsyncIterator[Meter]:
    meter = Meter(store, zone=ZONE, currency="EUR", clock=now, tag=lambda: secrets.token_bytes(16), linger=0.0)
    await meter.open()
    try:
        yield meter
    finally:
        await meter.close()


def region(limit: int | None = 100) -> Region:
    made = Region(ZONE, now())
    made.put(pot("region", None), pot("team", limit, team="payments"))
    return made


async def test_what_arrives_together_is_one_batch() -> None:
    place = region()
    store = FakeMeterStore(place, "w")
    batches = 0
    write = store.write

    async def counted(*arguments: object) -> object:
        nonlocal batches
        batches += 1
        return await write(*arguments)  # type: ignore[arg-type]  # passed through

    store.write = counted  # type: ignore[assignment,method-assign]  # counts, changes nothing
    async with metering(store) as meter:
        await asyncio.gather(*(meter.admit(admission_request()) for _ in range(50)))
    assert batches == 1


async def test_a_batch_that_was_lost_but_written_is_settled_at_nothing() -> None:
    place = region()
    store = FakeMeterStore(place, "w")
    async with metering(store) as meter:
        store.lose(written=True)
        with pytest.raises(MeteringUnavailableError):
            await meter.admit(admission_request(output=9))
        await asyncio.sleep(0.01)
        assert isinstance(await meter.admit(admission_request(output=9)), Admitted)
    assert [kind for kind, _ in place.entries] == ["admission", "settlement", "admission"]
    assert (place.pots["team"].reserved, place.pots["team"].settled) == (9, 0)


async def test_a_batch_that_was_lost_and_not_written_never_was() -> None:
    place = region()
    store = FakeMeterStore(place, "w")
    async with metering(store) as meter:
        store.lose(written=False)
        with pytest.raises(MeteringUnavailableError):
            await meter.admit(admission_request())
        admitted = await meter.admit(admission_request())
        assert isinstance(admitted, Admitted)
        assert admitted.number == 1


@pytest.mark.parametrize("written", [True, False])
async def test_settlements_and_refusals_outlive_a_lost_batch(written: bool) -> None:
    place = region()
    store = FakeMeterStore(place, "w")
    async with metering(store) as meter:
        admitted = await meter.admit(admission_request(output=9))
        assert isinstance(admitted, Admitted)
        store.lose(written=written)
        _, settled = await asyncio.gather(meter.refuse(refusal()), meter.settle(admitted, outcome(output=4)))
        assert (settled.cost, settled.mine) == (4, True)
    assert sorted(kind for kind, _ in place.entries) == ["admission", "decision", "settlement"]
    assert (place.pots["team"].reserved, place.pots["team"].settled) == (0, 4)


async def test_while_the_store_is_away_admission_fails_at_once_and_settlement_waits() -> None:
    place = region()
    store = FakeMeterStore(place, "w")
    async with metering(store) as meter:
        admitted = await meter.admit(admission_request())
        assert isinstance(admitted, Admitted)
        store.away = True
        waiting = asyncio.create_task(meter.settle(admitted, outcome()))
        await asyncio.sleep(0.01)
        assert not meter.available
        with pytest.raises(MeteringUnavailableError):
            await asyncio.wait_for(meter.admit(admission_request()), 0.5)
        assert not waiting.done()
        store.away = False
        assert (await waiting).mine
        assert isinstance(await meter.admit(admission_request()), Admitted)


async def test_a_cancelled_settlement_is_written_all_the_same() -> None:
    place = region()
    async with metering(FakeMeterStore(place, "w")) as meter:
        admitted = await meter.admit(admission_request())
        assert isinstance(admitted, Admitted)
        task = asyncio.create_task(meter.settle(admitted, outcome()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert place.kinds["settlement"] == 1


async def test_a_halted_ledger_says_what_to_do() -> None:
    place = region()
    place.halted = "restore the newest copy"
    async with metering(FakeMeterStore(place, "w")) as meter:
        with pytest.raises(LedgerHaltedError, match="restore the newest copy"):
            await meter.admit(admission_request())


async def test_the_standing_of_a_request_is_that_of_its_pots() -> None:
    place = region(limit=10)
    async with metering(FakeMeterStore(place, "w")) as meter:
        assert meter.standing(TAGS, "cd" * 32) is None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    limit=st.integers(0, 60),
    requests=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans()), max_size=30),
    losses=st.lists(st.booleans(), max_size=4),
)
def test_money_is_conserved_and_never_overshoots(
    limit: int, requests: list[tuple[int, int, bool]], losses: list[bool]
) -> None:
    place = region(limit)

    async def one(meter: Meter, bound: int, used: int, settles: bool) -> None:
        try:
            admitted = await meter.admit(admission_request(output=bound))
        except MeteringUnavailableError:
            return
        team = place.pots["team"]
        assert team.reserved + team.settled <= limit
        if isinstance(admitted, Refused) or not settles:
            return
        await meter.settle(admitted, outcome(output=min(bound, used)))

    async def scenario() -> None:
        store = FakeMeterStore(place, "w")
        async with metering(store) as meter:
            for written in losses:
                store.lose(written=written)
            await asyncio.gather(*(one(meter, *request) for request in requests))

    asyncio.run(scenario())
    admissions: dict[int, Admission] = {}
    spent = 0
    for _, body in place.entries:
        entry = decode(body)
        if isinstance(entry, Admission):
            admissions[entry.number] = entry
        elif isinstance(entry, Settlement):
            del admissions[entry.number]
            spent += entry.cost
    team = place.pots["team"]
    assert (team.settled, team.reserved) == (spent, sum(entry.amount for entry in admissions.values()))
    assert set(admissions) == set(place.open)
    assert spent + team.reserved <= limit
