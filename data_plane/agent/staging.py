"""Bringing a release into the region: fetched, verified, checked, and its files in place before anybody is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bailiwick.contract.release import Manifest
from data_plane.agent.peer import Peer
from data_plane.agent.repository import Bring, MetadataFile, Released, Repository, Wanted
from data_plane.agent.switch import Fault, no_fault
from data_plane.privacy import messages
from data_plane.privacy.rebuild import Rebuilder
from data_plane.releases.blobs import BlobStore
from data_plane.releases.content import Boundary, Content, check_content, read_manifest
from data_plane.releases.errors import Refusal, RefusedError


def bring_by(peer: Peer, rebuilder: Rebuilder) -> Bring:
    """How files come over the link."""

    def bring(wanted: Wanted) -> AsyncIterator[bytes]:
        if isinstance(wanted, MetadataFile):
            return peer.fetch(messages.fetch_metadata(rebuilder, wanted.role, wanted.version))
        return peer.fetch(messages.fetch_target(rebuilder, wanted.digest))

    return bring


class Staging:
    """The region's copies of releases. One is staged when all of it, its fallback included, lies in the region."""

    def __init__(
        self,
        repository: Repository,
        blobs: BlobStore,
        rebuilder: Rebuilder,
        boundary: Boundary,
        fault: Fault = no_fault,
    ) -> None:
        self._repository = repository
        self._blobs = blobs
        self._rebuilder = rebuilder
        self._boundary = boundary
        self._fault = fault

    async def released(self, peer: Peer) -> Released:
        """The centre's repository, freshly verified.

        Raises:
            RefusedError: its metadata does not verify or has expired.
            CentreAwayError: the link went away.
        """
        return await self._repository.open(bring_by(peer, self._rebuilder))

    async def stage(self, released: Released, name: str) -> Content:
        """Fetches a release and checks it completely.

        Raises:
            RefusedError: it may not run here.
            CentreAwayError: the link went away.
        """
        manifest = await self._fetch(released, name)
        self._fault("fetched")
        content = self.check(name)
        self._fault("checked")
        if manifest.fallback is not None and self._blobs.read(manifest.fallback) is None:
            await self._fetch(released, manifest.fallback)
            self.check(manifest.fallback)
        self._fault("staged")
        return content

    def check(self, name: str) -> Content:
        """Checks what is staged under `name`, from the region's own files alone.

        Raises:
            RefusedError: it may not run here.
        """
        body = self._blobs.read(name)
        if body is None:
            raise RefusedError(Refusal.DIGEST_MISMATCH, "the release is not staged")
        manifest = read_manifest(body, name, self._boundary.region)
        return check_content(manifest, name, self._blobs.read, self._boundary)

    async def _fetch(self, released: Released, name: str) -> Manifest:
        body = self._blobs.read(name) or await released.manifest(name)
        manifest = read_manifest(body, name, self._boundary.region)
        for named in manifest.blobs:
            if self._blobs.read(named) is None:
                blob = await released.blob(named)
                if self._blobs.put(blob) != named:
                    raise RefusedError(Refusal.DIGEST_MISMATCH, "a document of the release does not have its digest")
        self._blobs.put(body)
        return manifest
