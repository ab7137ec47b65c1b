"""Reports on their way: made at each boundary of the schedule, sent in order, until the centre has each exactly once.

The centre states the sequence that it expects. From that:

- accepted or known: acknowledged, on to the next;
- it expects an earlier one (it was restored): everything from there is sent again, byte for byte;
- it expects a later one than the region has (the region was restored), or knows a sequence with another digest: a
  conflict; nothing is made or sent until the officer says whose sequence holds;
- a bad signature is a report damaged on its way: the stored bytes are sent again later;
- a report that the centre calls invalid is for people to look at: reports pause as in a conflict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from bailiwick.contract.ledger_entry import Correction
from bailiwick.metrics.v1 import metrics_pb2
from data_plane.agent.peer import Peer
from data_plane.agent.witnessing import Witnessing
from data_plane.ledger.errors import LedgerError
from data_plane.privacy import messages, store_reports
from data_plane.privacy.accounts import Accounts
from data_plane.privacy.errors import GapError, PrivacyError
from data_plane.privacy.outbox import Outbox
from data_plane.privacy.ports import Append, Clock
from data_plane.privacy.rebuild import Rebuilder
from data_plane.releases import store_link

MADE = "report_made"
SENT = "report_accepted"
DAMAGED = "report_damaged_on_its_way"
PAUSED = "reports_paused"
RESUMED = "reports_resumed"
OLDER_COPY = "older-copy"
BEHIND_CENTRE = "behind-centre"
OTHER_DIGEST = "other-digest"
REFUSED = "report-refused"
AGAIN = timedelta(seconds=20)
TAKEN = {metrics_pb2.SUBMIT_STATUS_ACCEPTED, metrics_pb2.SUBMIT_STATUS_KNOWN}


@dataclass(frozen=True)
class Parts:
    """What reporting works with."""

    outbox: Outbox
    accounts: Accounts
    witnessing: Witnessing
    rebuilder: Rebuilder
    append: Append


class Reporting:
    """Two rounds: making what is due, and sending what is made."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, parts: Parts, made: Callable[[], None]) -> None:
        self._pool = pool
        self._made = made
        self._clock = clock
        self._parts = parts
        self._quiet_until: datetime | None = None
        self._log = structlog.get_logger()

    def stir(self) -> None:
        """Something changed: the next round looks, whatever the schedule says."""
        self._quiet_until = None

    async def make(self) -> None:
        """Closes ended control periods and makes the report that is due; works without a centre."""
        if self._quiet_until is not None and self._clock() < self._quiet_until:
            return
        link = await store_link.read(self._pool)
        if link.conflict is not None:
            await self._resume(link)
            return
        if await self._parts.outbox.older_copy():
            await self._pause(OLDER_COPY, None)
            return
        await self._parts.outbox.copy_all()
        await self._parts.accounts.close(self._clock())
        period = await self._parts.outbox.due()
        if period is None:
            self._quiet_until = self._parts.outbox.next_boundary()
            return
        try:
            report = await self._parts.outbox.make(period, link.centre_sequence or 1)
        except GapError:
            await self._pause(OLDER_COPY, None)
            raise
        except (PrivacyError, LedgerError):
            self._quiet_until = self._clock() + AGAIN  # trying again at once would say the same
            raise
        self._log.info(MADE, sequence=report.sequence, first=report.first, next=report.next, bytes=len(report.body))
        self._made()

    async def send(self, peer: Peer) -> None:
        """Sends what the centre does not have, in order, then offers the newest boundary to the witness.

        Raises:
            CentreAwayError: the link went away; what is stored stays.
            ProtocolBreachError: the witness answered what it may not.
        """
        link = await store_link.read(self._pool)
        if link.conflict is not None:
            return
        for sequence in await store_reports.unacknowledged(self._pool):
            if not await self._submit(peer, sequence):
                return
        await self._parts.witnessing.step(peer)

    async def _submit(self, peer: Peer, sequence: int) -> bool:
        """Sends one report; true when the next one may follow."""
        report = await store_reports.get(self._pool, sequence)
        if report is None:
            return False
        answer = await peer.submit(messages.submit(self._parts.rebuilder, report.body, report.signature))
        if answer.status in TAKEN:
            await store_reports.acknowledge(self._pool, sequence, self._clock())
            self._log.info(SENT, sequence=sequence)
            return True
        if answer.status == metrics_pb2.SUBMIT_STATUS_GAP:
            return await self._gap(sequence, int(answer.next_sequence))
        if answer.status == metrics_pb2.SUBMIT_STATUS_CONFLICT:
            await self._pause(OTHER_DIGEST, int(answer.next_sequence))
            return False
        if answer.status == metrics_pb2.SUBMIT_STATUS_BAD_SIGNATURE:
            self._log.warning(DAMAGED, sequence=sequence)
            return False
        await self._pause(REFUSED, int(answer.next_sequence))
        return False

    async def _gap(self, sequence: int, expected: int) -> bool:
        last = await store_reports.last(self._pool)
        if last is None or expected > last.sequence + 1 or expected < 1:
            await self._pause(BEHIND_CENTRE, expected)
        elif expected < sequence:
            await store_reports.reopen(self._pool, expected)
        else:
            await self._pause(OTHER_DIGEST, expected)
        return False

    async def _pause(self, code: str, expected: int | None) -> None:
        self._quiet_until = None
        self._log.warning(PAUSED, code=code, centre_sequence=expected)
        await store_link.conflict(self._pool, code, expected)

    async def _resume(self, link: store_link.Link) -> None:
        """Acts on the officer's word: `centre` takes back what left before a restore; `region` sends its own again."""
        if link.resume is None:
            return
        centre, taken, now = link.resume == "centre", 0, self._clock()
        if centre:
            taken = await self._parts.outbox.adopt()
            await store_reports.supersede(self._pool, link.centre_sequence or 0, now)
        last = await store_reports.last(self._pool)
        index = last.next - 1 if last is not None and last.next > 0 else 0
        async with self._pool.acquire() as connection, connection.transaction():
            await store_link.resumed(connection, keep_sequence=centre)
            await self._parts.append(connection, Correction(at=now, index=index, reason=f"accept-{link.resume}"))
        self._log.warning(RESUMED, accepted=link.resume, adopted=taken)
