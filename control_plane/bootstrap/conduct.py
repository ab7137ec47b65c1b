"""Composes what takes people and time: users, rollouts, evidence requests, and the workflow engine behind them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from control_plane.bootstrap.compose import Centre, now
from control_plane.services.evidence import Evidence
from control_plane.services.rollouts import Rollouts
from control_plane.services.users import Users
from control_plane.settings import CentreSettings
from control_plane.workflows.orchestrator import TemporalOrchestrator


@dataclass(frozen=True)
class Conduct:
    """Use cases that people drive."""

    users: Users
    rollouts: Rollouts
    evidence: Evidence
    orchestrator: TemporalOrchestrator


def connector(settings: CentreSettings) -> Callable[[], Awaitable[Client]]:
    """Opens a client of the configured Temporal cluster."""
    # The core's own log lines are neither JSON nor ours; what matters of them comes back as errors.
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet))

    async def connect() -> Client:
        place = settings.temporal
        return await Client.connect(place.address, namespace=place.namespace, runtime=runtime)

    return connect


def away(settings: CentreSettings) -> timedelta:
    """How long a region may be silent before it counts as away."""
    return timedelta(seconds=settings.fleet.away_seconds)


def conduct(settings: CentreSettings, centre: Centre, connect: Callable[[], Awaitable[Client]]) -> Conduct:
    """All of them, over the centre's registry; `connect` opens a client of the workflow engine."""
    orchestrator = TemporalOrchestrator(connect)
    return Conduct(
        users=Users(centre.registry, now, secrets.token_bytes),
        rollouts=Rollouts(centre.registry, now, orchestrator, secrets.token_bytes, away(settings)),
        evidence=Evidence(centre.registry, now, orchestrator, secrets.token_bytes),
        orchestrator=orchestrator,
    )
