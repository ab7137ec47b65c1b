"""The link: one session at a time, dialled by the region, with a heartbeat of its own and the newest of each subject.

1. The region's own certificate is looked at first; an expired one is not dialled with.
2. Each attempt opens a fresh channel, because grpcio cannot reload a client certificate.
3. A session that hears nothing for `silence` is dead, whatever TCP says.
4. After a loss the next attempt waits with full jitter, at most a few seconds.
5. A renewed certificate ends the session in good order and opens the next at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import grpc
import structlog

from bailiwick.agent.v1 import agent_pb2
from bailiwick.rpc import connect, credentials
from bailiwick.rpc.backoff import Backoff
from data_plane.agent.errors import NotEnrolledError
from data_plane.agent.files import AgentFiles
from data_plane.agent.loops import Wake
from data_plane.agent.mailbox import Mailbox
from data_plane.agent.peer import Accountant, Peer
from data_plane.privacy import messages
from data_plane.privacy.ports import Clock
from data_plane.privacy.rebuild import Outgoing, Rebuilder

UP = "link_up"
DOWN = "link_down"
REFUSED = "certificate-refused"
CAPACITY = 256
HEARTBEAT = "heartbeat"


@dataclass(frozen=True)
class Rhythm:
    """Seconds between heartbeats, and of silence after which a session counts as dead."""

    heartbeat: float = 2.0
    silence: float = 10.0
    idle: float = 0.5


class Listener(Protocol):
    """Who hears what the centre says."""

    async def up(self, peer: Peer) -> None:
        """A session is open; everything that the centre must know MUST be put into the mailbox again."""
        ...

    async def down(self, code: str) -> None:
        """The session is over, or never was; `REFUSED` as code says that the centre does not know the certificate."""
        ...

    async def heard(self, response: agent_pb2.SessionResponse) -> None:
        """The centre said something. MUST NOT wait for the link."""
        ...


class Link:
    """Holds at most one session."""

    def __init__(
        self,
        target: str,
        files: AgentFiles,
        rebuilder: Rebuilder,
        accountant: Accountant,
        clock: Clock,
        backoff: Backoff,
        rhythm: Rhythm,
    ) -> None:
        self._target = target
        self._files = files
        self._rebuilder = rebuilder
        self._accountant = accountant
        self._clock = clock
        self._backoff = backoff
        self._rhythm = rhythm
        self._log = structlog.get_logger()
        self.mailbox: Mailbox[Outgoing] = Mailbox(CAPACITY)
        self._dial_again = Wake()
        self._renewing = False
        self.peer: Peer | None = None

    def renewed(self) -> None:
        """A new certificate is there: the session begins anew with it, at the next word of the centre at the latest."""
        self._renewing = True
        self._dial_again.set()

    async def run(self, listener: Listener) -> None:
        """Keeps a session open until cancelled."""
        attempt = 0
        while True:
            ready = self._ready()
            if ready is None:
                await self._dial_again.wait(self._rhythm.idle)
                continue
            if await self._session(ready, listener):
                attempt = 0
            await self._dial_again.wait(self._backoff.delay(attempt))
            attempt += 1

    def _ready(self) -> grpc.ChannelCredentials | None:
        held = self._files.held()
        if held is None or held.expired(self._clock()):
            return None
        try:
            return credentials.agents_channel(self._files.ca_pem(), self._files.tls_key_pem(), held.pem)
        except NotEnrolledError:
            return None

    async def _session(self, ready: grpc.ChannelCredentials, listener: Listener) -> bool:
        """One session from dialling to its end; true when it came up."""
        came_up, code = False, "centre-unreachable"
        self._renewing = False
        async with connect.channel(self._target, ready) as channel:
            peer = Peer(channel, self._accountant)
            self.mailbox.clear()
            call = peer.session(self._outgoing())
            try:
                async for response in self._heard(call):
                    if not came_up:
                        came_up = True
                        self.peer = peer
                        self._log.info(UP)
                        await listener.up(peer)
                    await listener.heard(response)
                code = "closed-by-centre"
            except grpc.aio.AioRpcError as error:
                code = _code(error)
            except TimeoutError:
                code = "silent-centre"
            except asyncio.CancelledError:
                if _cancelled():
                    code = "stopping"
                    raise
                code = "unaccountable"  # what was to be said could not be accounted for, so the call was given up
            finally:
                self.peer = None
                call.cancel()
                if came_up:
                    self._log.info(DOWN, code=code)
                await listener.down(code)
        return came_up

    async def _heard(
        self, call: grpc.aio.StreamStreamCall[agent_pb2.SessionRequest, agent_pb2.SessionResponse]
    ) -> AsyncIterator[agent_pb2.SessionResponse]:
        """What the centre says, until it ends the stream, is silent for too long, or the certificate is renewed."""
        while not self._renewing:
            async with asyncio.timeout(self._rhythm.silence):
                response = await call.read()
            if not isinstance(response, agent_pb2.SessionResponse):  # grpc's end of the stream
                return
            yield response

    async def _outgoing(self) -> AsyncIterator[Outgoing]:
        beat = 0
        while True:
            beat += 1
            yield messages.heartbeat(self._rebuilder, beat)
            due = asyncio.get_running_loop().time() + self._rhythm.heartbeat
            while (left := due - asyncio.get_running_loop().time()) > 0:
                try:
                    async with asyncio.timeout(left):
                        _, waiting = await self.mailbox.take()
                except TimeoutError:
                    break
                yield waiting


def _cancelled() -> bool:
    """Whether this task itself is being cancelled; grpc raises the same error for a call that it gave up."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _code(error: grpc.aio.AioRpcError) -> str:
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        return REFUSED
    return "centre-unreachable"
