"""The centre as a whole: REST, pages' process, worker, Temporal, PostgreSQL, mTLS sessions."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from bailiwick.contract.enrolment import Invitation
from tests.fixtures.centre import RegionEnd
from tests.fixtures.postgres import Database
from tests.integration.rollout.centre import Agent, Whole, example, whole_centre

pytestmark = [pytest.mark.integration, pytest.mark.timeout(480), pytest.mark.asyncio(loop_scope="session")]
REGIONS = (("in-mh", "IN"), ("eu-de", "EU"))
RECIPIENT = "age1" + "q" * 58


@pytest_asyncio.fixture(loop_scope="session")
async def whole(tmp_path: Path, fresh_database: Database, temporal: WorkflowEnvironment) -> AsyncIterator[Whole]:
    """A running centre with four users."""
    async with whole_centre(tmp_path, fresh_database, temporal) as found:
        yield found


async def _join(whole: Whole, region: str, jurisdiction: str) -> RegionEnd:
    """Invitation and approval through REST and the workflow, as people do it."""
    invited = await whole.ask("POST", "/invitations", {"region": region, "jurisdiction": jurisdiction})
    end = RegionEnd(whole.settings, region)
    await end.enrol(Invitation.decode(invited["token"]))
    found = await whole.ask("POST", f"/regions/{region}/approve", as_user="jonas")
    assert found["approved_by"] == "jonas"
    assert (await end.renew()).certificate
    whole.ends[region] = end
    return end


async def _until(whole: Whole, rollout: str, state: str) -> Any:
    return await _when(whole, rollout, lambda found: found["state"] == state)


async def _when(whole: Whole, rollout: str, happened: Callable[[Any], bool]) -> Any:
    end, found = time.monotonic() + 150, None
    while time.monotonic() < end:
        found = await whole.ask("GET", f"/rollouts/{rollout}")
        if happened(found):
            return found
        await asyncio.sleep(0.2)
    pytest.fail(f"did not happen: {found}")


def _phases(found: Any) -> dict[str, str]:
    return {lane["region"]: lane["phase"] for wave in found["waves"] for lane in wave["regions"]}


async def test_a_release_reaches_both_regions_and_goes_back(whole: Whole) -> None:
    agents = [Agent(await _join(whole, *region)) for region in REGIONS]
    config, policy = example("config.json"), example("policy/baseline.json")
    first = await whole.publish(config, policy)
    async with agents[0].connected(), agents[1].connected():
        body = {"version": first["version"], "waves": [["in-mh"], ["eu-de"]], "bake_seconds": 1, "approvals": False}
        one = await whole.ask("POST", "/rollouts", body, as_user="jonas")
        await _until(whole, one["id"], "complete")

        second = await whole.publish(config, example("policy/tightened.json"), first["manifest"])
        body |= {"version": second["version"], "approvals": True}
        two = await whole.ask("POST", "/rollouts", body)
        found = await _until(whole, two["id"], "awaiting-approval")
        assert _phases(found) == {"in-mh": "converged", "eu-de": "awaiting-approval"}
        async with whole.client("amara") as own:
            refused = await own.post(f"/api/v1/rollouts/{two['id']}/approve", json={})
        assert refused.status_code == 403
        assert refused.json()["code"] == "own-release"
        await whole.ask("POST", f"/rollouts/{two['id']}/approve", {"reason": "looks good"}, as_user="jonas")
        found = await _until(whole, two["id"], "complete")
        assert agents[1].running.hex() == second["manifest"].removeprefix("sha256:")
        assert [lane["approved_by"] for wave in found["waves"] for lane in wave["regions"]] == ["", "jonas"]

        await whole.ask("POST", f"/rollouts/{two['id']}/rollback", {"reason": "complaints"}, as_user="jonas")
        found = await _until(whole, two["id"], "rolled-back")
        assert {agent.running.hex() for agent in agents} == {first["manifest"].removeprefix("sha256:")}
        assert _phases(found) == {"in-mh": "rolled-back", "eu-de": "rolled-back"}


async def test_one_region_is_away_and_one_says_no(whole: Whole) -> None:
    canary, late = [Agent(await _join(whole, *region)) for region in REGIONS]
    release = await whole.publish(example("config.json"), example("policy/baseline.json"))
    canary.veto = True
    async with canary.connected():
        body = {"version": release["version"], "waves": [["eu-de"], ["in-mh"]], "bake_seconds": 1, "approvals": False}
        async with whole.client("amara") as publisher:
            refused = await publisher.post("/api/v1/rollouts", json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "own-release")
        rollout = (await whole.ask("POST", "/rollouts", body, as_user="jonas"))["id"]
        found = await _when(whole, rollout, lambda found: _phases(found)["in-mh"] == "vetoed")
        assert found["state"] == "running"
        assert next(lane for wave in found["waves"] for lane in wave["regions"] if lane["region"] == "eu-de")["away"]
        async with late.connected():
            found = await _until(whole, rollout, "complete")
    assert _phases(found) == {"eu-de": "converged", "in-mh": "vetoed"}
    assert found["summary"] == "1 converged, 1 vetoed"


async def test_who_may_ask_what(whole: Whole) -> None:
    assert stat.S_IMODE(whole.settings.admin_socket.stat().st_mode) == 0o600
    async with whole.client(token="") as nobody:
        answer = await nobody.get("/api/v1/regions")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        spoofed = await nobody.get("/api/v1/regions", headers={"X-Bailiwick-As": "amara"})
        assert spoofed.status_code == 401
    token = (await whole.ask("POST", "/users/vera/token"))["token"]
    async with whole.client(token=token) as viewer:
        assert (await viewer.get("/api/v1/me")).json()["id"] == "vera"
        assert (await viewer.get("/api/v1/regions")).status_code == 200
        body = {"region": "eu-de", "jurisdiction": "EU"}
        refused = await viewer.post("/api/v1/invitations", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "role")
        assert (await viewer.get("/api/v1/openapi.json")).status_code == 200
    amara = (await whole.ask("POST", "/users/amara/token"))["token"]
    async with whole.client(token=amara) as operator:
        assert (await operator.post("/api/v1/users/amara/token")).status_code == 201
        for kind in ("token", "link"):  # or whoever publishes a release could approve it under another name
            refused = await operator.post(f"/api/v1/users/jonas/{kind}")
            assert (refused.status_code, refused.json()["code"]) == (403, "own-sign-in")
    async with whole.client(token="bwt_wrong") as wrong:
        assert (await wrong.get("/api/v1/regions")).status_code == 401
    async with whole.client("nobody") as unknown:
        assert (await unknown.get("/api/v1/regions")).status_code == 404


async def test_a_repeated_write_is_answered_again_and_done_once(whole: Whole) -> None:
    await whole.ask("POST", "/invitations", {"region": "eu-de", "jurisdiction": "EU"})
    body = {"region": "eu-de", "recipient": RECIPIENT}
    async with whole.client("amara") as client:
        headers = {"Idempotency-Key": "once"}
        answers = await asyncio.gather(*(client.post("/api/v1/evidence", json=body, headers=headers) for _ in range(4)))
        assert len({answer.text for answer in answers}) == 1
        assert sum(answer.headers.get("idempotency-replayed") == "true" for answer in answers) == 3
        other = await client.post("/api/v1/evidence", json={**body, "first": 1}, headers=headers)
        assert other.status_code == 409
    async with whole.client("jonas") as client:
        mine = await client.post("/api/v1/evidence", json=body, headers=headers)
        assert mine.json()["id"] != answers[0].json()["id"]


async def test_no_answer_that_holds_a_secret_is_kept(whole: Whole, fresh_database: Database) -> None:
    body, headers = {"region": "eu-de", "jurisdiction": "EU"}, {"Idempotency-Key": "secret"}
    async with whole.client("amara") as client:
        invited = await client.post("/api/v1/invitations", json=body, headers=headers)
        assert invited.json()["token"].startswith("bwi_")
        again = await client.post("/api/v1/invitations", json=body, headers=headers)
        assert again.json()["token"] != invited.json()["token"]
    async with await psycopg.AsyncConnection.connect(fresh_database.dsn("bw_owner")) as connection:
        kept = await (await connection.execute("SELECT count(*) FROM idempotency")).fetchone()
    assert kept == (0,)


async def test_bad_requests_are_problems(whole: Whole) -> None:
    async with whole.client("amara") as client:
        unknown = await client.post("/api/v1/rollouts", json={"version": 9})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "release")
        extra = await client.post("/api/v1/rollouts", json={"version": 9, "waves": [], "colour": "blue"})
        assert (extra.status_code, extra.json()["code"]) == (422, "request-invalid")
        recipient = await client.post("/api/v1/evidence", json={"region": "eu-de", "recipient": "me"})
        assert (recipient.status_code, recipient.json()["code"]) == (422, "recipient")
        assert (await client.get("/api/v1/nothing")).json()["status"] == 404
        assert (await client.get("/health/ready")).status_code == 200


async def test_event_streams_tell_and_end_with_the_process(whole: Whole) -> None:
    async with whole.client("amara") as client, client.stream("GET", "/api/v1/events") as stream:
        lines = stream.aiter_lines()
        async with asyncio.timeout(10):
            while "ready" not in await anext(lines):
                pass
            await whole.ask("POST", "/invitations", {"region": "eu-de", "jurisdiction": "EU"})
            while "regions" not in await anext(lines):
                pass
