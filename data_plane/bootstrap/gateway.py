"""`python -m data_plane gateway`: the OpenAI endpoint, in one or several workers that share only PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg
import structlog
import uvicorn

from bailiwick.contract.decision import Evaluator
from bailiwick.contract.errors import PolicyError
from data_plane.access.people import Pseudonyms
from data_plane.access.table import KeyFollower, KeyTable
from data_plane.activation.current import CurrentRelease
from data_plane.activation.follow import Follower, follow
from data_plane.activation.loader import ReleaseLoader
from data_plane.activation.worker import Served
from data_plane.bootstrap.forking import run_workers
from data_plane.bootstrap.lifecycle import ProcessRefusedError, run
from data_plane.database.pool import connect, open_pool
from data_plane.gateway.app import GatewayApp
from data_plane.gateway.connection import BoundedProtocol
from data_plane.gateway.dispatch import Engines, open_session
from data_plane.gateway.exposition import MetricsApp
from data_plane.gateway.figures import Figures
from data_plane.gateway.permission import Decider
from data_plane.gateway.pipeline import Pipeline, Steps
from data_plane.gateway.reading import Reading
from data_plane.gateway.relay import Relay
from data_plane.gateway.slots import Slots
from data_plane.gateway.tags import Resolver
from data_plane.keys.errors import KeyFileError
from data_plane.keys.files import load_secret
from data_plane.metering.errors import MeteringUnavailableError
from data_plane.metering.gateway import WorkerMetering, open_metering
from data_plane.policy import own
from data_plane.policy.attributes import AttributeBuilder
from data_plane.settings import RegionSettings

ROLE = "bw_gateway"
LISTENING = "gateway_listening"
WAITING = "gateway_waits_for_database"
STOP_SECONDS = 6
BACKLOG = 2048


def main(settings: RegionSettings) -> int:
    """Runs until SIGTERM; gives the exit code. Several workers share the listening socket."""
    try:
        listener = listen(settings.gateway.host, settings.gateway.port)
    except OSError as error:
        return run("gateway", ROLE, settings, partial(_refuse, str(error.strerror)))
    if settings.gateway.workers == 1:
        return run("gateway", ROLE, settings, partial(serve, listener, 0))
    return run_workers(
        settings.gateway.workers, lambda index: run("gateway", ROLE, settings, partial(serve, listener, index))
    )


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, before anything else is started.

    Raises:
        OSError: somebody else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def _listen_for_metrics(settings: RegionSettings) -> socket.socket:
    where = settings.metrics
    try:
        return listen(where.host, where.port)
    except OSError as error:
        raise ProcessRefusedError(
            f"cannot listen on {where.host}:{where.port}: {error.strerror}. "
            "Stop what listens there, or set metrics.port."
        ) from error


async def _refuse(reason: str, settings: RegionSettings, _: asyncio.Event) -> None:
    where = f"{settings.gateway.host}:{settings.gateway.port}"
    raise ProcessRefusedError(f"cannot listen on {where}: {reason}. Stop what listens there, or set gateway.port.")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of."""

    current: CurrentRelease[Decider]
    keys: KeyTable
    app: GatewayApp
    metrics: MetricsApp


async def serve(listener: socket.socket, index: int, settings: RegionSettings, stop: asyncio.Event) -> None:
    """One worker, from its lease to its last settlement."""
    dsn = settings.dsn(ROLE)
    worker = f"gateway-{index}-{os.getpid()}-{secrets.token_hex(4)}"
    metering = await _open_metering(settings, dsn, worker, stop)
    if metering is None:
        return
    pool = await open_pool(dsn, size=2, name="bailiwick gateway reading")
    try:
        async with pool, open_session(aiohttp.DummyCookieJar()) as session:
            parts = compose(settings, session, metering, pool)
            followers: list[Follower] = [KeyFollower(parts.keys), parts.current, Served(worker, parts.current)]
            following = asyncio.create_task(follow(partial(connect, dsn, name="bailiwick gateway"), followers, stop))
            servers = [_server(parts.app)]
            sockets = [[listener]]
            if index == 0:
                servers.append(_server(parts.metrics))
                sockets.append([_listen_for_metrics(settings)])
            structlog.get_logger().info(LISTENING, port=settings.gateway.port, worker=worker)
            await _until(stop, servers, sockets)
            await following
    finally:
        await metering.close()


def compose(
    settings: RegionSettings, session: aiohttp.ClientSession, metering: WorkerMetering, pool: asyncpg.Pool
) -> Parts:
    """Builds the steps out of the settings.

    Raises:
        ProcessRefusedError: a key is missing, or the region's own policies cannot stand.
    """
    try:
        own_policies = own.load(settings.home / "policy")
        pepper = load_secret(settings.keys_dir / "apikey.key")
        person = load_secret(settings.keys_dir / "person.key")
    except (PolicyError, KeyFileError) as error:
        raise ProcessRefusedError(str(error)) from error
    loader = ReleaseLoader[Decider](
        settings.release_dir, settings.region.currency, lambda policies: Evaluator(policies, own_policies)
    )
    current = CurrentRelease(loader)
    keys = KeyTable(pepper)
    urls = {engine.model: engine.url for engine in settings.engines.engine}
    engines = Engines(session, urls)
    figures = Figures()
    zone = ZoneInfo(settings.region.timezone)
    per_worker = max(1, settings.gateway.concurrency_per_key // settings.gateway.workers)
    steps = Steps(
        body_limit=settings.gateway.body_limit,
        keys=keys,
        slots=Slots(per_worker),
        people=Pseudonyms(person),
        tags=Resolver(settings.vocabulary.model_dump()),
        current=current,
        attributes=AttributeBuilder(settings.region.id, settings.region.jurisdiction, zone),
        engines=engines,
        meter=metering.meter,
        relay=Relay(engines, settings.gateway.stall_seconds, settings.gateway.request_seconds),
        figures=figures,
    )
    reading = Reading(current, engines, pool, version("bailiwick"), lambda: metering.meter.available)
    return Parts(current, keys, GatewayApp(Pipeline(steps), reading), MetricsApp(figures, session, urls))


async def _open_metering(settings: RegionSettings, dsn: str, worker: str, stop: asyncio.Event) -> WorkerMetering | None:
    """Metering, as soon as the database is there; None when `stop` came first."""
    said = False
    while not stop.is_set():
        try:
            return await open_metering(settings, dsn, worker, os.getpid())
        except (OSError, TimeoutError, asyncpg.PostgresError, MeteringUnavailableError) as error:
            if not said:
                structlog.get_logger().warning(WAITING, reason=type(error).__name__)
            said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
    return None


def _server(app: Callable[..., object]) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        loop="none",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # the process has its own
    return server


async def _until(stop: asyncio.Event, servers: list[uvicorn.Server], sockets: list[list[socket.socket]]) -> None:
    """Serves until `stop`, then lets what is under way end."""
    running = [asyncio.create_task(server.serve(sockets=own)) for server, own in zip(servers, sockets, strict=True)]
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)
    stopped.cancel()
