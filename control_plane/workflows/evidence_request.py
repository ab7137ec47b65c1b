"""A request for evidence: the centre asks and sees phases and a digest; officer and auditor do the rest."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import EvidenceAnswer, EvidenceWatch
    from control_plane.workflows.calling import call, drop, watch
    from control_plane.workflows.messages import EvidenceInput, EvidenceStatus

WATCH_SECONDS = 1800
ENDED = frozenset({"refused", "downloaded", "expired"})


@workflow.defn(name="EvidenceRequest")
class EvidenceRequest:
    """Follows a request from asking to download, refusal or expiry."""

    @workflow.init
    def __init__(self, request: EvidenceInput) -> None:
        """The region has not answered."""
        self._request = request
        self._seen = EvidenceAnswer("requested")

    @workflow.run
    async def run(self, request: EvidenceInput) -> EvidenceStatus:
        """Follow the request to its end."""
        expires = datetime.fromisoformat(request.expires)
        while self._seen.phase not in ENDED:
            left = (expires - workflow.now()).total_seconds()
            if left <= 0:
                await call("evidence.expire", request.request)
                self._seen = EvidenceAnswer("expired", self._seen.bundle)
                break
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)
            await self._look(max(1, round(min(left, WATCH_SECONDS))))
        return self.status()

    async def _look(self, seconds: int) -> None:
        asked = EvidenceWatch(self._request.request, self._seen.phase, seconds)
        handle = watch("evidence.watch", asked, seconds, EvidenceAnswer)
        try:
            self._seen = await asyncio.shield(handle)
        finally:
            if not handle.done():
                await drop(handle)

    @workflow.query
    def status(self) -> EvidenceStatus:
        """The phase and the digest."""
        return EvidenceStatus(self._seen.phase, self._seen.bundle)
