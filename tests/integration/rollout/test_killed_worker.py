"""The worker's process is killed in the middle of a rollout; another takes over, and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.fixtures.centre import centre_settings, running, set_up
from tests.fixtures.postgres import Database
from tests.integration.rollout.centre import Agent, Whole, example, processes
from tests.integration.rollout.test_whole_centre import _join, _when

pytestmark = [
    pytest.mark.integration,
    pytest.mark.faults,
    pytest.mark.timeout(480),
    pytest.mark.asyncio(loop_scope="session"),
]


async def _worker(config: Path) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "control_plane", "worker", "--config", str(config)]
    return await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3], env=os.environ)


async def test_kill_nine_in_the_middle(tmp_path: Path, fresh_database: Database, temporal: WorkflowEnvironment) -> None:
    address = temporal.client.service_client.config.target_host
    settings = centre_settings(tmp_path, fresh_database, temporal={"address": address}, fleet={"away_seconds": 20})
    await asyncio.to_thread(set_up, settings)
    config = tmp_path / "centre.toml"
    place = settings.database
    text = f"""
[centre]
name = "northbridge"
home = "{settings.centre.home}"
[database]
host = "{place.host}"
port = {place.port}
[temporal]
address = "{address}"
"""
    config.write_text(text.replace("[temporal]", f'name = "{place.name}"\n[temporal]'))
    async with running(settings) as centre, processes(settings, with_worker=False):
        whole = Whole(settings, centre)
        for name in ("amara", "jonas"):
            await whole.ask("POST", "/users", {"id": name, "roles": ["operations"]}, as_user=None)
        first = await _worker(config)
        agent = Agent(await _join(whole, "in-mh", "IN"))
        release = await whole.publish(example("config.json"), example("policy/baseline.json"))
        async with agent.connected():
            asked = {"version": release["version"], "waves": [["in-mh"]], "bake_seconds": 4}
            rollout = (await whole.ask("POST", "/rollouts", asked))["id"]
            await _when(whole, rollout, lambda found: found["waves"][0]["regions"][0]["phase"] == "baking")
            first.send_signal(signal.SIGKILL)
            await first.wait()
            second = await _worker(config)
            found = await _when(whole, rollout, lambda found: found["state"] == "complete")
            second.terminate()
            assert await asyncio.wait_for(second.wait(), 15) == 0
        assert found["summary"] == "1 converged"
        assert agent.generation == 1
        assert len(found["waves"][0]["regions"][0]["verdicts"]) == 1
        codes = [event["code"] for event in found["events"] if event["place"] == "in-mh"]
        assert len(codes) == len(set(codes))
