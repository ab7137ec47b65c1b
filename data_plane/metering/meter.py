"""The meter of one gateway worker: what arrives within about two milliseconds becomes one durable transaction.

Rules:

1. A request is admitted when its reservation and its ledger entry are committed, never earlier; else it is not.
2. While the store is away admissions are refused at once; settlements and refusals wait and are written exactly once.
3. An admission that got through though nobody waits for it any more was never dispatched: it is settled at nothing.
4. One batch at a time. What arrives meanwhile makes the next one, so a batch grows with the load.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from data_plane.budget.pots import Level, severest
from data_plane.metering import entries, events
from data_plane.metering.drawing import Draws, RowMaker
from data_plane.metering.errors import LedgerHaltedError, MeteringUnavailableError, StoreLostError
from data_plane.metering.pending import PendingAdmission, PendingRefusal, PendingSettlement, resolve_future
from data_plane.metering.requests import AdmissionRequest, Admitted, DecisionRecord, Outcome, Refused, Settled
from data_plane.metering.store import Batch, MeterStore, PotBook, RefuseRow, Resolution, SettleRow, Written

T = TypeVar("T")

LARGEST = 512
RETRIES = 3
LINGER_SECONDS = 0.001
BACK_OFF_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0)
REFRESH_SECONDS = 1.0


class Meter:
    """Admits, settles and refuses through a `MeterStore`. Start with `open`, end with `close`."""

    def __init__(
        self,
        store: MeterStore,
        *,
        zone: ZoneInfo,
        currency: str,
        clock: Callable[[], datetime],
        tag: Callable[[], bytes],
        linger: float = LINGER_SECONDS,
    ) -> None:
        self._store = store
        self._zone = zone
        self._currency = currency
        self._clock = clock
        self._tag = tag
        self._linger = linger
        self._rows = RowMaker(currency, self._day, tag)
        self._draws = Draws(())
        self._book = PotBook(-1, ())
        self._admits: deque[PendingAdmission] = deque()
        self._settles: deque[PendingSettlement] = deque()
        self._refuses: deque[PendingRefusal] = deque()
        self._work = asyncio.Event()
        self._away = False
        self._closing = False
        self._refreshed = 0.0
        self._writer: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    async def open(self) -> None:
        """Reads the pots and starts writing.

        Raises:
            MeteringUnavailableError: the store cannot be reached.
        """
        try:
            await self._reload()
        except StoreLostError as error:
            raise MeteringUnavailableError("the region's database cannot be reached") from error
        self._writer = asyncio.get_running_loop().create_task(self._run())

    async def admit(self, request: AdmissionRequest) -> Admitted | Refused:
        """Reserves the worst case on every pot that applies, durably.

        Raises:
            MeteringUnavailableError: it cannot be made durable; the request must not be dispatched.
        """
        if self._away or self._closing:
            raise MeteringUnavailableError("metering is not available: the region's database is away")
        at = self._clock()
        draw = self._draws.of(request.tags, request.key)
        row = self._rows.row(request, at, draw)
        pending = PendingAdmission(request, at, draw, row, asyncio.get_running_loop().create_future())
        self._admits.append(pending)
        self._work.set()
        return await pending.done

    async def settle(self, admitted: Admitted, outcome: Outcome) -> Settled:
        """Ends an admission durably; waits for as long as the store is away.

        Cancelling the caller loses nothing: the settlement is written all the same.

        Raises:
            MeteringUnavailableError: the worker's metering has ended; recovery settles the admission.
        """
        cost, body = entries.settlement(admitted, outcome, self._clock(), self._currency)
        if cost > admitted.amount:
            self._log.error(events.BOUND_EXCEEDED, number=admitted.number, cost=cost, amount=admitted.amount)
        return await asyncio.shield(self._queue_settlement(SettleRow(admitted.number, cost, body)))

    async def refuse(self, record: DecisionRecord) -> None:
        """Records a refusal durably; waits for as long as the store is away.

        Raises:
            MeteringUnavailableError: the worker's metering has ended; the refusal is not recorded.
        """
        now = self._clock()
        day = self._day(now)
        head, tail = entries.decision(record, now, day, self._currency)
        row = RefuseRow(head, tail, record.subject, self._tag(), day)
        self._check_writer()
        pending = PendingRefusal(row, asyncio.get_running_loop().create_future())
        self._refuses.append(pending)
        self._work.set()
        await asyncio.shield(pending.done)

    def standing(self, tags: Mapping[str, str], key: str) -> Level | None:
        """The level among the applying pots that asks for the most, as of about a second ago; none asks: None."""
        ids = set(self._draws.of(tags, key).ids)
        return severest(level for level in self._book.levels if level.pot.id in ids)

    @property
    def available(self) -> bool:
        """Whether admissions are possible at this moment, as far as is known."""
        return not (self._away or self._closing)

    @property
    def waiting(self) -> int:
        """How many settlements and refusals are not durable yet."""
        return len(self._settles) + len(self._refuses)

    async def close(self, patience: float = 8.0) -> None:
        """Writes what waits and stops; what a store that stays away keeps from us is left to recovery."""
        self._closing = True
        self._work.set()
        if self._writer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._writer, patience)
        if self.waiting:
            self._log.error(events.LEFT_OPEN, settlements=len(self._settles), refusals=len(self._refuses))
        await self._store.close()

    def _queue_settlement(self, row: SettleRow) -> asyncio.Future[Settled]:
        self._check_writer()
        pending = PendingSettlement(row, asyncio.get_running_loop().create_future())
        self._settles.append(pending)
        self._work.set()
        return pending.done

    def _check_writer(self) -> None:
        if self._writer is None or self._writer.done():
            raise MeteringUnavailableError("metering does not run in this worker; what is open is settled by recovery")

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self._closing or self._settles or self._refuses:
                tick = loop.call_later(REFRESH_SECONDS, self._work.set)
                await self._work.wait()
                tick.cancel()
                self._work.clear()
                await self._turn()
        except Exception:
            self._log.exception(events.WRITER_FAILED)
            raise
        finally:
            self._closing = True
            error = MeteringUnavailableError("metering has stopped in this worker; what is open is settled by recovery")
            _fail((*self._admits, *self._settles, *self._refuses), error)

    async def _turn(self) -> None:
        if self._linger and not self._closing:
            await asyncio.sleep(self._linger)
        try:
            while self._admits or self._settles or self._refuses:
                await self._write_one()
            if asyncio.get_running_loop().time() - self._refreshed >= REFRESH_SECONDS:
                await self._reload()
        except StoreLostError as error:
            # Between two batches: nothing is in doubt, but nothing can be admitted either.
            self._log.warning(events.STORE_LOST, reason=str(error))
            await self._lost([], [], [])

    async def _write_one(self) -> None:
        admits = _take(self._admits, LARGEST)
        settles, refuses = _take(self._settles, LARGEST), _take(self._refuses, LARGEST)
        try:
            for turn in range(RETRIES):
                written = await self._store.write(self._batch(admits, settles, refuses), self._clock())
                self._finish_settlements(settles, written.settled)
                _finish_refusals(refuses)
                settles, refuses = [], []
                if written.status in {"ok", "halted"} or turn == RETRIES - 1:
                    break
                if written.status == "due":
                    await self._store.roll(self._clock())
                await self._reload()
                self._redraw(admits)
        except StoreLostError:
            await self._lost(admits, settles, refuses)
            return
        self._finish_admissions(admits, written)

    def _batch(
        self, admits: list[PendingAdmission], settles: list[PendingSettlement], refuses: list[PendingRefusal]
    ) -> Batch:
        return Batch(
            self._book.revision,
            [pending.row for pending in admits],
            [pending.row for pending in settles],
            [pending.row for pending in refuses],
        )

    def _redraw(self, admits: Iterable[PendingAdmission]) -> None:
        for pending in admits:
            pending.draw = self._draws.of(pending.request.tags, pending.request.key)
            pending.row = self._rows.row(pending.request, pending.at, pending.draw)

    def _finish_admissions(self, admits: list[PendingAdmission], written: Written) -> None:
        if written.status != "ok":
            error = MeteringUnavailableError("metering is not available: the set of budgets keeps changing")
            if written.status == "halted":
                error = LedgerHaltedError(f"the ledger is halted: {written.reason}")
            _fail(admits, error)
            return
        for pending, number, person, pot in zip(admits, written.numbers, written.persons, written.refused, strict=True):
            if number is None:
                resolve_future(pending.done, Refused(pot, self._resets_at(pot)))
            else:
                self._finish_admission(pending, number, person, pending.draw.ids)

    def _finish_admission(self, pending: PendingAdmission, number: int, person: bytes, pots: tuple[str, ...]) -> None:
        row = pending.row
        admitted = Admitted(number, person, row.day, row.amount, pots, pending.request)
        if not resolve_future(pending.done, admitted):
            self._settle_undispatched(admitted)

    def _settle_undispatched(self, admitted: Admitted) -> None:
        outcome = Outcome(entries.NOTHING, "counted", "abort", 0, 0)
        cost, body = entries.settlement(admitted, outcome, self._clock(), self._currency)
        self._queue_settlement(SettleRow(admitted.number, cost, body))

    def _finish_settlements(self, settles: list[PendingSettlement], settled: frozenset[int]) -> None:
        for pending in settles:
            mine = pending.row.number in settled
            if not mine:
                self._log.warning(events.SETTLED_BY_ANOTHER, number=pending.row.number)
            resolve_future(pending.done, Settled(pending.row.cost, mine))

    def _resets_at(self, pot: str) -> datetime | None:
        return next((level.resets_at for level in self._book.levels if level.pot.id == pot), None)

    async def _lost(
        self, admits: list[PendingAdmission], settles: list[PendingSettlement], refuses: list[PendingRefusal]
    ) -> None:
        """Fails the admissions, learns whether the batch was written, and puts back what was not."""
        self._away = True
        error = MeteringUnavailableError("metering is not available: the region's database does not answer")
        _fail(admits, error)
        _fail(self._admits, error)
        self._admits.clear()
        resolution = await self._until_resolved()
        if not resolution.written:
            self._settles.extendleft(reversed(settles))
            self._refuses.extendleft(reversed(refuses))
        else:
            self._finish_settlements(settles, frozenset(pending.row.number for pending in settles))
            _finish_refusals(refuses)
            waiting = {pending.request.request: pending for pending in admits}
            for found in resolution.found:
                pots = tuple(found.pots.split())
                self._finish_admission(waiting[found.request], found.number, found.person, pots)
        self._away = False
        self._work.set()

    async def _until_resolved(self) -> Resolution:
        self._log.error(events.STORE_LOST, waiting=self.waiting)
        turn = 0
        while True:
            try:
                resolution = await self._store.resolve()
                await self._reload()
            except StoreLostError:
                await asyncio.sleep(BACK_OFF_SECONDS[min(turn, len(BACK_OFF_SECONDS) - 1)])
                turn += 1
            else:
                self._log.info(events.STORE_BACK, turns=turn)
                return resolution

    async def _reload(self) -> None:
        book = await self._store.pots()
        if book.revision != self._book.revision:
            self._draws = Draws(level.pot for level in book.levels)
            self._redraw(self._admits)
        self._book = book
        self._refreshed = asyncio.get_running_loop().time()


def _take(queue: deque[T], most: int) -> list[T]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def _fail(waiting: Iterable[PendingAdmission | PendingSettlement | PendingRefusal], error: Exception) -> None:
    for pending in waiting:
        if not pending.done.done():
            pending.done.set_exception(error)


def _finish_refusals(refuses: list[PendingRefusal]) -> None:
    for pending in refuses:
        resolve_future(pending.done, None)
