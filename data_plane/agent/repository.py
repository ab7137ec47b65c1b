"""The centre's TUF repository, read through the agent's own link.

python-tuf's client decides what is trusted; this module only brings bytes. Metadata lies in `data/tuf`, the root of
trust is the file pinned at enrolment.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from bailiwick.artifacts.v1 import artifacts_pb2
from bailiwick.contract.release import hex_of
from data_plane.agent.errors import AgentError, CentreAwayError
from data_plane.agent.peer import Missing
from data_plane.releases.errors import Refusal, RefusedError

METADATA = "metadata:/"
TARGETS = "targets:/"
NAMED = re.compile(r"(?:([0-9]+)\.)?(root|timestamp|snapshot|targets)\.json")
ROLES = {
    "root": artifacts_pb2.ROLE_ROOT,
    "timestamp": artifacts_pb2.ROLE_TIMESTAMP,
    "snapshot": artifacts_pb2.ROLE_SNAPSHOT,
    "targets": artifacts_pb2.ROLE_TARGETS,
}
PART_SECONDS = 60.0
LARGEST_TARGET = 1 << 30


@dataclass(frozen=True)
class MetadataFile:
    """Metadata by role and version; version 0 is the unversioned name."""

    role: int
    version: int


@dataclass(frozen=True)
class TargetBlob:
    """A target by its SHA-256."""

    digest: bytes


Wanted: TypeAlias = MetadataFile | TargetBlob
Bring: TypeAlias = Callable[[Wanted], AsyncIterator[bytes]]


class LinkFetcher(FetcherInterface):
    """python-tuf's way to the network: names become requests on the link.

    It is called on a worker thread; the link lives on `loop`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, bring: Bring) -> None:
        super().__init__()
        self._loop = loop
        self._bring = bring

    def _fetch(self, url: str) -> Iterator[bytes]:
        parts = self._bring(wanted(url))
        while True:
            try:
                part = asyncio.run_coroutine_threadsafe(_next(parts), self._loop).result(PART_SECONDS)
            except Missing as error:
                raise DownloadHTTPError("the centre has no such file", 404) from error
            if part is None:
                return
            yield part


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    return await anext(parts, None)


def wanted(url: str) -> Wanted:
    """The request that a name stands for.

    Raises:
        DownloadError: the name is none of this repository.
    """
    if url.startswith(METADATA):
        named = NAMED.fullmatch(url.removeprefix(METADATA).lstrip("/"))
        if named is not None:
            return MetadataFile(ROLES[named[2]], int(named[1] or 0))
    if url.startswith(TARGETS):
        name = url.rpartition("/")[2]
        if re.fullmatch(r"[0-9a-f]{64}", name):
            return TargetBlob(bytes.fromhex(name))
    raise DownloadError("not a name of this repository")


class Repository:
    """What the centre has released, as far as its metadata proves it."""

    def __init__(self, directory: Path, root: Path) -> None:
        self._directory = directory
        self._root = root

    async def open(self, bring: Bring) -> Released:
        """Refreshes the metadata.

        Raises:
            RefusedError: the metadata does not verify, or has expired.
            CentreAwayError: the link went away.
        """
        loop = asyncio.get_running_loop()
        fetcher = LinkFetcher(loop, bring)
        return await asyncio.to_thread(self._open, fetcher)

    def _open(self, fetcher: LinkFetcher) -> Released:
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            updater = Updater(
                str(self._directory),
                METADATA,
                target_base_url=TARGETS,
                fetcher=fetcher,
                config=UpdaterConfig(prefix_targets_with_hash=False),
                bootstrap=self._root.read_bytes(),
            )
            updater.refresh()
        except (RepositoryError, DownloadError) as error:
            raise _translated(error) from error
        return Released(updater, self._directory / "targets")


class Released:
    """A verified view of the repository."""

    def __init__(self, updater: Updater, scratch: Path) -> None:
        self._updater = updater
        self._scratch = scratch

    async def manifest(self, digest: str) -> bytes:
        """A manifest that the targets role signed for."""
        return await asyncio.to_thread(self._get, f"manifests/{hex_of(digest)}")

    async def blob(self, digest: str) -> bytes:
        """A document that the targets role signed for."""
        return await asyncio.to_thread(self._get, f"blobs/{hex_of(digest)}")

    def _get(self, path: str) -> bytes:
        try:
            info = self._updater.get_targetinfo(path)
            if info is None or info.length > LARGEST_TARGET:
                raise RefusedError(Refusal.BAD_SIGNATURE, "the release is not in the signed targets")
            place = self._scratch / path.replace("/", ".")
            file = Path(self._updater.download_target(info, str(place)))
        except (RepositoryError, DownloadError) as error:
            raise _translated(error) from error
        body = file.read_bytes()
        file.unlink()
        return body


def _translated(error: RepositoryError | DownloadError) -> AgentError | RefusedError:
    if isinstance(error, ExpiredMetadataError):
        return RefusedError(Refusal.EXPIRED_METADATA, "the centre's metadata has expired")
    if isinstance(error, DownloadHTTPError):
        return RefusedError(Refusal.DIGEST_MISMATCH, "the centre lacks a file that its metadata names")
    if isinstance(error, DownloadError):
        return CentreAwayError()
    return RefusedError(Refusal.BAD_SIGNATURE, "the centre's metadata does not verify")
