"""The centre's commands against a whole centre: one JSON document on standard output, and stable exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from bailiwick.cli import host
from tests.fixtures.postgres import Database
from tests.integration.rollout.centre import EXAMPLES, Whole, whole_centre
from tests.integration.rollout.test_whole_centre import _join

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]
CONFIG, POLICY = str(EXAMPLES / "config.json"), str(EXAMPLES / "policy" / "baseline.json")


@pytest_asyncio.fixture(loop_scope="session")
async def whole(
    tmp_path: Path, fresh_database: Database, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Whole]:
    """A running centre that the commands find through BAILIWICK_HOME."""
    monkeypatch.setenv("BAILIWICK_HOME", str(tmp_path))
    monkeypatch.delenv("BAILIWICK_TOKEN", raising=False)
    async with whole_centre(tmp_path, fresh_database, temporal) as found:
        yield found


def _typed(words: tuple[str, ...]) -> tuple[int, str, str]:
    out, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            code = host.main(words)
        except SystemExit as left:
            code = int(left.code or 0)
    return code, out.getvalue(), said.getvalue()


async def run(*words: str, code: int = 0) -> Any:
    """The document of a command that ends with `code`."""
    ended, out, said = await asyncio.to_thread(_typed, (*words, "--json"))
    assert ended == code, (words, ended, said)
    return json.loads(out) if out else None


async def test_the_commands_of_a_release(whole: Whole, tmp_path: Path) -> None:
    await _join(whole, "in-mh", "IN")
    assert {user["id"] for user in (await run("user", "list"))["users"]} == {"amara", "jonas", "vera", "otto"}
    region = (await run("region", "list", "--as", "vera"))["regions"][0]
    assert (region["id"], region["phase"]) == ("in-mh", "approved")

    files = ("--region", "in-mh", "--config", CONFIG, "--policy", POLICY)
    assert (await run("release", "check", *files, "--as", "vera"))["ok"]
    assert not (await run("check", "--region", "sa-ry", *files[2:], "--as", "vera", code=1))["ok"]
    built = await run("release", "build", *files, "--notes", "first", "--as", "amara")
    version = str(built["version"])
    await run("release", "publish", version, "--as", "amara", code=1)
    keys = [str(whole.settings.offline / f"targets-{number}.pem") for number in (1, 2)]  # type: ignore[operator]
    first = await run("release", "sign", version, "--key", keys[0], "--as", "amara")
    assert (first["complete"], first["threshold"]) == (False, 2)
    assert (await run("release", "sign", version, "--key", keys[1], "--as", "amara"))["complete"]
    root = str(whole.settings.offline / "root-1.pem")  # type: ignore[operator]
    await run("release", "sign", version, "--key", root, "--as", "amara", code=4)
    assert (await run("release", "publish", version, "--as", "amara"))["published_by"] == "amara"

    started = await run("rollout", "start", version, "--wave", "in-mh", "--bake", "1", "--as", "amara")
    assert started["regions"] == [{"region": "in-mh", "state": started["regions"][0]["state"]}]
    await run("rollout", "start", version, "--as", "amara", code=1)
    watched = await run("rollout", "watch", started["id"], "--timeout", "2", code=1)
    assert watched["waves"][0]["regions"][0]["region"] == "in-mh"
    assert (await run("rollout", "pause", started["id"], "--as", "jonas"))["id"] == started["id"]
    assert (await run("rollout", "abort", started["id"], "--reason", "enough", "--as", "jonas"))["events"]
    ended = await run("rollout", "watch", started["id"], "--timeout", "30")
    assert ended["state"] == "aborted"
    await run("rollout", "resume", started["id"], "--as", "jonas", code=1)
    assert len((await run("rollout", "status"))["rollouts"]) == 1

    loosened = ("--policy", str(EXAMPLES / "policy" / "tightened.json"))
    again = await run("release", "build", *files[:4], *loosened, "--fallback", version, "--as", "amara")
    assert again["fallback"] == built["manifest"]
    changes = (await run("release", "diff", version, str(again["version"])))["changes"]
    assert {change["part"] for change in changes} >= {"manifest", "policy"}


async def test_the_other_commands_and_their_exit_codes(whole: Whole, tmp_path: Path) -> None:
    await run("region", "invite", "--region", "eu-de", "--jurisdiction", "EU", "--as", "vera", code=4)
    await run("region", "invite", "--region", "EU_DE!", "--jurisdiction", "EU", "--as", "amara", code=2)
    await run("region", "show", "--region", "eu-de", "--as", "vera", code=1)
    assert (await run("region", "invite", "--region", "eu-de", "-j", "EU", "--as", "amara"))["token"].startswith("bwi_")
    assert (await run("spend", "--by", "region,team", "--as", "vera"))["rows"] == []
    await run("spend", "--by", "colour", "--as", "vera", code=2)
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    asked = await run("evidence", "request", "--region", "eu-de", "--recipient", recipient, "--as", "otto")
    assert asked["phase"] == "requested"
    assert [one["id"] for one in (await run("evidence", "list"))["requests"]] == [asked["id"]]
    assert (await run("user", "link", "amara"))["url"].startswith(f"http://{whole.settings.console.address}/login?")
    assert (await run("user", "token", "vera"))["token"].startswith("bwt_")
    await run("user", "add", "zoe", "--role", "wizard", code=2)
    await run("region", "list", "--home", str(tmp_path / "nowhere"), code=3)
