"""The agents port's witness service (C2SP tlog-witness over gRPC)."""

from __future__ import annotations

from typing import Any

import grpc.aio

from bailiwick.witness.v1 import witness_pb2 as pb
from bailiwick.witness.v1 import witness_pb2_grpc
from control_plane.api.door import Door
from control_plane.api.inbound import InboundCheck
from control_plane.services.fleet import Fleet
from control_plane.services.witness import Offered, Witness


class WitnessServicer(witness_pb2_grpc.WitnessServiceServicer):
    """Cosigns checkpoints of the calling region."""

    def __init__(self, door: Door, witness: Witness, fleet: Fleet, inbound: InboundCheck) -> None:
        self._door = door
        self._witness = witness
        self._fleet = fleet
        self._inbound = inbound

    async def AddCheckpoint(  # noqa: N802 - the protocol's name
        self, request: pb.AddCheckpointRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.AddCheckpointResponse:
        """FAILED_PRECONDITION: another newest size; DATA_LOSS: a rewritten history."""
        region, _ = await self._door.caller(context)
        self._inbound.check(request)
        offered = Offered(request.old_size, tuple(request.proof), request.checkpoint)
        line = await self._witness.add(region, offered)
        await self._fleet.count(region, "checkpoint", request.ByteSize())
        return pb.AddCheckpointResponse(cosignature=line)

    async def State(  # noqa: N802 - the protocol's name
        self, request: pb.StateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.StateResponse:
        """The newest size that was cosigned for the calling region."""
        region, _ = await self._door.caller(context)
        self._inbound.check(request)
        await self._fleet.count(region, "checkpoint-state", request.ByteSize())
        return pb.StateResponse(size=await self._witness.newest_size(region))
