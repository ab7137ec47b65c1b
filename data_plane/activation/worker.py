"""The digests that a gateway worker really serves, where the agent reads them."""

from __future__ import annotations

from typing import Generic

import asyncpg

from data_plane.activation.active import Decider
from data_plane.activation.current import CurrentRelease

UPDATE = """
UPDATE worker SET manifest = $2, config = $3, policy = $4, state = $5
WHERE id = $1 AND state <> 'stopped' AND (manifest, config, policy, state) IS DISTINCT FROM ($2, $3, $4, $5)
"""


class Served(Generic[Decider]):
    """Writes what the worker serves into its row, whose life sign is metering's. `state`: `serving` or `refusing`."""

    channel = None

    def __init__(self, worker_id: str, current: CurrentRelease[Decider]) -> None:
        self._id = worker_id
        self._current = current

    async def refresh(self, connection: asyncpg.Connection) -> None:
        """Writes what this worker serves at this moment, if the row says otherwise."""
        release = self._current.release
        digests = None if release is None else release.digests
        await connection.execute(
            UPDATE,
            self._id,
            None if digests is None else digests.manifest,
            None if digests is None else digests.config,
            None if digests is None else digests.policy,
            "refusing" if digests is None else "serving",
        )
