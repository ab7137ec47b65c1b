"""Handing an invitation over: only one for this region, and readable by nobody else on the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bailiwick.contract.enrolment import Invitation
from bailiwick.contract.note import Algorithm, VerifierKey
from tests.fixtures.agent import utc
from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration

WITNESS = str(VerifierKey("fake/witness", Algorithm.COSIGNATURE_V1, b"\x07" * 32))


def _token(**changes: Any) -> str:
    digest = "sha256:" + "0" * 64
    values: dict[str, Any] = {
        "id": "ab" * 16,
        "secret": "cd" * 32,
        "region": "eu-de",
        "jurisdiction": "EU",
        "expires": utc() + timedelta(hours=1),
        "ca": digest,
        "tuf_root": digest,
        "witness": WITNESS,
        "enrolment": "localhost:1",
        "agents": "localhost:1",
    }
    return Invitation(**{**values, **changes}).encode()


async def test_an_invitation_is_left_for_the_agent_alone(console: Console) -> None:
    answer = await console.admin.post("/enrolment", json={"invitation": _token()})
    assert answer.json()["state"] == "handed-over"
    path = console.region.settings.data_dir / "agent" / "invitation.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (await console.admin.get("/enrolment")).json()["state"] == "handed-over"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"region": "in-mh"}, "other-region"),
        ({"jurisdiction": "IN"}, "other-region"),
        ({"expires": utc() - timedelta(seconds=1)}, "invitation-expired"),
    ],
)
async def test_an_invitation_for_another_or_too_late_is_refused(console: Console, changes, code) -> None:
    assert await console.refused("POST", "/enrolment", json={"invitation": _token(**changes)}) == (409, code)
    assert not (console.region.settings.data_dir / "agent" / "invitation.json").exists()


@pytest.mark.parametrize("token", ["", "bwi_", "bwi_!!", "bwi_" + "A" * 9000, "x", "bwi_\u00e9"])
async def test_what_is_no_invitation_is_refused_without_repeating_it(console: Console, token: str) -> None:
    assert (await console.refused("POST", "/enrolment", json={"invitation": token}))[0] == 422
    answer = await console.admin.post("/enrolment", json={"invitation": _token()[:-3]})
    assert (answer.status_code, _token()[:20] in answer.text) == (422, False)


async def test_there_is_no_conflict_to_resume_from_and_no_third_side(console: Console) -> None:
    assert await console.refused("POST", "/agent/resume", json={"accept": "centre"}) == (409, "no-conflict")
    assert await console.refused("POST", "/agent/resume", json={"accept": "both"}) == (422, "invalid")
    await console.region.fetch("UPDATE link_state SET conflict = 'other-digest'")
    assert (await console.admin.post("/agent/resume", json={"accept": "region"})).status_code == 200
    assert (await console.region.link())["resume"] == "region"


async def test_status_and_trust_of_a_new_region(console: Console) -> None:
    status = (await console.admin.get("/status")).json()
    assert (status["id"], status["state"], status["release"], status["last_report"]) == (
        "eu-de",
        "disconnected",
        None,
        None,
    )
    assert {model["state"] for model in status["models"]} == {"loading"}
    trust = (await console.admin.get("/trust")).json()
    assert trust["regions"]["eu-de"]["ledger"] == status["ledger"]["key"]
    assert "PRIVATE" not in str(trust)


async def test_an_unknown_path_and_method_are_problem_documents(console: Console) -> None:
    assert await console.refused("GET", "/nothing") == (404, "not-found")
    assert await console.refused("DELETE", "/keys") == (405, "method-not-allowed")


async def test_a_database_that_is_away_is_said_so(console: Console) -> None:
    await console.context.pool.close()
    assert await console.refused("GET", "/status") == (503, "database-away")
    answer = await console.public.get("/health/ready")
    assert answer.status_code == 503
