"""Everything of metering that one gateway worker holds: lease, pots, meter, recovery; opened and closed together."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg

from data_plane.database.pool import connect
from data_plane.metering.meter import Meter
from data_plane.metering.postgres import LOST, PostgresMeterStore
from data_plane.metering.pots import from_settings, sync
from data_plane.metering.recovery import recover
from data_plane.metering.worker import WorkerLease
from data_plane.settings import RegionSettings

RECOVER_EVERY_SECONDS = 2.0
FORGET = (
    "DELETE FROM worker w WHERE seen < now() - interval '1 day' "
    "AND NOT EXISTS (SELECT FROM open_admission o WHERE o.worker = w.id)"
)


def utc_now() -> datetime:
    """The system's clock, in UTC."""
    return datetime.now(UTC)


def random_tag() -> bytes:
    """A person tag: 128 random bits."""
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True)
class WorkerMetering:
    """A worker's metering; `meter` is what requests use."""

    meter: Meter
    lease: WorkerLease
    recovery: asyncio.Task[None]

    async def close(self) -> None:
        """Writes what waits, then gives the lease up."""
        self.recovery.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.recovery
        await self.meter.close()
        await self.lease.release()


async def open_metering(
    settings: RegionSettings, dsn: str, worker: str, pid: int, clock: Callable[[], datetime] = utc_now
) -> WorkerMetering:
    """Takes the lease, brings the pots to the settings, starts the meter and the recovery of dead workers.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError, MeteringUnavailableError: the database cannot be reached.
    """
    zone = ZoneInfo(settings.region.timezone)
    lease = WorkerLease(dsn, worker, pid)
    await lease.take()
    connection = await connect(dsn, name="bailiwick gateway start")
    try:
        await sync(connection, from_settings(settings.budgets), zone, clock())
        await recover(connection, clock, worker)
        await connection.execute(FORGET)
    finally:
        await connection.close()
    store = PostgresMeterStore(dsn, worker, zone)
    meter = Meter(store, zone=zone, currency=settings.region.currency, clock=clock, tag=random_tag)
    await meter.open()
    recovery = asyncio.get_running_loop().create_task(_recover_for_ever(dsn, worker, clock))
    return WorkerMetering(meter, lease, recovery)


async def _recover_for_ever(dsn: str, worker: str, clock: Callable[[], datetime]) -> None:
    connection: asyncpg.Connection | None = None
    try:
        while True:
            await asyncio.sleep(RECOVER_EVERY_SECONDS)
            try:
                connection = connection or await connect(dsn, name="bailiwick gateway recovery")
                await recover(connection, clock, worker)
            except LOST:
                if connection is not None:
                    connection.terminate()
                    connection = None
    finally:
        if connection is not None:
            connection.terminate()
