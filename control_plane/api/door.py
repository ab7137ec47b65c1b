"""Who is calling: the region of the certificate, while the registry stands by it."""

from __future__ import annotations

from typing import Any

import grpc.aio

from bailiwick.rpc.peer import peer_of
from control_plane.domain.words import RegionId, region_id
from control_plane.services.fleet import Fleet


class Door:
    """Lets regions in by the URI name of their certificate, and checks its serial with each call."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def caller(self, context: grpc.aio.ServicerContext[Any, Any]) -> tuple[RegionId, str]:
        """(region, serial of its certificate). Raises `UnauthenticatedError` or `PeerError`."""
        peer = peer_of(context)
        region, serial = region_id(peer.region), f"{peer.serial:x}"
        await self._fleet.authorise(region, serial)
        return region, serial
