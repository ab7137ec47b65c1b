"""Making a release the one that runs, and going back by itself when it is not healthy.

Each step is written down before the next begins, so that the agent may be killed between any two:

1. `intended`: the record says what is about to run; its version is the floor from now on.
2. `switched`: one transaction moves `active_release`, writes the `change` entry and moves the offer.
3. `recorded`: the record says that it runs and is being watched.
4. Watching ends when every live worker has served it for a while (`settled`), or goes back to the previous release.

After a kill, `recover` compares the record with the row and finishes or forgets the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg
import structlog

from bailiwick.contract.ledger_entry import Change, ChangeAction
from bailiwick.contract.release import Manifest
from data_plane.privacy.ports import Append, Clock
from data_plane.releases import store_active, store_offers, workers
from data_plane.releases.blobs import BlobStore
from data_plane.releases.errors import RecordError, Refusal
from data_plane.releases.record import Record, RecordFile, Step
from data_plane.releases.store_active import Active
from data_plane.releases.store_offers import OfferState
from data_plane.releases.workers import Health

APPLIED = "release_applied"
WENT_BACK = "release_went_back"
SETTLED = "release_settled"
RESTORED = "release_row_restored"
Fault: TypeAlias = Callable[[str], None]


def no_fault(_: str) -> None:
    """The fault point of production: nothing happens."""


@dataclass(frozen=True)
class Watching:
    """How long a release is watched, and how long it must have been served by all to count as healthy."""

    limit: timedelta = timedelta(seconds=20)
    steady: timedelta = timedelta(seconds=2)


class Switch:
    """The one writer of `active_release` and of the durable record."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        append: Append,
        file: RecordFile,
        blobs: BlobStore,
        clock: Clock,
        watching: Watching,
        fault: Fault = no_fault,
    ) -> None:
        self._pool = pool
        self._append = append
        self._file = file
        self._blobs = blobs
        self._clock = clock
        self._watching = watching
        self._fault = fault
        self._since: datetime | None = None
        self._steady_since: datetime | None = None
        self._log = structlog.get_logger()
        self.record = Record()

    async def recover(self) -> None:
        """At start: finishes or forgets what a kill interrupted, and holds the row against the record."""
        self.record = self._file.load()
        active = await store_active.read(self._pool)
        pending = self.record.pending
        if pending is not None:
            made = active is not None and (active.manifest, active.generation) == (pending.manifest, pending.generation)
            self._save(self.record.switched() if made else self.record.abandoned())
        applied = self.record.applied
        if applied is None and active is not None:
            step = Step(active.manifest, active.version, active.generation)
            self._save(self.record.intend(step).switched().settled())
        elif applied is not None and (active is None or active.manifest != applied.manifest):
            self._log.warning(RESTORED, manifest=applied.manifest, version=applied.version)
            await self._write(applied, "applied", None if active is None else active.manifest)

    def running(self) -> Manifest | None:
        """The manifest of what runs."""
        applied = self.record.applied
        return None if applied is None else self.manifest(applied.manifest)

    def manifest(self, name: str) -> Manifest:
        """A staged manifest.

        Raises:
            RecordError: it is not staged, or damaged.
        """
        body = self._blobs.read(name)
        if body is None:
            raise RecordError(f"the manifest {name} is missing from data/release/blobs: restore the region's files")
        return Manifest.decode(body)

    async def to(self, step: Step, action: ChangeAction) -> None:
        """Switches to a staged, checked and consented release."""
        left = self.record.applied
        self._save(self.record.intend(step))
        self._fault("intended")
        await self._write(step, action, None if left is None else left.manifest)
        self._fault("switched")
        self._save(self.record.switched())
        self._fault("recorded")
        self._since = None
        self._log.info(APPLIED, manifest=step.manifest, version=step.version, action=action)

    async def tend(self) -> None:
        """One look at what runs: settles it, goes back from it, or waits."""
        if self.record.leaving:
            await self._go_back()
        if not self.record.watching or self.record.applied is None:
            return
        now = self._clock()
        seen = workers.health(await workers.live(self._pool, now), self.record.applied.manifest)
        if self._since is None or seen is Health.UNKNOWN:
            self._since, self._steady_since = now, None
        if seen is Health.ALL:
            self._steady_since = self._steady_since or now
            if now - self._steady_since >= self._watching.steady:
                self._save(self.record.settled())
                self._log.info(SETTLED, manifest=self.record.applied.manifest)
        elif seen is Health.DIFFER:
            self._steady_since = None
            if now - self._since >= self._watching.limit:
                self._save(self.record.condemned(self.record.applied.generation))
                self._fault("condemned")
                await self._go_back()

    async def _go_back(self) -> None:
        left, back = self.record.applied, self.record.previous
        if left is None:
            return
        if back is None:
            await store_offers.move(self._pool, left.manifest, OfferState.FAILED, Refusal.UNHEALTHY, self._clock())
            return
        await self._write(back, "failed", left.manifest)
        self._fault("went-back")
        self._save(self.record.condemned(left.generation).switched())
        self._since = None
        self._log.warning(WENT_BACK, manifest=back.manifest, failed=left.manifest)

    async def _write(self, step: Step, action: ChangeAction, left: str | None) -> None:
        manifest, now = self.manifest(step.manifest), self._clock()
        active = Active(
            manifest=step.manifest,
            version=step.version,
            config=manifest.config,
            policy=manifest.policy,
            code=manifest.code,
            models=manifest.models,
            generation=step.generation,
            applied_at=now,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await store_active.write(connection, active)
            await self._append(connection, change(active, action, left))
            await store_offers.move(connection, step.manifest, OfferState.APPLIED, None, now)
            if left is not None and action == "failed":
                await store_offers.move(connection, left, OfferState.FAILED, Refusal.UNHEALTHY, now)
            if left is not None and action == "rolled-back":
                await store_offers.move(connection, left, OfferState.ROLLED_BACK, None, now)
            self._fault("unwritten")

    def _save(self, record: Record) -> None:
        self._file.save(record)
        self.record = record


def change(active: Active, action: ChangeAction, left: str | None) -> Change:
    """The ledger entry of a switch: what is in force after it, and what was before."""
    return Change(
        at=active.applied_at,
        release=active.manifest,
        version=active.version,
        generation=active.generation,
        action=action,
        previous=left,
        code=active.code,
        config=active.config,
        policy=active.policy,
        models=active.models,
    )
