"""The agent as a whole: hears the centre, wakes its parts, and says what they have to say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import asyncpg

from bailiwick.agent.v1 import agent_pb2
from data_plane.agent.announce import Announcer
from data_plane.agent.gate import Gates, Question
from data_plane.agent.link import REFUSED, Link
from data_plane.agent.loops import Wake, forever
from data_plane.agent.mailbox import Mailbox
from data_plane.agent.observe import Moment, Observer
from data_plane.agent.peer import Peer
from data_plane.agent.releases import Releases
from data_plane.agent.renewal import Renewal
from data_plane.agent.reporting import Reporting
from data_plane.privacy import messages
from data_plane.privacy.messages import Observation
from data_plane.privacy.ports import Clock
from data_plane.privacy.rebuild import Rebuilder
from data_plane.releases import store_evidence, store_link
from data_plane.releases.blobs import text_digest
from data_plane.releases.store_evidence import EvidenceRequest, Phase

MAX_RECIPIENT = 128
GATES_WAITING = 16
OBSERVED_AGAIN_SECONDS = 5.0
WOKEN = MappingProxyType(
    {
        "statement": ("releases", "announce"),
        "offer": ("announce", "observe"),
        "active_release": ("observe",),
        "evidence": ("announce",),
        "resume": ("make",),
    }
)


@dataclass(frozen=True)
class Parts:
    """The parts of the agent."""

    link: Link
    renewal: Renewal
    releases: Releases
    reporting: Reporting
    announcer: Announcer
    gates: Gates
    rebuilder: Rebuilder


@dataclass(frozen=True)
class Paces:
    """Seconds between rounds where nothing wakes a part."""

    renewal: float = 1.0
    releases: float = 1.0
    observe: float = 1.0
    announce: float = 5.0
    make: float = 0.5
    send: float = 5.0


def alarms() -> Mapping[str, Wake]:
    """An alarm for each part that may be woken."""
    return {name: Wake() for name in ("releases", "observe", "announce", "make", "send", "renewal")}


class Agent:
    """Listens on the link and keeps the parts going."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, parts: Parts, paces: Paces, wakes: Mapping[str, Wake]) -> None:
        self._pool = pool
        self._clock = clock
        self._parts = parts
        self._paces = paces
        self._gates: Mailbox[Question] = Mailbox(GATES_WAITING)
        self._contacted = False
        self._said: Observation | None = None
        self._said_at = 0.0
        self.wakes = wakes

    def moment(self) -> Moment:
        """What only this process knows."""
        return Moment(self._parts.link.peer is not None, self._contacted, self._parts.releases.metadata_expired)

    async def run(self, observer: Observer) -> None:
        """Runs every part until cancelled."""
        paces, parts = self._paces, self._parts

        async def observe() -> None:
            await self._observe(observer)

        rounds: list[tuple[str, Callable[[], Awaitable[object]], float]] = [
            ("renewal", parts.renewal.step, paces.renewal),
            ("releases", parts.releases.step, paces.releases),
            ("observe", observe, paces.observe),
            ("announce", parts.announcer.step, paces.announce),
            ("make", parts.reporting.make, paces.make),
            ("send", self._send, paces.send),
        ]
        async with asyncio.TaskGroup() as group:
            group.create_task(forever("link", self._link, Wake(), 1.0))
            group.create_task(forever("gates", self._answer_gate, Wake(), 0.0))
            for name, step, seconds in rounds:
                group.create_task(forever(name, step, self.wakes[name], seconds))

    def woken(self, channel: str) -> None:
        """The database announced a change."""
        if channel == "resume":
            self._parts.reporting.stir()
        for name in WOKEN.get(channel, ()):
            self.wakes[name].set()

    async def up(self, peer: Peer) -> None:  # noqa: ARG002 -- the listener's signature; the link holds the peer
        """A session is open: everything is said anew."""
        self._contacted = True
        self._said = None
        self._parts.announcer.forget()
        await store_link.connected(self._pool, up=True, now=self._clock())
        for wake in self.wakes.values():
            wake.set()

    async def down(self, code: str) -> None:
        """The session is over; where the centre does not know the certificate, another is asked for at once."""
        if code == REFUSED:
            self._parts.renewal.refused()
            self.wakes["renewal"].set()
        await store_link.connected(self._pool, up=False, now=self._clock())
        self.wakes["observe"].set()

    async def heard(self, response: agent_pb2.SessionResponse) -> None:
        """What the centre says, by kind."""
        body = response.WhichOneof("body")
        if body == "desired":
            await self._wish(response.desired)
        elif body == "offers":
            self._parts.releases.offered([text_digest(raw) for raw in response.offers.manifests if len(raw) == 32])
            self.wakes["releases"].set()
        elif body == "gate" and len(response.gate.gate_id) == 16 and len(response.gate.manifest) == 32:
            self._gates.put(response.gate.gate_id.hex(), _question(response.gate))
        elif body == "evidence":
            await self._requests(response.evidence)

    async def _wish(self, desired: agent_pb2.DesiredState) -> None:
        manifest = text_digest(desired.manifest) if len(desired.manifest) == 32 else None
        await store_link.desire(self._pool, desired.generation, manifest, rollback=desired.rollback)
        self.wakes["releases"].set()
        self.wakes["observe"].set()

    async def _requests(self, asked: agent_pb2.EvidenceRequests) -> None:
        now = self._clock()
        for request in asked.requests:
            if len(request.request_id) != 16 or len(request.recipient) > MAX_RECIPIENT:
                continue
            await store_evidence.receive(self._pool, _evidence_request(request, now))
        self.wakes["announce"].set()

    async def _link(self) -> None:
        await self._parts.link.run(self)

    async def _send(self) -> None:
        peer = self._parts.link.peer
        if peer is not None:
            await self._parts.reporting.send(peer)

    async def _observe(self, observer: Observer) -> None:
        """Says what runs on change, and again every few seconds."""
        seen = await observer.look()
        now = asyncio.get_running_loop().time()
        if self._parts.link.peer is None:
            self._said = None
        elif seen != self._said or now - self._said_at >= OBSERVED_AGAIN_SECONDS:
            self._said, self._said_at = seen, now
            self._parts.link.mailbox.put("observed", messages.observed(self._parts.rebuilder, seen))

    async def _answer_gate(self) -> None:
        identifier, question = await self._gates.take()
        verdict = await self._parts.gates.answer(question)
        said = messages.gate(self._parts.rebuilder, question.gate, verdict.verdict, verdict.reason)
        self._parts.link.mailbox.put(f"gate:{identifier}", said)


def _question(asked: agent_pb2.GateRequest) -> Question:
    return Question(
        gate=asked.gate_id,
        manifest=text_digest(asked.manifest),
        window=timedelta(seconds=min(asked.window_seconds, 604_800)),
        min_requests=asked.min_requests,
        max_error_permille=asked.max_error_permille,
    )


def _evidence_request(asked: agent_pb2.EvidenceRequest, now: datetime) -> EvidenceRequest:
    expires = datetime.fromtimestamp(min(asked.expires, 253_402_300_000), UTC) if asked.expires else now
    return EvidenceRequest(
        id=asked.request_id.hex(),
        first=asked.first,
        next=asked.next,
        recipient=asked.recipient,
        expires=expires,
        phase=Phase.RECEIVED,
        bundle=None,
        bundle_first=None,
        bundle_next=None,
        received_at=now,
        updated_at=now,
    )
