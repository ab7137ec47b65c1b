"""A region's agent in a container on an internal network reaches the centre's agents port, and nothing else.

The container holds the region's image and its own directory; PostgreSQL comes in as a mounted socket. The network has
no way out: the host's end of it is all that can be reached, and there only the agents port listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from control_plane.bootstrap import init
from control_plane.domain.words import region_id
from tests.fixtures.agent import AgentRegion, until
from tests.fixtures.centre import (
    CentreTemplate,
    RunningCentre,
    centre_database,
    centre_settings,
    centre_template,
    running,
)
from tests.fixtures.containers import Podman, podman, region_image
from tests.fixtures.postgres import Database, PostgresServer, free_port

__all__ = ["centre_database", "centre_template", "podman", "region_image"]

pytestmark = [pytest.mark.container, pytest.mark.timeout(600)]

HOME = "/var/lib/bailiwick"
OWNER = 10001
EU = region_id("eu-de")
PROBE = """
import json, socket, sys
host, ports = sys.argv[1], [int(word) for word in sys.argv[2:]]
def opens(port):
    with socket.socket() as s:
        s.settimeout(2)
        return s.connect_ex((host, port)) == 0
routes = [line.split()[1] for line in open("/proc/net/route").read().splitlines()[1:]]
print(json.dumps({"open": [p for p in ports if opens(p)], "default_route": "00000000" in routes}))
"""


@pytest.fixture
def network(podman: Podman) -> Iterator[tuple[str, str]]:
    """An internal network: its name, and the host's address on it."""
    name = f"bw-test-{os.getpid()}"
    podman.run("network", "create", "--internal", name)
    described = json.loads(podman.run("network", "inspect", name))
    yield name, described[0]["subnets"][0]["gateway"]
    podman.run("network", "rm", "-f", name)


@pytest.fixture
def bridge(network: tuple[str, str], region_image: str, podman: Podman) -> Iterator[str]:
    """The host's address on the network; a container that only waits keeps it up."""
    name, gateway = network
    words = ["--network", name, "--entrypoint", "/bin/sleep", region_image, "600"]
    holder = podman.run("run", "-d", *words)
    yield gateway
    podman.run("rm", "-f", "-t", "0", holder)


@pytest.fixture
async def centre(
    bridge: str, tmp_path: Path, centre_template: CentreTemplate, centre_database: Database
) -> AsyncIterator[RunningCentre]:
    """A centre whose agents port alone listens on the network."""
    shutil.copytree(centre_template.home, tmp_path, dirs_exist_ok=True)
    settings = centre_settings(
        tmp_path, centre_database, agents={"host": bridge, "port": free_port(), "names": [bridge]}
    )
    for half in ("server.crt", "server.pem"):
        (settings.keys / half).unlink()  # made anew, for the name that regions dial
    assert init.main(settings) == 0
    async with running(settings) as found:
        yield found


@pytest.fixture
def region(centre: RunningCentre, region_database: Database, tmp_path: Path) -> AgentRegion:
    settings = centre.settings
    home = tmp_path / "eu-de"
    return AgentRegion(
        home, region_database, settings.agents.address, settings.enrolment.address, every_seconds=2
    ).prepare()


def settings_inside(region: AgentRegion) -> None:
    """region.toml as the container reads it: its own directory, and PostgreSQL by socket."""
    document = region.document()
    database = document["database"]
    document["region"]["home"] = HOME
    document["database"] = {
        "dsn": f"postgresql://{{role}}:{{password}}@/{database['name']}?host=/run/postgresql&port={database['port']}",
        "passwords": database["passwords"],
    }
    lines = []
    for table, values in document.items():
        if table == "engines":
            lines.append(f"[engines]\nmode = {json.dumps(values['mode'])}")
            lines += ["[[engines.engine]]\n" + _keys(engine) for engine in values["engine"]]
        else:
            lines.append(f"[{table}]\n" + _keys(values))
    (region.home / "region.toml").write_text("\n".join(lines))


def _keys(values: dict[str, object]) -> str:
    return "\n".join(f"{name} = {_value(value)}" for name, value in values.items()) + "\n"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {json.dumps(item)}" for name, item in value.items()) + " }"
    return json.dumps(value)


@pytest.fixture
def in_network(podman: Podman, monkeypatch: pytest.MonkeyPatch) -> None:
    """Testcontainers speaks to Podman."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{podman.socket}")
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)


async def connected(centre: RunningCentre) -> bool:
    async with centre.services.registry.begin() as tx:
        link = await tx.links.get(EU)
    return link is not None and link.connected


@pytest.mark.usefixtures("in_network")
@pytest.mark.enable_socket
async def test_the_agent_reaches_the_agents_port_and_nothing_else(
    centre: RunningCentre,
    region: AgentRegion,
    network: tuple[str, str],
    bridge: str,
    region_image: str,
    postgres: PostgresServer,
) -> None:
    async with region.sealing(), region.worker():
        async with region.running():  # enrolment needs the other port, so the region enrols before it moves in
            invited = await centre.services.invitations.invite(EU, "EU", "amara")
            region.hand_over(invited.token)
            await until(lambda: region.value("SELECT enrolment = 'awaiting-approval' FROM link_state"), 30)
            await centre.services.regions.approve(EU, "amara")
            await until(lambda: connected(centre), 30)
        settings_inside(region)
        for path in (region.home, *region.home.rglob("*")):
            os.chown(path, OWNER, OWNER, follow_symlinks=False)
        before = await region.value("SELECT coalesce(max(sequence), 0) FROM report WHERE acked_at IS NOT NULL")
        container = (
            DockerContainer(region_image)
            .with_kwargs(network=network[0])
            .with_volume_mapping(str(region.home), HOME, "rw")
            .with_volume_mapping(str(postgres.root), "/run/postgresql", "rw")
            .with_command(["agent", "--config", f"{HOME}/region.toml"])
        )
        with await asyncio.to_thread(container.start) as agent:
            try:
                await until(lambda: connected(centre), 60)
                await until(lambda: _reported(region, before), 60)
                seen = await asyncio.to_thread(probe, agent, bridge, centre, postgres)
            finally:
                out, err = await asyncio.to_thread(agent.get_logs)
                (region.home / "container.log").write_bytes(out + err)
        assert seen["open"] == [centre.settings.agents.port]
        assert not seen["default_route"]


async def _reported(region: AgentRegion, before: int) -> bool:
    return bool(await region.value("SELECT max(sequence) > $1 FROM report WHERE acked_at IS NOT NULL", before))


def probe(agent: DockerContainer, host: str, centre: RunningCentre, postgres: PostgresServer) -> dict[str, object]:
    """From inside the container: which of the host's ports open, and whether any way leads out."""
    settings = centre.settings
    ports = [
        settings.enrolment.port,
        settings.agents.port,
        settings.console.port,
        postgres.port,
        22,
        80,
        443,
        7233,
        8233,
    ]
    words = ["/opt/bailiwick/bin/python", "-c", PROBE, host, *map(str, ports)]
    code, output = agent.exec(words)
    assert code == 0, output
    found: dict[str, object] = json.loads(output)
    return found
