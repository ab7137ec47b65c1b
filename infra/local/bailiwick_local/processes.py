"""The plan of a local federation: which processes, in which order, and when each counts as ready."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bailiwick_local import cache, configuration, postgres
from bailiwick_local.supervisor.plan import INTERRUPT, Item, Plan, Probe, Unit

if TYPE_CHECKING:
    from pathlib import Path

    from bailiwick_local.federation import Federation, Region

ENGINE_SECONDS = 1200.0


def plan(federation: Federation, wheel: Path) -> Plan:
    """Everything that `bailiwick up` starts."""
    units = [_centre(federation), *(_region(federation, region, wheel) for region in federation.regions)]
    return Plan(mark=str(federation.home), units=tuple(units))


def _centre(federation: Federation) -> Unit:
    home, ports = federation.centre_dir, federation.centre_ports
    console = f"http://127.0.0.1:{ports.console}/health/live"
    plane = _Plane(home, (sys.executable, "-P", "-m", "control_plane"), home / "centre.toml", federation)
    return Unit(
        "centre",
        (
            (plane.step("init"),),
            *_database(home, ports.postgres, postgres.CENTRE_ROLES),
            (plane.step("migrate"),),
            (_temporal(federation),),
            (
                plane.program("api", _tcp(ports.agents, ports.enrolment)),
                plane.program("console", Probe("http", (console,))),
                plane.program("worker", Probe("alive")),
            ),
        ),
    )


def _region(federation: Federation, region: Region, wheel: Path) -> Unit:
    home, ports = federation.region_dir(region), federation.region_ports(region)
    python = str(home / "code" / "current" / "bin" / "python")
    plane = _Plane(home, (python, "-P", "-m", "data_plane"), home / "region.toml", federation)
    own = configuration.engine_urls(home)
    engines = Probe("http", tuple(f"{url}/health" for url in own), ENGINE_SECONDS) if own else Probe("alive")
    install = (sys.executable, "-m", "bailiwick_local.slots", str(home), str(wheel))
    return Unit(
        region.id,
        (
            (_step("code", install, home),),
            (plane.step("init"),),
            *_database(home, ports.postgres, postgres.REGION_ROLES),
            (plane.step("migrate"),),
            (
                plane.program("engines", engines, stop_seconds=20.0),
                plane.program("ledger", Probe("alive")),
                plane.program("gateway", Probe("http", (f"http://127.0.0.1:{ports.gateway}/health/live",))),
                plane.program("console", Probe("socket", (str(home / "run" / "admin.sock"),))),
                plane.program("agent", Probe("alive")),
            ),
        ),
    )


class _Plane:
    """The processes of one plane: `<python> -m <plane> <process> --config <file>`."""

    def __init__(self, home: Path, command: tuple[str, ...], config: Path, federation: Federation) -> None:
        self._home = home
        self._command = command
        self._config = config
        self._environment = {
            "BAILIWICK_HOME": str(federation.home),
            "BAILIWICK_PORT_BASE": str(federation.base),
            "PYTHONUNBUFFERED": "1",
        }

    def step(self, name: str) -> Item:
        return _step(name, self._words(name), self._home, self._environment)

    def program(self, name: str, probe: Probe, stop_seconds: float = 12.0) -> Item:
        return Item(
            name=name,
            argv=self._words(name),
            log=str(self._home / "logs" / f"{name}.log"),
            cwd=str(self._home),
            environment=self._environment,
            probe=probe,
            stop_seconds=stop_seconds,
        )

    def _words(self, name: str) -> tuple[str, ...]:
        return (*self._command, name, "--config", str(self._config))


def _step(name: str, argv: tuple[str, ...], home: Path, environment: dict[str, str] | None = None) -> Item:
    log = str(home / "logs" / f"{name}.log")
    return Item(name=name, argv=argv, log=log, kind="step", cwd=str(home), environment=environment or {})


def _database(home: Path, port: int, roles: tuple[str, ...]) -> tuple[tuple[Item, ...], ...]:
    step = (sys.executable, "-m", "bailiwick_local.postgres")
    rest = (str(home), str(port), *roles)
    server = Item(
        name="postgres",
        argv=tuple(postgres.server_command(home, port)),
        log=str(home / "logs" / "postgres.log"),
        # PostgreSQL writes its working directory's name into messages and needs to be able to enter it.
        cwd="/",
        probe=Probe("tcp", (f"127.0.0.1:{port}",), 60.0),
        stop_signal=INTERRUPT,
        stop_seconds=30.0,
    )
    return (
        (_step("initdb", (*step, "initdb", *rest), home),),
        (server,),
        (_step("database", (*step, "prepare", *rest), home),),
    )


def _temporal(federation: Federation) -> Item:
    home, ports = federation.centre_dir, federation.centre_ports
    binary = cache.temporal()
    words: tuple[str, ...] = (
        "server",
        "start-dev",
        "--db-filename",
        str(home / "data" / "temporal.db"),
        "--ip",
        "127.0.0.1",
    )
    words += ("--port", str(ports.temporal), "--ui-port", str(ports.temporal_ui))
    words += ("--metrics-port", str(ports.temporal_metrics), "--log-level", "warn", "--log-format", "json")
    return Item(
        name="temporal",
        argv=(str(binary or "temporal"), *words),
        log=str(home / "logs" / "temporal.log"),
        cwd=str(home),
        probe=_tcp(ports.temporal, ports.temporal_ui),
        stop_seconds=15.0,
    )


def _tcp(*ports: int) -> Probe:
    return Probe("tcp", tuple(f"127.0.0.1:{port}" for port in ports))
