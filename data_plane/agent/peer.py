"""The centre on the agents port: one fresh channel, every message accounted for before it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import grpc

from bailiwick.agent.v1 import agent_pb2, agent_pb2_grpc
from bailiwick.artifacts.v1 import artifacts_pb2_grpc
from bailiwick.metrics.v1 import metrics_pb2, metrics_pb2_grpc
from bailiwick.privacy.v1 import privacy_pb2
from bailiwick.witness.v1 import witness_pb2, witness_pb2_grpc
from data_plane.agent.errors import CentreAwayError
from data_plane.privacy.rebuild import Outgoing

CALL_SECONDS = 20.0
FILE_SECONDS = 300.0


class Accountant(Protocol):
    """Keeps the account of what leaves."""

    async def control(self, outgoing: Outgoing) -> None:
        """MUST have recorded the message durably when it returns."""
        ...


class Missing(Exception):  # noqa: N818 -- an answer of the protocol, not a fault
    """The centre has no such file."""


@dataclass(frozen=True)
class Refused(Exception):  # noqa: N818 -- an answer of the protocol, not a fault
    """The centre understood and refused; `code` is gRPC's."""

    code: grpc.StatusCode


class Peer:
    """The services of the agents port over one channel."""

    def __init__(self, channel: grpc.aio.Channel, accountant: Accountant) -> None:
        self.channel = channel
        self._accountant = accountant
        self._agent = agent_pb2_grpc.AgentServiceStub(channel)
        self._artifacts = artifacts_pb2_grpc.ArtifactsServiceStub(channel)
        self._reports = metrics_pb2_grpc.ReportsServiceStub(channel)
        self._witness = witness_pb2_grpc.WitnessServiceStub(channel)

    def session(
        self, outgoing: AsyncIterator[Outgoing]
    ) -> grpc.aio.StreamStreamCall[agent_pb2.SessionRequest, agent_pb2.SessionResponse]:
        """Opens the stream; each message is accounted for as it is taken."""
        return self._agent.Session(self._said(outgoing))

    async def _said(self, outgoing: AsyncIterator[Outgoing]) -> AsyncIterator[agent_pb2.SessionRequest]:
        async for message in outgoing:
            if not isinstance(message.message, agent_pb2.SessionRequest):
                raise TypeError("only session requests go over the session")
            if not _content(message.message):
                await self._accountant.control(message)
            yield message.message

    async def fetch(self, outgoing: Outgoing) -> AsyncIterator[bytes]:
        """Streams a file.

        Raises:
            Missing, Refused, CentreAwayError: there is none, or it cannot be had now.
        """
        await self._accountant.control(outgoing)
        try:
            async for part in self._artifacts.Fetch(outgoing.message, timeout=FILE_SECONDS):
                yield part.chunk
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error

    async def submit(self, outgoing: Outgoing) -> metrics_pb2.SubmitResponse:
        """Hands in a report whose bytes are accounted for already."""
        if outgoing.klass != privacy_pb2.MESSAGE_CLASS_CONTENT:
            raise TypeError("a report is content")
        try:
            return await self._reports.Submit(outgoing.message, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error

    async def witness_size(self, outgoing: Outgoing) -> int:
        """The newest size that the centre cosigned."""
        await self._accountant.control(outgoing)
        try:
            answer: witness_pb2.StateResponse = await self._witness.State(outgoing.message, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error
        return int(answer.size)

    async def add_checkpoint(self, outgoing: Outgoing) -> bytes:
        """One cosignature line over the checkpoint."""
        await self._accountant.control(outgoing)
        try:
            answer: witness_pb2.AddCheckpointResponse = await self._witness.AddCheckpoint(
                outgoing.message, timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error
        return bytes(answer.cosignature)


def _content(request: agent_pb2.SessionRequest) -> bool:
    evidence = request.HasField("evidence")
    return evidence and request.evidence.phase == agent_pb2.EVIDENCE_PHASE_BUILT


def _translated(error: grpc.aio.AioRpcError) -> Exception:
    code = error.code()
    if code is grpc.StatusCode.NOT_FOUND:
        return Missing()
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}:
        return CentreAwayError()
    return Refused(code)
