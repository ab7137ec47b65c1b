"""`python -m control_plane worker`: carries out workflows, and begins those that were asked for while it was away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib.metadata import version

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from bailiwick.contract.times import format_time
from control_plane.activities.desk import FleetDesk, GateDesk, JournalDesk, RequestDesk
from control_plane.activities.requests import EvidenceActivities, OnboardingActivities
from control_plane.activities.rollouts import RolloutActivities
from control_plane.bootstrap.compose import Centre, compose, now
from control_plane.bootstrap.conduct import Conduct, away, conduct, connector
from control_plane.bootstrap.lifecycle import run
from control_plane.bootstrap.passwords import dsn
from control_plane.domain.regions import RegionPhase
from control_plane.registry.topics import TopicFeed
from control_plane.services.evidence import OPEN
from control_plane.services.rollout_ports import EngineUnreachableError
from control_plane.settings import CentreSettings
from control_plane.workflows.catalogue import TASK_QUEUE, WORKFLOWS

ROLE = "bw_worker"
ENGINE_AWAY = "workflow_engine_away"
SWEEP_FAILED = "sweep_failed"
SWEEP_SECONDS = 5.0
GRACE = timedelta(seconds=5)


def main(settings: CentreSettings) -> int:
    """Run the worker until it is told to stop."""
    return run("worker", ROLE, settings, serve)


async def serve(settings: CentreSettings, engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Connect, work, sweep; wait for an engine that is away."""
    centre = compose(settings, engine)
    feed = TopicFeed(dsn(settings, ROLE))
    connect = connector(settings)
    client = await _connected(settings, connect, stop)
    if client is None:
        return
    parts = conduct(settings, centre, connect)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feed.run(stop))
        tasks.create_task(_sweep(centre, parts, stop))
        async with worker(client, settings, centre, feed):
            await stop.wait()


def worker(client: Client, settings: CentreSettings, centre: Centre, feed: TopicFeed) -> Worker:
    """A worker with every workflow and activity."""
    fleet = FleetDesk(centre.registry, now, away(settings))
    requests = RequestDesk(centre.registry, now, centre.regions, away(settings))
    rollouts = RolloutActivities(fleet, GateDesk(centre.registry, now), JournalDesk(centre.registry), feed)
    evidence, onboarding = EvidenceActivities(requests, feed), OnboardingActivities(requests, feed)
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=list(WORKFLOWS),
        activities=[
            rollouts.wish,
            rollouts.withdraw,
            rollouts.watch_region,
            rollouts.ask_gate,
            rollouts.watch_gate,
            rollouts.record_lane,
            rollouts.record_rollout,
            evidence.watch,
            evidence.expire,
            onboarding.decide,
            onboarding.watch_link,
        ],
        max_concurrent_activities=500,
        graceful_shutdown_timeout=GRACE,
        build_id=f"bailiwick-{version('bailiwick')}",  # the default hashes every loaded module, for seconds
    )


async def _connected(
    settings: CentreSettings, connect: Callable[[], Awaitable[Client]], stop: asyncio.Event
) -> Client | None:
    log = structlog.get_logger()
    said = False
    while not stop.is_set():
        try:
            return await connect()
        except (RuntimeError, RPCError, OSError):
            if not said:
                log.warning(ENGINE_AWAY, address=settings.temporal.address)
                said = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    return None


async def _sweep(centre: Centre, parts: Conduct, stop: asyncio.Event) -> None:
    """Begin what was recorded and has no workflow: nothing asked for is lost while an engine is away."""
    log = structlog.get_logger()
    begun: set[str] = set()
    while not stop.is_set():
        try:
            await _begin(centre, parts, begun)
        except (SQLAlchemyError, OSError, EngineUnreachableError) as error:
            log.warning(SWEEP_FAILED, error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)


async def _begin(centre: Centre, parts: Conduct, begun: set[str]) -> None:
    for view in await centre.regions.list():
        name = f"onboarding {view.region.id} {view.region.enrolled_at}"
        if view.region.phase is RegionPhase.PENDING and name not in begun:
            await parts.orchestrator.start_onboarding(view.region.id, view.region.jurisdiction)
            begun.add(name)
    for plan in await parts.rollouts.unstarted():
        await parts.orchestrator.start_rollout(plan)
    for request in await parts.evidence.all():
        name = f"evidence {request.id.hex()}"
        if request.phase in OPEN and name not in begun:
            expires = format_time(request.expires_at)
            await parts.orchestrator.start_evidence(request.id.hex(), request.region, expires)
            begun.add(name)
