"""The agents port's read-only service: TUF metadata and targets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from bailiwick.artifacts.v1 import artifacts_pb2 as pb
from bailiwick.artifacts.v1 import artifacts_pb2_grpc
from control_plane.api.door import Door
from control_plane.api.inbound import InboundCheck
from control_plane.domain.errors import InvalidError
from control_plane.services.artifacts import Artifacts
from control_plane.services.fleet import Fleet

CHUNK = 262_144
_ROLES = {
    pb.ROLE_ROOT: "root",
    pb.ROLE_TIMESTAMP: "timestamp",
    pb.ROLE_SNAPSHOT: "snapshot",
    pb.ROLE_TARGETS: "targets",
}


class ArtifactsServicer(artifacts_pb2_grpc.ArtifactsServiceServicer):
    """Streams one file in chunks."""

    def __init__(self, door: Door, artifacts: Artifacts, fleet: Fleet, inbound: InboundCheck) -> None:
        self._door = door
        self._artifacts = artifacts
        self._fleet = fleet
        self._inbound = inbound

    async def Fetch(  # noqa: N802 - the protocol's name
        self, request: pb.FetchRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.FetchResponse]:
        """NOT_FOUND where there is no such file."""
        region, _ = await self._door.caller(context)
        self._inbound.check(request)
        body = await self._body(request)
        await self._fleet.count(region, "fetch", request.ByteSize())
        for start in range(0, max(1, len(body)), CHUNK):
            yield pb.FetchResponse(chunk=body[start : start + CHUNK])

    async def _body(self, request: pb.FetchRequest) -> bytes:
        if request.WhichOneof("file") == "target":
            return await self._artifacts.target(request.target)
        role = _ROLES.get(request.metadata.role)
        if role is None:
            raise InvalidError("role", "That is no role of TUF.")
        return await self._artifacts.metadata(role, request.metadata.version)
