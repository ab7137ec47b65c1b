"""A `MeterStore` in memory that keeps the port's rules, and fails when told to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from data_plane.budget.pots import Level, Pot
from data_plane.budget.windows import window_at
from data_plane.metering.errors import StoreLostError
from data_plane.metering.store import AdmitRow, Batch, Found, PotBook, Resolution, Written


@dataclass(slots=True)
class Amounts:
    """A pot's present figures."""

    pot: Pot
    resets_at: datetime | None
    reserved: int = 0
    settled: int = 0

    def fits(self, amount: int) -> bool:
        """Whether `amount` may be reserved."""
        return self.pot.stop_at is None or self.reserved + self.settled + amount <= self.pot.stop_at


class Region:
    """What all stores of a region share: the counter, pots, open admissions, entries, people."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self.zone = zone
        self.now = now
        self.last = 0
        self.revision = 0
        self.halted = ""
        self.pots: dict[str, Amounts] = {}
        self.open: dict[int, tuple[str, AdmitRow, bytes]] = {}
        self.people: dict[tuple[bytes, date], bytes] = {}
        self.entries: list[tuple[str, bytes]] = []
        self.kinds: Counter[str] = Counter()

    def put(self, *pots: Pot) -> None:
        """Makes these the region's pots."""
        kept = {name: amounts for name, amounts in self.pots.items() if name in {pot.id for pot in pots}}
        for pot in pots:
            fresh = Amounts(pot, window_at(pot.window, self.now, self.zone).resets_at)
            self.pots[pot.id] = replace(kept[pot.id], pot=pot) if pot.id in kept else fresh
        self.revision += 1

    def append(self, kind: str, body: bytes) -> None:
        """Adds an entry."""
        self.entries.append((kind, body))
        self.kinds[kind] += 1


class FakeMeterStore:
    """One worker's store over a shared `Region`. `lose` makes the next calls fail, the batch written or not."""

    def __init__(self, region: Region, worker: str) -> None:
        self._region = region
        self._worker = worker
        self._last_written = True
        self._requests: list[AdmitRow] = []
        self._losses: list[bool] = []
        self.away = False

    def lose(self, *, written: bool) -> None:
        """The next write raises StoreLostError after (or instead of) writing."""
        self._losses.append(written)

    async def write(self, batch: Batch, now: datetime) -> Written:
        """See the port."""
        self._requests = list(batch.admits)
        written = self._losses[0] if self._losses else True
        self._last_written = written and not self.away
        if self.away:
            raise StoreLostError("away")
        result = self._write(batch, now) if written else Written("ok")
        if self._losses:
            self._losses.pop(0)
            raise StoreLostError("lost")
        return result

    async def resolve(self) -> Resolution:
        """See the port."""
        self._check()
        wanted = {row.request for row in self._requests}
        found = [
            Found(number, row.request, person, row.pots)
            for number, (worker, row, person) in self._region.open.items()
            if worker == self._worker and row.request in wanted
        ]
        return Resolution(self._last_written, found if self._last_written else ())

    async def pots(self) -> PotBook:
        """See the port."""
        self._check()
        levels = [Level(one.pot, one.settled, one.reserved, one.resets_at) for one in self._region.pots.values()]
        return PotBook(self._region.revision, tuple(levels))

    async def roll(self, now: datetime) -> None:
        """See the port."""
        self._check()
        for one in self._region.pots.values():
            if one.resets_at is not None and one.resets_at <= now:
                one.settled = 0
                one.resets_at = window_at(one.pot.window, now, self._region.zone).resets_at

    async def close(self) -> None:
        """See the port."""

    def _check(self) -> None:
        if self.away:
            raise StoreLostError("away")

    def _write(self, batch: Batch, now: datetime) -> Written:
        settled = frozenset(row.number for row in batch.settles if self._settle(row.number, row.cost, row.body))
        for row in batch.refuses:
            tag = self._person(row.subject, row.day, row.tag)
            self._region.append("decision", row.head + tag.hex().encode() + row.tail)
        if batch.admits and self._region.halted:
            return Written("halted", self._region.halted, settled=settled)
        if batch.admits and batch.revision != self._region.revision:
            return Written("stale", settled=settled)
        if any(self._due(row, now) for row in batch.admits):
            return Written("due", settled=settled)
        results = [self._admit(row) for row in batch.admits]
        return Written(
            "ok",
            numbers=[number for number, _ in results],
            persons=[self._person(row.subject, row.day, row.tag) for row in batch.admits],
            refused=[pot for _, pot in results],
            settled=settled,
        )

    def _due(self, row: AdmitRow, now: datetime) -> bool:
        ends = [self._region.pots[name].resets_at for name in row.pots.split()]
        return any(end is not None and end <= now for end in ends)

    def _admit(self, row: AdmitRow) -> tuple[int | None, str]:
        region = self._region
        for name in row.pots.split():
            if not region.pots[name].fits(row.amount):
                return None, name
        for name in row.pots.split():
            region.pots[name].reserved += row.amount
        region.last += 1
        region.append("admission", row.head + str(region.last).encode() + row.tail)
        region.open[region.last] = (self._worker, row, self._person(row.subject, row.day, row.tag))
        return region.last, ""

    def _settle(self, number: int, cost: int, body: bytes) -> bool:
        opened = self._region.open.pop(number, None)
        if opened is None:
            return False
        for name in opened[1].pots.split():
            self._region.pots[name].reserved -= opened[1].amount
            self._region.pots[name].settled += cost
        self._region.append("settlement", body)
        return True

    def _person(self, subject: bytes, day: date, tag: bytes) -> bytes:
        return self._region.people.setdefault((subject, day), tag)
