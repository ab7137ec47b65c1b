"""What the gateway tells without serving inference: models, budgets, health, version."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from bailiwick.contract.times import format_time
from data_plane.access.keys import ApiKey
from data_plane.activation.current import CurrentRelease
from data_plane.gateway.dispatch import Engines
from data_plane.gateway.errors import ledger_unavailable
from data_plane.gateway.permission import Decider
from data_plane.gateway.tiers import unknown_model
from data_plane.metering.pots import read_pots

Answer = tuple[int, object]


class Reading:
    """The paths that only read."""

    def __init__(
        self,
        current: CurrentRelease[Decider],
        engines: Engines,
        pool: asyncpg.Pool,
        version: str,
        metering: Callable[[], bool],
    ) -> None:
        self._current = current
        self._engines = engines
        self._pool = pool
        self._version = version
        self._metering = metering

    def live(self) -> Answer:
        """The process runs."""
        return 200, {"status": "live"}

    def ready(self) -> Answer:
        """The worker can serve: it has a release, and the ledger can be written."""
        release = self._current.release
        checks = {"release": release is not None, "ledger": self._metering()}
        manifest = None if release is None else release.digests.manifest
        good = all(checks.values())
        status = "ready" if good else "refusing"
        return (200 if good else 503), {"status": status, "checks": checks, "release": manifest}

    def version(self) -> Answer:
        """The installed version, and the release in force."""
        release = self._current.release
        digests = None if release is None else release.digests
        return 200, {
            "version": self._version,
            "release": None
            if digests is None
            else {
                "version": digests.version,
                "manifest": digests.manifest,
                "config": digests.config,
                "policy": digests.policy,
            },
        }

    async def models(self, _: ApiKey) -> Answer:
        """`GET /v1/models`: what is on offer and has an engine here."""
        return 200, {"object": "list", "data": self._offered()}

    async def model(self, name: str) -> Answer:
        """`GET /v1/models/<id>`.

        Raises:
            Refusal: 404.
        """
        offered = self._offered()
        for document in offered:
            if document["id"] == name:
                return 200, document
        raise unknown_model(name, [str(document["id"]) for document in offered])

    async def usage(self, key: ApiKey) -> Answer:
        """`GET /v1/usage`: the budgets that every request of this key counts on.

        Raises:
            Refusal: 503, the database is away.
        """
        fixed = {name: values[0] for name, values in key.tags.items() if len(values) == 1}
        try:
            async with self._pool.acquire() as connection:
                book = await read_pots(connection)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            raise ledger_unavailable() from None
        mine = [level for level in book.levels if level.pot.match and level.pot.match.items() <= fixed.items()]
        return 200, {
            "object": "list",
            "data": [
                {
                    "budget": level.pot.id,
                    "window": level.pot.window,
                    "limit": level.pot.limit,
                    "settled": level.settled,
                    "reserved": level.reserved,
                    "resets_at": None if level.resets_at is None else format_time(level.resets_at),
                }
                for level in mine
            ],
        }

    def _offered(self) -> list[dict[str, object]]:
        release = self._current.release
        if release is None:
            return []
        return [
            {
                "id": model.id,
                "object": "model",
                "created": 0,
                "owned_by": "bailiwick",
                "kind": model.kind,
                "tier": model.tier,
            }
            for model in release.models
            if self._engines.serves(model.id)
        ]
