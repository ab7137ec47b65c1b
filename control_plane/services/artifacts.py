"""Files of the TUF repository, by role and version or by digest. Read-only."""

from __future__ import annotations

from control_plane.domain.errors import NotFoundError
from control_plane.services.ports import Registry


class Artifacts:
    """What regions fetch: metadata by role, targets by their SHA-256."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def metadata(self, role: str, version: int) -> bytes:
        """Metadata of a role; version 0 means the newest, which is how a timestamp is asked for."""
        async with self._registry.begin() as tx:
            if version:
                body = await tx.signing.metadata(role, version)
            else:
                newest = await tx.signing.newest(role)
                body = newest[1] if newest is not None else None
        if body is None:
            raise NotFoundError("metadata", "There is no such metadata.")
        return body

    async def target(self, digest: bytes) -> bytes:
        """A manifest or a blob."""
        async with self._registry.begin() as tx:
            body = await tx.releases.blob(digest)
        if body is None:
            raise NotFoundError("target", "There is no such target.")
        return body
