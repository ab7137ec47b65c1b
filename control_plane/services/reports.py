"""Taking the regions' reports: each exactly once, in order, by its exact bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from control_plane.domain.errors import NotFoundError
from control_plane.domain.regions import Region
from control_plane.domain.reports import (
    KeptReport,
    Report,
    ReportInvalidError,
    SubmitOutcome,
    Submitted,
    place,
)
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction

SIGNATURE_LABEL = b"bailiwick-report-v1\n"


class Reports:
    """Ingests reports by the rules of `domain.reports`, and reads what was taken.

    `decode` is total: it raises `ReportInvalidError` for whatever is not a report that keeps to its privacy classes.
    """

    def __init__(self, registry: Registry, clock: Clock, decode: Callable[[bytes], Report]) -> None:
        self._registry = registry
        self._clock = clock
        self._decode = decode

    async def submit(self, region: RegionId, body: bytes, signature: bytes) -> Submitted:
        """Take a report from a region, or say what is wrong with it."""
        now = self._clock()
        async with self._registry.begin() as tx:
            sender = await tx.regions.lock(region)
            if sender is None or sender.keys is None:
                raise NotFoundError("region", "There is no such region.")
            newest = await tx.reports.newest(region)
            expected = newest.sequence + 1 if newest is not None else 1
            if not _signed(sender.keys.report, body, signature):
                return Submitted(SubmitOutcome.BAD_SIGNATURE, expected)
            try:
                report = self._decode(body)
            except ReportInvalidError:
                return Submitted(SubmitOutcome.INVALID, expected)
            if report.region != region:
                return Submitted(SubmitOutcome.INVALID, expected)
            outcome = await self._place(tx, report, body, newest)
            if outcome is SubmitOutcome.ACCEPTED:
                await self._accept(tx, sender, report, body, signature, newest, now)
                expected = report.sequence + 1
            elif outcome is SubmitOutcome.CONFLICT:
                await self._conflict(tx, sender, report.sequence, now)
            return Submitted(outcome, expected)

    async def recent(self, region: RegionId | None, limit: int = 50, before: int | None = None) -> Sequence[KeptReport]:
        """What was taken, newest first."""
        async with self._registry.begin() as tx:
            return await tx.reports.recent(region, limit, before)

    async def body(self, region: RegionId, sequence: int) -> tuple[bytes, bytes]:
        """(exact bytes, signature) of a report."""
        async with self._registry.begin() as tx:
            found = await tx.reports.body(region, sequence)
        if found is None:
            raise NotFoundError("report", "There is no such report.")
        return found

    async def read(self, region: RegionId, sequence: int) -> Report:
        """A report, decoded again from its bytes."""
        body, _ = await self.body(region, sequence)
        return self._decode(body)

    async def _place(self, tx: Transaction, report: Report, body: bytes, newest: KeptReport | None) -> SubmitOutcome:
        same = await tx.reports.get(report.region, report.sequence)
        outcome = place(report, hashlib.sha256(body).digest(), newest, same)
        if outcome is not SubmitOutcome.ACCEPTED:
            return outcome
        seen = await tx.witness.newest(report.region)
        if seen is not None and seen.size == report.ledger_size and seen.root != report.ledger_root:
            return SubmitOutcome.CONFLICT
        return outcome

    async def _accept(
        self,
        tx: Transaction,
        sender: Region,
        report: Report,
        body: bytes,
        signature: bytes,
        newest: KeptReport | None,
        now: datetime,
    ) -> None:
        await tx.reports.add(report, body, signature, now)
        if sender.conflict_since is not None:
            await tx.regions.save(replace(sender, conflict_since=None))
        skipped = report.first_index - (newest.next_index if newest is not None else 0)
        await record(
            tx,
            "report.accept",
            f"region:{report.region}",
            now,
            sequence=report.sequence,
            digest=hashlib.sha256(body).hexdigest(),
            skipped=skipped,
            resumed=sender.conflict_since is not None,
        )

    async def _conflict(self, tx: Transaction, sender: Region, sequence: int, now: datetime) -> None:
        if sender.conflict_since is not None:
            return
        await tx.regions.save(replace(sender, conflict_since=now))
        await record(tx, "report.conflict", f"region:{sender.id}", now, sequence=sequence)


def _signed(key: bytes, body: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNATURE_LABEL + body)
    except (InvalidSignature, ValueError):
        return False
    return True
