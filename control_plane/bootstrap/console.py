"""`python -m control_plane console`: REST and pages over TCP, and over a socket that trusts the machine's owner."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import structlog
import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from control_plane.bootstrap.compose import Centre, compose, now
from control_plane.bootstrap.conduct import Conduct, conduct, connector
from control_plane.bootstrap.lifecycle import ProcessRefusedError, run
from control_plane.bootstrap.passwords import dsn
from control_plane.console.adapters.fleet import CentreFleet
from control_plane.console.adapters.left import CentreFleetReader
from control_plane.console.adapters.people import CentreAccounts, CentreActions
from control_plane.console.adapters.releases import CentreReleases
from control_plane.console.adapters.rollouts import CentreEvidence, CentreRollouts
from control_plane.console.adapters.spend import CentreSpend
from control_plane.console.app import Probes, Trusted, build
from control_plane.console.rest.deps import RestDeps
from control_plane.console.web.ports import ConsoleDeps
from control_plane.console.web.session import COOKIE, Sessions
from control_plane.registry.engine import PostgresRegistry, open_engine
from control_plane.registry.topics import TopicFeed
from control_plane.settings import CentreSettings

ROLE = "bw_console"
LISTENING = "console_listening"
GRACE_SECONDS = 5
ANSWERS_POOL = 4


class Server(uvicorn.Server):
    """Leaves the signals to the process's lifecycle."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class SystemClock:
    """The centre's time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return now()


def main(settings: CentreSettings) -> int:
    """Run the console until it is told to stop."""
    return run("console", ROLE, settings, serve)


async def serve(settings: CentreSettings, engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Serve both listeners. Event streams end as soon as `stop` is set, so that the servers can."""
    log = structlog.get_logger()
    centre = compose(settings, engine)
    parts = conduct(settings, centre, connector(settings))
    feed = TopicFeed(dsn(settings, ROLE))
    answers = open_engine(dsn(settings, ROLE), ANSWERS_POOL)
    app = build(
        _rest(settings, centre, parts, feed, PostgresRegistry(answers)),
        _pages(settings, centre, parts, feed),
        Probes(version("bailiwick"), lambda: _answers(engine), lambda: _numbers(centre, parts)),
        settings.console.url,
    )
    public, admin = Server(_config(app)), Server(_config(Trusted(app)))
    sockets = _tcp(settings), _unix(settings.admin_socket)
    log.info(LISTENING, address=settings.console.address, socket=str(settings.admin_socket))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feed.run(stop))
        tasks.create_task(public.serve([sockets[0]]))
        tasks.create_task(admin.serve([sockets[1]]))
        await stop.wait()
        public.should_exit = admin.should_exit = True
    settings.admin_socket.unlink(missing_ok=True)
    await answers.dispose()


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # an ASGI application
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        http="httptools",
        proxy_headers=False,
    )


def _tcp(settings: CentreSettings) -> socket.socket:
    place = settings.console
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((place.host, place.port))
    except OSError as error:
        listener.close()
        raise ProcessRefusedError(
            f"cannot listen on {place.address} ({error.strerror}): stop what uses it, or set [console] port"
        ) from error
    listener.listen(128)
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener


def _unix(path: Path) -> socket.socket:
    """The admin socket, mode 0600 from its first moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(128)
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener


def _session_key(settings: CentreSettings) -> bytes:
    path = settings.keys / "session.key"
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    raise ProcessRefusedError(f"{path} is missing: run `python -m control_plane init`")


def _rest(
    settings: CentreSettings, centre: Centre, parts: Conduct, feed: TopicFeed, answers: PostgresRegistry
) -> RestDeps:
    sessions = Sessions(_session_key(settings))

    def user_of(cookie: str) -> str | None:
        found = sessions.read(cookie, now())
        return found.user if found is not None else None

    return RestDeps(
        answers=answers,
        regions=centre.regions,
        invitations=centre.invitations,
        releases=centre.releases,
        rollouts=parts.rollouts,
        spend=centre.spend,
        evidence=parts.evidence,
        left=centre.left,
        trust=centre.trust,
        users=parts.users,
        journal=centre.journal,
        orchestrator=parts.orchestrator,
        changes=feed,
        clock=now,
        session=user_of,
        cookie=COOKIE,
    )


def _pages(settings: CentreSettings, centre: Centre, parts: Conduct, feed: TopicFeed) -> ConsoleDeps:
    fleet = CentreFleet(centre.regions, centre.journal, centre.registry, now)
    return ConsoleDeps(
        fleet=CentreFleetReader(fleet, centre.left, centre.spend, now),
        releases=CentreReleases(centre.releases, centre.regions),
        rollouts=CentreRollouts(parts.rollouts, centre.releases, centre.regions),
        spend=CentreSpend(centre.spend, centre.regions),
        evidence=CentreEvidence(parts.evidence, centre.regions, {}),
        accounts=CentreAccounts(parts.users),
        actions=CentreActions(parts.users, parts.rollouts, parts.evidence, centre.regions, parts.orchestrator),
        changes=feed,
        clock=SystemClock(),
        session_key=_session_key(settings),
        centre=settings.centre.name,
        unreachable=(SQLAlchemyError, OSError),
        secure_cookie=settings.console.cookie_needs_tls,
    )


async def _answers(engine: AsyncEngine) -> bool:
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _numbers(centre: Centre, parts: Conduct) -> dict[str, int]:
    views = await centre.regions.list()
    rollouts = await parts.rollouts.all()
    return {
        "regions": len(views),
        "regions_connected": sum(1 for view in views if view.link is not None and view.link.connected),
        "rollouts_open": sum(1 for one in rollouts if not one.progress.state.over),
    }
