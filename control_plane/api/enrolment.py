"""The enrolment port: redeems invitations and issues certificates. The only port without client certificates."""

from __future__ import annotations

from typing import Any

import grpc.aio
import structlog

from bailiwick.agent.v1 import enrolment_pb2 as pb
from bailiwick.agent.v1 import enrolment_pb2_grpc
from control_plane.api.inbound import InboundCheck
from control_plane.domain.errors import CentreError
from control_plane.domain.regions import RegionKeys
from control_plane.services.enrolment import Enrolment, Renewal, RenewalState

ENROLLED = "region_enrolled"
REFUSED = "enrolment_refused"
_STATES = {
    RenewalState.AWAITING_APPROVAL: pb.ENROLMENT_STATE_AWAITING_APPROVAL,
    RenewalState.ISSUED: pb.ENROLMENT_STATE_ISSUED,
    RenewalState.REVOKED: pb.ENROLMENT_STATE_REVOKED,
}


class EnrolmentServicer(enrolment_pb2_grpc.EnrolmentServiceServicer):
    """Enrol and Renew."""

    def __init__(self, enrolment: Enrolment, inbound: InboundCheck) -> None:
        self._enrolment = enrolment
        self._inbound = inbound

    async def Enrol(  # noqa: N802 - the protocol's name
        self,
        request: pb.EnrolRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002 - gRPC's signature
    ) -> pb.EnrolResponse:
        """Redeem a single-use invitation."""
        log = structlog.get_logger()
        self._inbound.check(request)
        try:
            enrolled = await self._enrolment.enrol(
                request.invitation_id, request.invitation_secret, request.csr, _keys(request)
            )
        except CentreError as error:
            log.info(REFUSED, code=error.code)
            raise
        log.info(ENROLLED, invitation=request.invitation_id.hex())
        return pb.EnrolResponse(ca=enrolled.ca, tuf_root=enrolled.tuf_root)

    async def Renew(  # noqa: N802 - the protocol's name
        self,
        request: pb.RenewRequest,
        context: grpc.aio.ServicerContext[Any, Any],  # noqa: ARG002 - gRPC's signature
    ) -> pb.RenewResponse:
        """Issue a certificate after approval, and renew it later."""
        self._inbound.check(request)
        renewal = await self._enrolment.renew(request.csr, request.enrolment_key, request.proof, request.unix_time)
        return _response(renewal)


def _keys(request: pb.EnrolRequest) -> RegionKeys:
    return RegionKeys(
        enrolment=request.enrolment_key,
        ledger=request.ledger_key,
        report=request.report_key,
        evidence=request.evidence_key,
        officers=tuple(request.officer_keys),
        officer_threshold=request.officer_threshold,
    )


def _response(renewal: Renewal) -> pb.RenewResponse:
    return pb.RenewResponse(state=_STATES[renewal.state], certificate=renewal.certificate)
