"""Composes what takes people and time: users, rollouts, evidence requests, and the workflow engine behind them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import TLSConfig

from control_plane.bootstrap.compose import Centre, now
from control_plane.services.evidence import Evidence
from control_plane.services.rollouts import Rollouts
from control_plane.services.users import Users
from control_plane.settings import CentreSettings, SettingsError, TemporalSection
from control_plane.workflows.orchestrator import TemporalOrchestrator


@dataclass(frozen=True)
class Conduct:
    """Use cases that people drive."""

    users: Users
    rollouts: Rollouts
    evidence: Evidence
    orchestrator: TemporalOrchestrator


def connector(settings: CentreSettings) -> Callable[[], Awaitable[Client]]:
    """Opens a client of the configured Temporal cluster.

    Keys are read now, so that a process with a wrong path refuses to start, and again whenever a client is opened, so
    that renewed ones are taken up. Raises `SettingsError`.
    """
    tls_of(settings.temporal)
    api_key_of(settings.temporal)
    # The core's own log lines are neither JSON nor ours; what matters of them comes back as errors.
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet))

    async def connect() -> Client:
        place = settings.temporal
        return await Client.connect(
            place.address,
            namespace=place.namespace,
            runtime=runtime,
            tls=tls_of(place),
            api_key=api_key_of(place),
        )

    return connect


def tls_of(place: TemporalSection) -> TLSConfig | bool:
    """How to speak TLS with the cluster; False: not at all. Raises `SettingsError`."""
    if not place.uses_tls:
        return False
    return TLSConfig(
        server_root_ca_cert=_file(place.ca),
        domain=place.server_name or None,
        client_cert=_file(place.certificate),
        client_private_key=_file(place.key),
    )


def api_key_of(place: TemporalSection) -> str | None:
    """The API key, if one is used. Raises `SettingsError`."""
    if place.api_key is not None:
        return place.api_key.get_secret_value()
    body = _file(place.api_key_file)
    return body.decode("ascii", "replace").strip() if body is not None else None


def _file(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): see [temporal] in centre.toml") from error


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
