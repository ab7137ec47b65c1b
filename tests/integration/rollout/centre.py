"""A whole centre in this process: api, console and worker, on a real database and a real Temporal server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from temporalio.testing import WorkflowEnvironment

from bailiwick.agent.v1 import agent_pb2
from control_plane.bootstrap import console, worker
from control_plane.bootstrap.passwords import dsn
from control_plane.registry.engine import open_engine
from control_plane.settings import CentreSettings
from tests.fixtures.centre import Conversation, RegionEnd, RunningCentre, centre_settings, running, set_up
from tests.fixtures.postgres import Database

EXAMPLES = Path(__file__).parents[3] / "infra" / "examples"


@dataclass
class Whole:
    """A centre with all of its processes, asked over its admin socket."""

    settings: CentreSettings
    centre: RunningCentre
    ends: dict[str, RegionEnd] = field(default_factory=dict)

    def client(self, as_user: str | None = None, token: str | None = None) -> httpx.AsyncClient:
        """A client on the admin socket, or over TCP with a token."""
        if token is not None:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return httpx.AsyncClient(base_url=f"http://{self.settings.console.address}", headers=headers, timeout=30)
        transport = httpx.AsyncHTTPTransport(uds=str(self.settings.admin_socket))
        headers = {"X-Bailiwick-As": as_user} if as_user else {}
        return httpx.AsyncClient(transport=transport, base_url="http://centre", headers=headers, timeout=30)

    async def ask(self, method: str, path: str, body: object = None, as_user: str | None = "amara") -> Any:
        """One request that must succeed."""
        async with self.client(as_user) as client:
            answer = await client.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def publish(self, config: object, policy: object, fallback: str | None = None) -> dict[str, Any]:
        """A release, built, signed by both offline keys and published by amara."""
        body = {"regions": sorted(self.ends), "config": config, "policy": policy, "fallback": fallback}
        built = await self.ask("POST", "/releases", body)
        payload = base64.b64decode(built["targets_to_sign"]["payload"])
        known = {key["key"]: key["keyid"] for key in built["targets_to_sign"]["keys"]}
        for key in self.centre.offline_keys:
            public = "ed25519:" + base64.b64encode(key.public_key().public_bytes_raw()).decode()
            signature = base64.b64encode(key.sign(payload)).decode()
            await self.ask(
                "POST", f"/releases/{built['version']}/signatures", {"keyid": known[public], "sig": signature}
            )
        published: dict[str, Any] = await self.ask("POST", f"/releases/{built['version']}/publish")
        return published


@asynccontextmanager
async def whole_centre(home: Path, database: Database, temporal: WorkflowEnvironment) -> AsyncIterator[Whole]:
    """Set up and run everything, with users amara and jonas (operations) and vera (viewer)."""
    address = temporal.client.service_client.config.target_host
    fleet = {"poll_seconds": 0.2, "away_seconds": 6}
    settings = centre_settings(home, database, temporal={"address": address}, fleet=fleet)
    await asyncio.to_thread(set_up, settings)
    async with running(settings) as centre, processes(settings):
        whole = Whole(settings, centre)
        for name, role in (("amara", "operations"), ("jonas", "operations"), ("vera", "viewer"), ("otto", "auditor")):
            await whole.ask("POST", "/users", {"id": name, "roles": [role]}, as_user=None)
        yield whole


@asynccontextmanager
async def processes(settings: CentreSettings, *, with_worker: bool = True) -> AsyncIterator[None]:
    """The console and the worker, until the block ends."""
    stop = asyncio.Event()
    engines = [open_engine(dsn(settings, role), 8) for role in (console.ROLE, worker.ROLE)]
    tasks = [asyncio.create_task(console.serve(settings, engines[0], stop))]
    if with_worker:
        tasks.append(asyncio.create_task(worker.serve(settings, engines[1], stop)))
    try:
        async with asyncio.timeout(20):
            while not settings.admin_socket.exists():
                assert not tasks[0].done(), tasks[0].exception()
                await asyncio.sleep(0.05)
        yield
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)
        for engine in engines:
            await engine.dispose()


class Agent:
    """A region's agent by hand: it consents or vetoes, applies what is wished, and passes gates."""

    def __init__(self, end: RegionEnd) -> None:
        self.end = end
        self.veto = False
        self.verdict = agent_pb2.VERDICT_PASS
        self.running = b""
        self.generation = 0

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Hold the link for the time of the block."""
        async with self.end.agents_port() as port:
            talk = Conversation(port)
            await self._observe(talk)
            tasks = [asyncio.create_task(work) for work in (self._answer(talk), self._beat(talk))]
            try:
                yield
            finally:
                talk.call.cancel()
                for task in tasks:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _beat(self, talk: Conversation) -> None:
        for beat in itertools.count(1):
            await talk.say(heartbeat=agent_pb2.Heartbeat(sequence=beat))
            await asyncio.sleep(0.5)

    async def _answer(self, talk: Conversation) -> None:
        while True:
            response: Any = await talk.call.read()
            kind = response.WhichOneof("body")
            if kind == "desired":
                await self._wished(talk, response.desired)
            elif kind == "gate":
                gate = agent_pb2.GateVerdict(
                    gate_id=response.gate.gate_id, verdict=self.verdict, reason=agent_pb2.REASON_CODE_GATE_OK
                )
                await talk.say(gate=gate)

    async def _wished(self, talk: Conversation, desired: agent_pb2.DesiredState) -> None:
        self.generation = desired.generation
        if self.veto and desired.manifest != self.running:
            state = agent_pb2.ReleaseState(
                manifest=desired.manifest,
                phase=agent_pb2.RELEASE_PHASE_VETOED,
                reason=agent_pb2.REASON_CODE_VETO_LEGAL_BASIS_MISSING,
            )
            await talk.say(release_state=state)
        elif desired.manifest:
            self.running = desired.manifest
            state = agent_pb2.ReleaseState(manifest=desired.manifest, phase=agent_pb2.RELEASE_PHASE_APPLIED)
            await talk.say(release_state=state)
        await self._observe(talk)

    async def _observe(self, talk: Conversation) -> None:
        observed = agent_pb2.Observed(
            generation=self.generation,
            manifest=self.running,
            version=1 if self.running else 0,
            state=agent_pb2.REGION_STATE_CONNECTED,
            healthy=True,
        )
        await talk.say(observed=observed)


def example(name: str) -> Any:
    """One of the example configurations that the local federation uses."""
    return json.loads((EXAMPLES / name).read_text())
