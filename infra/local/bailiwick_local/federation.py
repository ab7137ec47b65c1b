"""A federation on one machine as plain data: which regions, where their files lie, which ports they take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REGION_STRIDE = 20
FIRST_ENGINE = 10
ENGINES = ("tiny-chat", "minilm")


@dataclass(frozen=True)
class CentrePorts:
    """The centre's ports, counted from the federation's base."""

    base: int

    @property
    def console(self) -> int:
        """Console and REST."""
        return self.base

    @property
    def agents(self) -> int:
        """Agents (mTLS gRPC)."""
        return self.base + 1

    @property
    def enrolment(self) -> int:
        """Enrolment (TLS gRPC)."""
        return self.base + 2

    @property
    def temporal(self) -> int:
        """Temporal's gRPC front end."""
        return self.base + 3

    @property
    def temporal_ui(self) -> int:
        """Temporal's web pages."""
        return self.base + 4

    @property
    def temporal_metrics(self) -> int:
        """Temporal's metrics."""
        return self.base + 5

    @property
    def postgres(self) -> int:
        """The centre's PostgreSQL."""
        return self.base + 6


@dataclass(frozen=True)
class RegionPorts:
    """One region's ports, counted from the federation's base + 20 x the region's number."""

    base: int

    @property
    def gateway(self) -> int:
        """The OpenAI endpoint."""
        return self.base

    @property
    def console(self) -> int:
        """Evidence and the officer's pages."""
        return self.base + 1

    @property
    def postgres(self) -> int:
        """The region's PostgreSQL."""
        return self.base + 2

    @property
    def metrics(self) -> int:
        """Prometheus."""
        return self.base + 3

    def engine(self, index: int) -> int:
        """The port of the region's engine of that index, from 0."""
        return self.base + FIRST_ENGINE + index


@dataclass(frozen=True)
class Region:
    """A region of this federation; `number` counts from 1 and fixes its ports."""

    id: str
    number: int
    jurisdiction: str
    timezone: str
    currency: str


DEMO_REGIONS = (
    Region(id="eu-de", number=1, jurisdiction="EU", timezone="Europe/Berlin", currency="EUR"),
    Region(id="in-mh", number=2, jurisdiction="IN", timezone="Asia/Kolkata", currency="INR"),
)


@dataclass(frozen=True)
class Federation:
    """A centre and its regions under one directory."""

    home: Path
    base: int
    regions: tuple[Region, ...] = DEMO_REGIONS

    @property
    def centre_dir(self) -> Path:
        """The centre's directory."""
        return self.home / "centre"

    @property
    def supervisor_dir(self) -> Path:
        """Where the supervisor keeps its lock, plan, state and log."""
        return self.home / "supervisor"

    @property
    def centre_ports(self) -> CentrePorts:
        """The centre's ports."""
        return CentrePorts(self.base)

    def region_dir(self, region: Region) -> Path:
        """A region's directory."""
        return self.home / "regions" / region.id

    def region_ports(self, region: Region) -> RegionPorts:
        """A region's ports."""
        return RegionPorts(self.base + REGION_STRIDE * region.number)

    def officer_key(self, region: Region) -> Path:
        """The demo's officer key, kept apart from the region as an officer would keep it."""
        return self.home / "officers" / region.id / "officer.pem"

    def ports(self) -> dict[int, str]:
        """Every port that the federation listens on, with who listens."""
        centre = self.centre_ports
        taken = {
            centre.console: "centre console",
            centre.agents: "centre agents",
            centre.enrolment: "centre enrolment",
            centre.temporal: "centre temporal",
            centre.temporal_ui: "centre temporal web pages",
            centre.temporal_metrics: "centre temporal metrics",
            centre.postgres: "centre postgres",
        }
        for region in self.regions:
            ports = self.region_ports(region)
            taken[ports.gateway] = f"{region.id} gateway"
            taken[ports.console] = f"{region.id} console"
            taken[ports.postgres] = f"{region.id} postgres"
            taken[ports.metrics] = f"{region.id} metrics"
            taken |= {ports.engine(index): f"{region.id} engine {model}" for index, model in enumerate(ENGINES)}
        return taken
