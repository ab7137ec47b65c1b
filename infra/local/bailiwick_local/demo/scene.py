"""What every step of the demo has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bailiwick_local import cache, status

if TYPE_CHECKING:
    from pathlib import Path

    from bailiwick_local.demo.shell import Shell
    from bailiwick_local.demo.stage import Stage
    from bailiwick_local.federation import Federation, Region

# Named users of the centre: nobody approves a release of their own.
BUILDER = "amara"
APPROVER = "jonas"
FINANCE = "mei"
AUDITOR = "vera"
PEOPLE = ((BUILDER, "operations"), (APPROVER, "operations"), (FINANCE, "finance"), (AUDITOR, "auditor"))


@dataclass(frozen=True)
class Scene:
    """The federation, the stage and the shell."""

    federation: Federation
    stage: Stage
    shell: Shell

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions, in the order in which they joined."""
        return self.federation.regions

    def region_status(self, region: Region) -> status.Document:
        """What the region says of itself; empty when it does not answer."""
        return status.ask(self.federation.region_dir(region) / "run" / "admin.sock", "/status")

    def centre(self, path: str, user: str = BUILDER) -> status.Document:
        """What the centre's REST interface answers, over its admin socket; empty when it does not."""
        socket = self.federation.centre_dir / "run" / "admin.sock"
        return status.ask(socket, f"/api/v1{path}", {"X-Bailiwick-As": user})

    def gateway(self, region: Region) -> str:
        """The base URL that applications use."""
        return f"http://127.0.0.1:{self.federation.region_ports(region).gateway}/v1"

    @property
    def evidence_dir(self) -> Path:
        """Where bundles and the trust file are kept."""
        return self.federation.home / "evidence"

    @property
    def examples(self) -> Path:
        """Policies, prices and models of the demo."""
        return cache.repository() / "infra" / "examples"
