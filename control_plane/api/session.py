"""The agents port's session: one stream per region, on which the region says how it stands and hears what is asked.

There is no message by which the centre could reach into a region: it can name a release, ask a question, or ask for
evidence. The region fetches, decides and answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import structlog

from bailiwick.agent.v1 import agent_pb2 as pb
from bailiwick.agent.v1 import agent_pb2_grpc
from control_plane.api import session_wire as wire
from control_plane.api.door import Door
from control_plane.api.inbound import InboundCheck
from control_plane.domain.errors import InvalidError, NotFoundError, StateError, UnauthenticatedError
from control_plane.domain.fleet import Outbound
from control_plane.fleet.sessions import SUPERSEDED, LiveSession, LiveSessions
from control_plane.services.fleet import Fleet

OPENED = "session_opened"
CLOSED = "session_closed"
PASSED_OVER = "session_message_passed_over"
REVOKED = "revoked"
DISCONNECTED = "disconnected"
HEARD_EVERY = 5.0  # seconds between notes in the registry that a region was heard of


class AgentServicer(agent_pb2_grpc.AgentServiceServicer):
    """Serves sessions. The writer is the stream itself; the reader is a task beside it."""

    def __init__(self, door: Door, fleet: Fleet, live: LiveSessions, inbound: InboundCheck) -> None:
        self._door = door
        self._fleet = fleet
        self._live = live
        self._inbound = inbound

    async def Session(  # noqa: N802 - the protocol's name
        self, request_iterator: AsyncIterator[pb.SessionRequest], context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.SessionResponse]:
        """One region's link, until it ends, is superseded, or its certificate is revoked."""
        region, serial = await self._door.caller(context)
        session = self._live.open(region, serial)
        log = structlog.get_logger().bind(region=region, session=session.id)
        await self._fleet.open(region, session.id)
        log.info(OPENED)
        reader = asyncio.create_task(self._read(session, request_iterator))
        try:
            async for response in self._write(session):
                yield response
        finally:
            self._live.close(session)
            kind = session.ended or DISCONNECTED
            await asyncio.shield(self._close(session, reader, kind))
            log.info(CLOSED, kind=kind)

    async def _close(self, session: LiveSession, reader: asyncio.Task[None], kind: str) -> None:
        async with session.taking:  # no transaction is cut in half
            reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        await self._fleet.close(session.region, session.id, kind)

    async def _write(self, session: LiveSession) -> AsyncIterator[pb.SessionResponse]:
        told: Outbound | None = None
        session.wake()
        while True:
            stale, heartbeat = await session.due()
            if session.ended is not None:
                if session.failure is not None:
                    raise session.failure
                return
            if heartbeat is not None:
                yield wire.echo(heartbeat)
            if stale and await asyncio.shield(self._still(session)):
                outbound = await asyncio.shield(self._fleet.outbound(session.region))
                for response in wire.news(outbound, told):
                    yield response
                told = outbound

    async def _still(self, session: LiveSession) -> bool:
        """Whether the session may go on: its certificate stands, and no newer session took its place elsewhere."""
        try:
            await self._fleet.authorise(session.region, session.serial)
        except UnauthenticatedError as error:
            session.end(REVOKED, error)
            return False
        if await self._fleet.holder(session.region) != session.id:
            session.end(SUPERSEDED)
            return False
        return True

    async def _read(self, session: LiveSession, requests: AsyncIterator[pb.SessionRequest]) -> None:
        hearing = _Hearing(self._fleet, session)
        try:
            async for request in requests:
                async with session.taking:
                    await self._heed(session, request, hearing)
        except Exception as error:  # noqa: BLE001 - the outermost loop of the reader; the writer raises it again
            session.end(DISCONNECTED, error)
            return
        session.end(DISCONNECTED)

    async def _heed(self, session: LiveSession, request: pb.SessionRequest, hearing: _Hearing) -> None:
        """Take a message; one about things that this centre does not know is passed over, and the link stays.

        A centre that was restored from an older copy hears of releases and requests that it has forgotten.
        """
        try:
            await self._take(session, request, hearing)
        except (NotFoundError, StateError) as error:
            log = structlog.get_logger().bind(region=session.region, session=session.id)
            log.warning(PASSED_OVER, code=error.code)

    async def _take(self, session: LiveSession, request: pb.SessionRequest, hearing: _Hearing) -> None:
        self._inbound.check(request)
        size, region, now = request.ByteSize(), session.region, datetime.now(UTC)
        match request.WhichOneof("body"):
            case "heartbeat":
                session.heard(request.heartbeat.sequence)
                await hearing.heartbeat(size)
            case "observed":
                await self._fleet.observed(wire.observation(region, request.observed, now), size)
            case "release_state":
                await self._fleet.stands(wire.standing(region, request.release_state, now), size)
            case "gate":
                verdict, reason = wire.verdict_word(request.gate.verdict), wire.reason_word(request.gate.reason)
                await self._fleet.judged(region, request.gate.gate_id, verdict, reason, size)
            case "evidence":
                state = request.evidence
                phase, span = wire.evidence_word(state.phase), (state.first, state.next)
                await self._fleet.evidence(region, state.request_id, phase, state.bundle, span, size)
            case _:
                raise InvalidError("message", "A session's message says something.")


class _Hearing:
    """Notes heartbeats in the registry, a few at a time."""

    def __init__(self, fleet: Fleet, session: LiveSession) -> None:
        self._fleet = fleet
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._noted = 0.0
        self._count = 0
        self._size = 0

    async def heartbeat(self, size: int) -> None:
        """One came."""
        self._count += 1
        self._size += size
        if self._loop.time() - self._noted >= HEARD_EVERY:
            await self._fleet.heard(self._session.region, self._session.id, self._count, self._size)
            self._noted, self._count, self._size = self._loop.time(), 0, 0
