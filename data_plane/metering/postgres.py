"""The meter's store in PostgreSQL: one connection, one statement per batch (`bw_meter`), one commit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from data_plane.budget.windows import window_at
from data_plane.database.pool import connect
from data_plane.metering.errors import StoreLostError
from data_plane.metering.pots import read_pots
from data_plane.metering.store import Batch, Found, PotBook, Resolution, Written

T = TypeVar("T")

METER = (
    "SELECT status, reason, numbers, persons, refused, settled FROM bw_meter("
    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
)
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
APPLICATION = "bailiwick gateway meter"


class PostgresMeterStore:
    """Implements `MeterStore` for one worker.

    Rules:

    1. One connection, one batch at a time; a batch that does not answer in `patience` seconds counts as lost.
    2. The worker's row carries the number of the last committed batch, so a lost batch is resolved by reading it.
    3. Before reading it, the lost backend is proven gone; else it could still commit afterwards.
    """

    def __init__(self, dsn: str, worker: str, zone: ZoneInfo, patience: float = 5.0) -> None:
        self._dsn = dsn
        self._worker = worker
        self._zone = zone
        self._patience = patience
        self._batch = 0
        self._requests: list[UUID] = []
        self._connection: asyncpg.Connection | None = None
        self._backend: tuple[int, datetime] | None = None

    async def write(self, batch: Batch, now: datetime) -> Written:
        """See `MeterStore.write`."""
        self._batch += 1
        self._requests = [row.request for row in batch.admits]
        arguments = _arguments(batch, now, self._worker, self._batch)

        async def call(connection: asyncpg.Connection) -> Written:
            row = await connection.fetchrow(METER, *arguments)
            return Written(
                row["status"],
                row["reason"] or "",
                row["numbers"] or (),
                row["persons"] or (),
                row["refused"] or (),
                frozenset(row["settled"]),
            )

        return await self._on_connection(call)

    async def resolve(self) -> Resolution:
        """See `MeterStore.resolve`."""

        async def call(connection: asyncpg.Connection) -> Resolution:
            if await connection.fetchval("SELECT batch FROM worker WHERE id = $1", self._worker) != self._batch:
                return Resolution(written=False)
            rows = await connection.fetch(
                "SELECT number, request, person, pots FROM open_admission WHERE worker = $1 AND request = ANY ($2)",
                self._worker,
                self._requests,
            )
            return Resolution(written=True, found=tuple(Found(*row) for row in rows))

        return await self._on_connection(call)

    async def pots(self) -> PotBook:
        """See `MeterStore.pots`."""
        return await self._on_connection(read_pots)

    async def roll(self, now: datetime) -> None:
        """See `MeterStore.roll`."""

        async def call(connection: asyncpg.Connection) -> None:
            book = await read_pots(connection)
            due = [level for level in book.levels if level.resets_at is not None and level.resets_at <= now]
            windows = [window_at(level.pot.window, now, self._zone) for level in due]
            await connection.execute(
                "SELECT bw_roll($1, $2, $3)",
                [level.pot.id for level in due],
                [window.start for window in windows],
                [window.resets_at for window in windows],
            )

        await self._on_connection(call)

    async def close(self) -> None:
        """See `MeterStore.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*LOST):
                await connection.close(timeout=2.0)

    async def _on_connection(self, call: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                if self._connection is None:
                    self._connection = await self._connect()
                return await call(self._connection)
        except LOST as error:
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
            raise StoreLostError(type(error).__name__) from error

    async def _connect(self) -> asyncpg.Connection:
        connection = await connect(self._dsn, name=APPLICATION, statement_seconds=self._patience)
        try:
            if self._backend is not None:
                await self._outlive(connection, self._backend)
            self._backend = await connection.fetchrow(
                "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
        except BaseException:  # also when cancelled: nobody else knows this connection
            connection.terminate()
            raise
        return connection

    @staticmethod
    async def _outlive(connection: asyncpg.Connection, backend: tuple[int, datetime]) -> None:
        """Returns when the backend of the former connection is gone: only then is its last word known."""
        gone = await connection.fetchval(
            "SELECT coalesce(bool_and(pg_terminate_backend(pid, 3000)), true) FROM pg_stat_activity "
            "WHERE pid = $1 AND backend_start = $2",
            *backend,
        )
        if not gone:
            raise TimeoutError("the former backend is still busy")


def _arguments(batch: Batch, now: datetime, worker: str, number: int) -> tuple[object, ...]:
    admits, settles, refuses = batch.admits, batch.settles, batch.refuses
    return (
        now,
        worker,
        number,
        batch.revision,
        [row.request for row in admits],
        [row.head for row in admits],
        [row.tail for row in admits],
        [row.amount for row in admits],
        [row.pots for row in admits],
        [row.subject for row in admits],
        [row.tag for row in admits],
        [row.day for row in admits],
        [row.service for row in admits],
        [row.tags for row in admits],
        [row.tier for row in admits],
        [row.number for row in settles],
        [row.cost for row in settles],
        [row.body for row in settles],
        [row.head for row in refuses],
        [row.tail for row in refuses],
        [row.subject for row in refuses],
        [row.tag for row in refuses],
        [row.day for row in refuses],
    )
