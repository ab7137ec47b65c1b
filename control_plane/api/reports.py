"""The agents port's way in for reports."""

from __future__ import annotations

from typing import Any

import grpc.aio
import structlog

from bailiwick.metrics.v1 import metrics_pb2 as pb
from bailiwick.metrics.v1 import metrics_pb2_grpc
from control_plane.api import report_wire as wire
from control_plane.api.door import Door
from control_plane.api.inbound import InboundCheck
from control_plane.services.fleet import Fleet
from control_plane.services.reports import Reports

SUBMITTED = "report_submitted"


class ReportsServicer(metrics_pb2_grpc.ReportsServiceServicer):
    """Takes reports; what is wrong with one is said in the response, not by a status."""

    def __init__(self, door: Door, reports: Reports, fleet: Fleet, inbound: InboundCheck) -> None:
        self._door = door
        self._reports = reports
        self._fleet = fleet
        self._inbound = inbound

    async def Submit(  # noqa: N802 - the protocol's name
        self, request: pb.SubmitRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SubmitResponse:
        """Take one report."""
        region, _ = await self._door.caller(context)
        self._inbound.check(request)
        answer = await self._reports.submit(region, request.report, request.signature)
        await self._fleet.count(region, "report", request.ByteSize())
        log = structlog.get_logger()
        log.info(SUBMITTED, region=region, outcome=answer.outcome.value, next_sequence=answer.next_sequence)
        return wire.submitted(answer)
