"""What runs, as evidence: the digest that every live gateway worker serves, the engines, and one word for the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from bailiwick.agent.v1 import agent_pb2
from bailiwick.contract.release import raw_digest
from data_plane.agent.files import AgentFiles
from data_plane.agent.notes import engine_state
from data_plane.agent.states import WIRE, Facts, judge
from data_plane.privacy.messages import Observation
from data_plane.privacy.ports import Clock
from data_plane.releases import store_active, store_link, store_offers, workers
from data_plane.releases.store_active import Active
from data_plane.releases.store_link import LinkState
from data_plane.releases.store_offers import OfferState
from data_plane.releases.workers import Health

WAITING = {OfferState.AWAITING_CONSENT: LinkState.AWAITING_CONSENT, OfferState.VETOED: LinkState.VETOED}
ENGINE_ALIVE = timedelta(seconds=30)


@dataclass(frozen=True)
class Moment:
    """What only this process knows."""

    connected: bool
    contacted: bool
    metadata_expired: bool


class Observer:
    """Looks at the region's own tables; writes the state where its people read it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        files: AgentFiles,
        models: tuple[str, ...],
        clock: Clock,
        moment: Callable[[], Moment],
    ) -> None:
        self._pool = pool
        self._models = models
        self._files = files
        self._clock = clock
        self._moment = moment

    async def look(self) -> Observation:
        """The present observation; also written to `link_state`."""
        now = self._clock()
        link, active = await store_link.read(self._pool), await store_active.read(self._pool)
        live = await workers.live(self._pool, now)
        engines = await self._engines()
        state, code = judge(await self._facts(link, active))
        if (state.value, code) != (link.state, link.code):
            await store_link.show(self._pool, state, code, now)
        served = workers.served(live)
        known = active is not None and served == active.manifest
        failed = any(number == agent_pb2.ENGINE_STATE_FAILED for _, number in engines)
        return Observation(
            generation=link.generation,
            state=WIRE.get(state, agent_pb2.REGION_STATE_STALE),
            healthy=known and workers.health(live, served) is Health.ALL and not failed,
            manifest=b"" if served is None or not known else raw_digest(served),
            version=active.version if active is not None and known else 0,
            code=_raw(active.code if active else None, known=known),
            config=_raw(active.config if active else None, known=known),
            policy=_raw(active.policy if active else None, known=known),
            engines=tuple(engines),
        )

    async def _facts(self, link: store_link.Link, active: Active | None) -> Facts:
        moment, held = self._moment(), self._files.held()
        wish = None
        if link.desired is not None and (active is None or active.manifest != link.desired):
            offer = await store_offers.get(self._pool, link.desired)
            wish = None if offer is None else WAITING.get(OfferState(offer.state))
        return Facts(
            connected=moment.connected,
            contacted=moment.contacted,
            running=active is not None,
            certificate_expired=held is not None and held.expired(self._clock()),
            metadata_expired=moment.metadata_expired,
            conflict=link.conflict,
            wish=wish,
        )

    async def _engines(self) -> list[tuple[str, int]]:
        """The engines of the settings; one that nobody has seen for a while counts as failed."""
        rows = await self._pool.fetch(
            "SELECT model, CASE WHEN seen > $2 THEN state ELSE 'failed' END AS state FROM engine_state"
            " WHERE model = ANY($1::text[]) ORDER BY model",
            list(self._models),
            self._clock() - ENGINE_ALIVE,
        )
        return [(row["model"], engine_state(row["state"])) for row in rows]


def _raw(digest: str | None, *, known: bool) -> bytes:
    return raw_digest(digest) if digest is not None and known else b""
