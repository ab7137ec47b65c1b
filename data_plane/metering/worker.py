"""A gateway worker's lease: its row, its life sign, and the advisory lock whose loss proves its death.

The lock is held on a connection of its own. When the process dies, however it dies, the server drops the connection
and with it the lock; whoever then takes the lock holds the proof.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import asyncpg
import structlog

from data_plane.database.pool import connect
from data_plane.metering import events

BEAT_SECONDS = 1.0
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def lock_key(worker: str) -> int:
    """The advisory lock of a worker: 63 bits of its id's SHA-256."""
    return int.from_bytes(hashlib.sha256(b"worker\n" + worker.encode()).digest()[:8], "big") >> 1


class WorkerLease:
    """Holds the lease of one worker until `release`. After an outage it is taken anew by itself."""

    def __init__(self, dsn: str, worker: str, pid: int) -> None:
        self._dsn = dsn
        self._worker = worker
        self._pid = pid
        self._connection: asyncpg.Connection | None = None
        self._beat: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    async def take(self) -> None:
        """Registers the worker and takes its lock.

        Raises:
            OSError, TimeoutError, asyncpg.PostgresError: the database cannot be reached.
        """
        await self._acquire()
        self._beat = asyncio.get_running_loop().create_task(self._run())

    async def release(self) -> None:
        """Gives the lease up; what is still open is then free to be recovered."""
        if self._beat is not None:
            self._beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beat
        if self._connection is not None:
            with contextlib.suppress(*LOST):
                await self._connection.execute("UPDATE worker SET state = 'stopped' WHERE id = $1", self._worker)
                await self._connection.close(timeout=2.0)

    async def _acquire(self) -> None:
        connection = await connect(self._dsn, name="bailiwick gateway lease", statement_seconds=10.0)
        try:
            await connection.execute(
                "INSERT INTO worker (id, pid, started, seen) VALUES ($1, $2, now(), now()) "
                "ON CONFLICT (id) DO UPDATE SET seen = now()",
                self._worker,
                self._pid,
            )
            held = await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key(self._worker))
        except BaseException:  # also when cancelled: nobody else knows this connection
            connection.terminate()
            raise
        if not held:
            connection.terminate()
            raise TimeoutError("the lease is still held by the former connection")
        self._connection = connection

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                if self._connection is None:
                    await self._acquire()
                    self._log.info(events.LEASE_TAKEN, worker=self._worker)
                else:
                    await self._connection.execute("UPDATE worker SET seen = now() WHERE id = $1", self._worker)
            except LOST as error:
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
                    self._log.warning(events.LEASE_LOST, worker=self._worker, reason=type(error).__name__)
