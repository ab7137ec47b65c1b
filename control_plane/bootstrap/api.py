"""`python -m control_plane api`: the enrolment port and the agents port."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import grpc
import grpc.aio
import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from bailiwick.agent.v1 import agent_pb2_grpc, enrolment_pb2_grpc
from bailiwick.artifacts.v1 import artifacts_pb2_grpc
from bailiwick.metrics.v1 import metrics_pb2_grpc
from bailiwick.rpc import connect, credentials
from bailiwick.rpc.translation import Status, Table
from bailiwick.witness.v1 import witness_pb2_grpc
from control_plane.api.artifacts import ArtifactsServicer
from control_plane.api.door import Door
from control_plane.api.enrolment import EnrolmentServicer
from control_plane.api.inbound import InboundCheck
from control_plane.api.reports import ReportsServicer
from control_plane.api.session import AgentServicer
from control_plane.api.translation import CentreTranslation
from control_plane.api.witness import WitnessServicer
from control_plane.authority import keyfiles
from control_plane.bootstrap.compose import Centre, Gatekeepers, compose, gatekeepers, vocabulary
from control_plane.bootstrap.lifecycle import ProcessRefusedError, run
from control_plane.bootstrap.passwords import dsn
from control_plane.fleet.sessions import LiveSessions
from control_plane.fleet.watcher import Watch, Watcher
from control_plane.registry.bell import listen
from control_plane.settings import CentreSettings, ServerListener

LISTENING = "listening"
UNEXPECTED = "rpc_failed"
REFRESHED = "tuf_refreshed"
REFRESH_FAILED = "tuf_refresh_failed"
ROLE = "bw_api"
GRACE_SECONDS = 5.0
REFRESH_SECONDS = 600.0
TRANSIENT = (OperationalError, InterfaceError, PoolTimeoutError, OSError)
AWAY = Status(grpc.StatusCode.UNAVAILABLE, "try again")
TABLE: Table = tuple((kind, AWAY) for kind in TRANSIENT)


def main(settings: CentreSettings) -> int:
    """Serve until SIGTERM; returns the exit code."""
    return run("api", ROLE, settings, serve)


async def serve(settings: CentreSettings, engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Compose and serve both ports until `stop`."""
    centre = compose(settings, engine)
    keys = gatekeepers(settings, centre)
    live = LiveSessions(lambda: secrets.token_hex(8))
    away = timedelta(seconds=settings.fleet.away_seconds)
    watch = Watch(centre.fleet, lambda: centre.fleet.sweep(away), settings.fleet.poll_seconds)
    watcher = Watcher(live, watch, TRANSIENT)
    servers = [_agents(settings, centre, keys, live), _enrolment(settings, keys)]
    for server in servers:
        await server.start()
    log = structlog.get_logger()
    log.info(LISTENING, agents=settings.agents.address, enrolment=settings.enrolment.address)
    await _until(
        stop,
        [
            watcher.run(stop),
            listen(dsn(settings, ROLE), "fleet", watcher.ring, stop),
            _refresh(centre, stop),
        ],
    )
    live.stop()
    await asyncio.gather(*(server.stop(GRACE_SECONDS) for server in servers))


async def _until(stop: asyncio.Event, work: Sequence[Awaitable[None]]) -> None:
    """Run until `stop`; a task that fails stops the process, so that its supervisor starts it anew."""
    tasks = [asyncio.ensure_future(part) for part in work]
    waiting = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stop.set()
        _, late = await asyncio.wait([*tasks, waiting], timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)


async def _refresh(centre: Centre, stop: asyncio.Event) -> None:
    """Keep snapshot and timestamp fresh: a client takes expired ones for a freeze attack."""
    log = structlog.get_logger()
    while not stop.is_set():
        try:
            if await centre.releases.refresh():
                log.info(REFRESHED)
        except TRANSIENT as error:
            log.warning(REFRESH_FAILED, error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REFRESH_SECONDS)


def _translation() -> CentreTranslation:
    def unexpected(method: str, error: Exception) -> None:
        structlog.get_logger().error(UNEXPECTED, method=method, error=type(error).__name__, exc_info=error)

    return CentreTranslation(TABLE, unexpected)


def _agents(settings: CentreSettings, centre: Centre, keys: Gatekeepers, live: LiveSessions) -> grpc.aio.Server:
    server = connect.server([_translation()])
    inbound, door = InboundCheck(vocabulary(settings)), Door(centre.fleet)
    agent_pb2_grpc.add_AgentServiceServicer_to_server(AgentServicer(door, centre.fleet, live, inbound), server)
    artifacts_pb2_grpc.add_ArtifactsServiceServicer_to_server(
        ArtifactsServicer(door, centre.artifacts, centre.fleet, inbound), server
    )
    metrics_pb2_grpc.add_ReportsServiceServicer_to_server(
        ReportsServicer(door, centre.reports, centre.fleet, inbound), server
    )
    witness_pb2_grpc.add_WitnessServiceServicer_to_server(
        WitnessServicer(door, keys.witness, centre.fleet, inbound), server
    )
    ca = keyfiles.certificate(settings.keys / "ca.crt").public_bytes(Encoding.PEM)
    key, chain = keyfiles.read(settings.keys / "server.pem"), keyfiles.read(settings.keys / "server.crt")
    _bind(server, settings.agents, credentials.agents_server(ca, key, chain))
    return server


def _enrolment(settings: CentreSettings, keys: Gatekeepers) -> grpc.aio.Server:
    server = connect.server([_translation()])
    inbound = InboundCheck(vocabulary(settings))
    enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(EnrolmentServicer(keys.enrolment, inbound), server)
    key, chain = keyfiles.read(settings.keys / "server.pem"), keyfiles.read(settings.keys / "server.crt")
    _bind(server, settings.enrolment, credentials.enrolment_server(key, chain))
    return server


def _bind(server: grpc.aio.Server, listener: ServerListener, secret: grpc.ServerCredentials) -> None:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    try:
        socket.create_server((listener.host, listener.port), family=family).close()  # gRPC itself would say it in prose
        bound = server.add_secure_port(listener.address, secret)
    except (OSError, RuntimeError) as error:
        raise ProcessRefusedError(
            f"cannot listen on {listener.address}: the port is taken or the address is not ours"
        ) from error
    if bound != listener.port:
        raise ProcessRefusedError(f"cannot listen on {listener.address}")
