"""What every `MeterStore` must do: the same tests on the fake and on PostgreSQL."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import pytest

from bailiwick.contract.ledger_entry import Admission, Decision, decode
from data_plane.budget.pots import Pot
from data_plane.metering import entries
from data_plane.metering.drawing import Draws, RowMaker
from data_plane.metering.postgres import PostgresMeterStore
from data_plane.metering.store import AdmitRow, Batch, MeterStore, RefuseRow, SettleRow
from data_plane.metering.worker import WorkerLease
from tests.fakes.metering import FakeMeterStore, Region
from tests.fixtures.metering import ZONE, admission_request, now, pot, put_pots, refusal
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration

POTS = (pot("region", None), pot("team", 10, team="payments"))
DAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Stores:
    """Two workers' stores of one region, a way to change its pots, and a way to read its entries."""

    one: MeterStore
    two: MeterStore
    put: Callable[[tuple[Pot, ...]], Awaitable[None]]
    entries: Callable[[], Awaitable[list[tuple[str, bytes]]]]


def fake_stores() -> Stores:
    region = Region(ZONE, now())

    async def put(pots: tuple[Pot, ...]) -> None:
        region.put(*pots)

    async def read() -> list[tuple[str, bytes]]:
        return region.entries

    return Stores(FakeMeterStore(region, "one"), FakeMeterStore(region, "two"), put, read)


@pytest.fixture(params=["fake", "postgres"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "fake":
        yield fake_stores()
        return
    database: Database = request.getfixturevalue("region_database")
    dsn = database.dsn("bw_gateway")
    leases = [WorkerLease(dsn, name, 1) for name in ("one", "two")]
    for lease in leases:
        await lease.take()

    async def read() -> list[tuple[str, bytes]]:
        connection = await asyncpg.connect(dsn)
        rows = await connection.fetch("SELECT kind, body FROM ledger_entry WHERE kind <> 'budget' ORDER BY \"row\"")
        await connection.close()
        return [(row["kind"], row["body"]) for row in rows]

    one, two = PostgresMeterStore(dsn, "one", ZONE), PostgresMeterStore(dsn, "two", ZONE)
    yield Stores(one, two, lambda pots: put_pots(database, pots), read)
    for part in (one, two):
        await part.close()
    for lease in leases:
        await lease.release()


def row(amount: int, pots: tuple[Pot, ...] = POTS, person: str = "ada", at: datetime | None = None) -> AdmitRow:
    request = admission_request(output=amount, person=person)
    draw = Draws(pots).of(request.tags, request.key)
    return RowMaker("EUR", lambda _: DAY, lambda: secrets.token_bytes(16)).row(request, at or now(), draw)


async def admit(store: MeterStore, *rows: AdmitRow) -> list[int | None]:
    written = await store.write(Batch((await store.pots()).revision, rows), now())
    assert written.status == "ok"
    return list(written.numbers)


async def levels(store: MeterStore) -> dict[str, tuple[int, int]]:
    return {level.pot.id: (level.reserved, level.settled) for level in (await store.pots()).levels}


async def test_numbers_are_gapless_over_workers_and_refusals(stores: Stores) -> None:
    await stores.put(POTS)
    assert await admit(stores.one, row(4), row(7), row(1)) == [1, None, 2]
    assert await admit(stores.two, row(6), row(5)) == [None, 3]
    assert await levels(stores.one) == {"region": (10, 0), "team": (10, 0)}
    numbers = [
        entry.number for entry in map(decode, [b for _, b in await stores.entries()]) if isinstance(entry, Admission)
    ]
    assert numbers == [1, 2, 3]


async def test_a_settlement_moves_the_money_once_whoever_asks(stores: Stores) -> None:
    await stores.put(POTS)
    await admit(stores.one, row(8))
    settle = Batch(0, settles=[SettleRow(1, 5, b'{"kind":"settlement"}')])
    assert (await stores.two.write(settle, now())).settled == {1}
    assert (await stores.one.write(settle, now())).settled == frozenset()
    assert await levels(stores.two) == {"region": (0, 5), "team": (0, 5)}
    assert [kind for kind, _ in await stores.entries()] == ["admission", "settlement"]


async def test_a_settlement_makes_room_for_the_admissions_of_its_batch(stores: Stores) -> None:
    await stores.put(POTS)
    await admit(stores.one, row(10))
    revision = (await stores.one.pots()).revision
    written = await stores.one.write(Batch(revision, [row(9)], [SettleRow(1, 1, b"{}")]), now())
    assert (list(written.numbers), set(written.settled)) == ([2], {1})


async def test_a_changed_set_of_pots_is_noticed_before_anything_is_admitted(stores: Stores) -> None:
    await stores.put(POTS)
    revision = (await stores.one.pots()).revision
    await stores.put((*POTS, pot("a", 1)))
    assert (await stores.one.write(Batch(revision, [row(1)]), now())).status == "stale"
    assert await stores.entries() == []


async def test_a_person_keeps_the_first_tag_in_admissions_and_refusals(stores: Stores) -> None:
    await stores.put(POTS)
    revision = (await stores.one.pots()).revision
    first = await stores.one.write(Batch(revision, [row(1), row(1), row(1, person="bob")]), now())
    head, tail = entries.decision(refusal(), now(), DAY, "EUR")
    await stores.two.write(Batch(0, refuses=[RefuseRow(head, tail, row(1).subject, b"x" * 16, DAY)]), now())
    ada, again, bob = first.persons
    assert ada == again != bob
    decisions = [entry for entry in map(decode, [b for _, b in await stores.entries()]) if isinstance(entry, Decision)]
    assert [entry.person for entry in decisions] == [ada.hex()]


async def test_an_ended_window_is_due_until_it_is_rolled(stores: Stores) -> None:
    daily = (Pot("daily", {}, "day", 5),)
    await stores.put(daily)
    await admit(stores.one, row(5, daily))
    await stores.one.write(Batch(0, settles=[SettleRow(1, 5, b"{}")]), now())
    end = (await stores.one.pots()).levels[0].resets_at
    assert end is not None
    revision = (await stores.one.pots()).revision
    assert (await stores.one.write(Batch(revision, [row(5, daily)]), end)).status == "due"
    await stores.two.roll(end)
    await stores.one.roll(end)
    assert (await stores.one.write(Batch(revision, [row(5, daily)]), end)).numbers[0] == 2
    assert await levels(stores.one) == {"daily": (5, 0)}


async def test_what_became_of_the_last_batch_can_be_learned(stores: Stores) -> None:
    await stores.put(POTS)
    wanted = row(3)
    await admit(stores.one, wanted, row(9))
    resolution = await stores.one.resolve()
    assert resolution.written
    assert [(found.number, found.request, found.pots) for found in resolution.found] == [
        (1, wanted.request, "region team")
    ]
