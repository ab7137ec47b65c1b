"""Keeping a certificate: redeem an invitation that was handed over, ask until approved, renew at half life.

The region looks at its own certificate first: grpcio reports an expired one as plain UNAVAILABLE, as if the centre were
away. An expired certificate renews for 90 days, because the enrolment key proves who asks. A centre restored from an
older copy refuses certificates that it has issued since: a refused one is renewed at once, then at most every
`SLOW_ROUNDS`.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import structlog

from bailiwick.agent.v1 import enrolment_pb2
from data_plane.agent.enrol import Enrolment
from data_plane.agent.errors import CentreAwayError, EnrolmentRefusedError
from data_plane.agent.files import AgentFiles
from data_plane.privacy.ports import Clock
from data_plane.releases import store_link
from data_plane.releases.store_link import Enrolment as Progress

REDEEMED = "invitation_redeemed"
REFUSED = "enrolment_refused"
ISSUED = "certificate_issued"
SLOW_ROUNDS = 30


class Renewal:
    """One round each second or two; most rounds do nothing."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        files: AgentFiles,
        enrolment: Enrolment,
        clock: Clock,
        spread: Callable[[], float],
        issued: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._files = files
        self._enrolment = enrolment
        self._clock = clock
        self._spread = spread
        self._issued = issued
        self._moved = spread()
        self._skip = 0
        self._refused = False
        self._log = structlog.get_logger()

    def refused(self) -> None:
        """The agents port did not take the certificate: the next round asks for another."""
        self._refused = True

    async def step(self) -> None:
        """One round."""
        token = await self._handed_over()
        if token is not None:
            await self._redeem(token)
        if self._files.enrolled() and self._due():
            await self._renew()

    async def _handed_over(self) -> str | None:
        try:
            return self._files.handed_over()
        except EnrolmentRefusedError as error:
            await self._refuse(error)
            return None

    async def _redeem(self, token: str) -> None:
        await store_link.enrolment(self._pool, Progress.ENROLLING, None)
        try:
            await self._enrolment.redeem(token)
        except EnrolmentRefusedError as error:
            await self._refuse(error)
            return
        except CentreAwayError as error:
            await store_link.enrolment(self._pool, Progress.ENROLLING, error.code)
            raise
        self._files.invitation.unlink(missing_ok=True)
        self._files.certificate.unlink(missing_ok=True)
        self._skip = 0
        self._log.info(REDEEMED)
        await store_link.enrolment(self._pool, Progress.AWAITING_APPROVAL, None)

    async def _refuse(self, error: EnrolmentRefusedError) -> None:
        self._files.invitation.unlink(missing_ok=True)
        self._log.warning(REFUSED, code=error.code)
        await store_link.enrolment(self._pool, Progress.REFUSED, error.code)

    def _due(self) -> bool:
        if self._skip > 0:
            self._skip -= 1
            return False
        held = self._files.held()
        return held is None or self._refused or self._clock() >= held.renew_at(self._moved)

    async def _renew(self) -> None:
        try:
            answer = await self._enrolment.certificate()
        except EnrolmentRefusedError as error:
            self._skip = SLOW_ROUNDS
            self._log.warning(REFUSED, code=error.code)
            await store_link.enrolment(self._pool, Progress.REFUSED, "renewal-refused")
            return
        if self._refused:
            self._refused, self._skip = False, SLOW_ROUNDS
        if answer.certificate is not None:
            self._moved = self._spread()
            self._log.info(ISSUED, expires=answer.certificate.expires)
            await store_link.enrolment(self._pool, Progress.ENROLLED, None, answer.certificate.expires)
            self._issued()
        elif answer.state == enrolment_pb2.ENROLMENT_STATE_REVOKED:
            self._skip = SLOW_ROUNDS
            await store_link.enrolment(self._pool, Progress.REVOKED, "revoked")
        else:
            await store_link.enrolment(self._pool, Progress.AWAITING_APPROVAL, None)
