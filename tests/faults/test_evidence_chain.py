"""Two bundles of a region at work, one after the other: both verify offline, and the second only after the first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest

from bailiwick.agent.v1 import agent_pb2
from bailiwick.verify import trust as trusts
from bailiwick.verify.findings import Code
from bailiwick.verify.verifier import verify
from data_plane.console.app import admin_app, public_app
from data_plane.console.context import Context
from data_plane.database.pool import open_pool
from tests.fakes.centre import FakeCentre
from tests.faults.test_hostile_centre import apply, enrol
from tests.fixtures.agent import Publisher, until
from tests.fixtures.gateway import NO_LAB, TAGS, policy_set
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(180)]
WAITING = """
SELECT count(*) + (SELECT count(*) FROM open_admission) FROM ledger_entry WHERE kind = 'settlement'
AND (idx IS NULL OR idx >= (SELECT coalesce(max(size), 0) FROM checkpoint WHERE cosigned IS NOT NULL))
"""


def client(app: Any) -> httpx.AsyncClient:
    """Calls an application in this loop."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://region")


async def at_work(region: WholeRegion, tokens: list[str]) -> None:
    """A dozen people ask twice, some are refused, and a checkpoint over all of it is witnessed."""
    await asyncio.gather(*(region.ask(tokens[n % 2], f"person-{n % 12}") for n in range(24)))

    async def witnessed() -> bool:
        return int(await region.agent.value(WAITING)) == 0

    await until(witnessed, seconds=30)


async def test_two_bundles_of_a_region_at_work_verify(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher, tmp_path: Path
) -> None:
    agent, gateway = region.agent, region.gateway
    identity = pyrage.x25519.Identity.generate()
    pool = await open_pool(agent.settings.dsn("bw_console"), name="console")
    context = Context(agent.settings, pool)
    async with client(admin_app(context)) as admin, client(public_app(context)) as public:

        async def bundle(number: int, first: int) -> tuple[Path, int]:
            raw, name, recipient = bytes([number] * 16), f"{number:02x}" * 16, str(identity.to_public())
            asked = agent_pb2.EvidenceRequest(request_id=raw, first=first, recipient=recipient, expires=4_000_000_000)
            centre.evidence = [asked]
            await centre.push()
            await until(lambda: agent.value("SELECT phase FROM evidence_request WHERE id = $1", name))
            made = await admin.post("/evidence/grants", json={"request": name, "recipient": recipient})
            assert made.status_code == 201, made.text
            grant = made.json()
            head = {"authorization": f"Bearer {grant['token']}"}
            sealed = await public.get(f"/bundles/{grant['id']}", headers=head)
            path = tmp_path / f"{number}.tar"
            path.write_bytes(pyrage.decrypt(sealed.content, [identity]))
            return path, int(grant["next"])

        async with gateway.running(), agent.sealing(), agent.running():
            await enrol(centre, agent)
            release = publisher.publish(1, policies=policy_set(NO_LAB))
            await apply(centre, agent, release)
            await gateway.ready()
            tokens = [(await gateway.key())[1], (await gateway.key({**TAGS, "team": ["lab"]}))[1]]
            await at_work(region, tokens)
            one, following = await bundle(1, 0)
            await at_work(region, tokens)
            two, _ = await bundle(2, following)
        relied = trusts.load((await admin.get("/trust")).content)
    await pool.close()
    first = verify(one, relied)
    assert [(finding.code, finding.message) for finding in first.findings] == []
    assert first.manifest is not None
    second = verify(two, relied, first.manifest.head)
    assert [(finding.code, finding.message) for finding in second.findings] == []
    assert first.settled + second.settled == 24
    assert Code.PREVIOUS in {finding.code for finding in verify(one, relied, first.manifest.head).findings}
