"""The release that this worker serves, kept as the one row of `active_release` says."""

from __future__ import annotations

import asyncio
from typing import Generic

import asyncpg
import structlog

from data_plane.activation.active import ActiveRelease, Decider, Digests
from data_plane.activation.errors import ActivationError, NotActiveError
from data_plane.activation.loader import ReleaseLoader

CHANNEL = "active_release"
SERVING = "release_serving"
REFUSED = "release_not_loaded"
SELECT = "SELECT manifest, version, config, policy FROM active_release"


class CurrentRelease(Generic[Decider]):
    """Follows `active_release`. A worker that cannot load it refuses new requests: it never serves the old one on."""

    channel = CHANNEL

    def __init__(self, loader: ReleaseLoader[Decider]) -> None:
        self._loader = loader
        self._digests: Digests | None = None
        self._release: ActiveRelease[Decider] | None = None
        self._error: ActivationError = NotActiveError()
        self._log = structlog.get_logger()

    @property
    def release(self) -> ActiveRelease[Decider] | None:
        """The release in force, or None where this worker must refuse."""
        return self._release

    def get(self) -> ActiveRelease[Decider]:
        """The release in force.

        Raises:
            ActivationError: this worker must refuse.
        """
        if self._release is None:
            raise self._error
        return self._release

    async def refresh(self, connection: asyncpg.Connection) -> None:
        """Loads what is in force if it is not loaded yet; tries a release that failed to load again each time."""
        row = await connection.fetchrow(SELECT)
        found = None if row is None else Digests(row["manifest"], row["version"], row["config"], row["policy"])
        if found == self._digests and (self._release is not None or found is None):
            return
        said = found == self._digests
        self._digests = found
        if found is None:
            self._release, self._error = None, NotActiveError()
            return
        try:
            self._release = await asyncio.to_thread(self._loader.load, found)
        except ActivationError as error:
            self._release, self._error = None, error
            if not said:
                self._log.error(REFUSED, code=error.code, reason=str(error), manifest=found.manifest)
            return
        self._log.info(
            SERVING, manifest=found.manifest, version=found.version, config=found.config, policy=found.policy
        )
