"""The main job on real parts, looked at from outside: commands, the openai client, files, and a browser.

Each test reads what the demo left, by the same public interfaces that people and scripts use; none looks into a plane.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Played
from tests.fixtures.browser import open_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2000)]

REGIONS = ("eu-de", "in-mh")
CURRENCIES = {"eu-de": "EUR", "in-mh": "INR"}


def region_of(played: Played, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(region for region in played.ask("status")["regions"] if region["id"] == name)
    return found


def key_of(played: Played, region: str, **tags: str) -> str:
    words = [word for tag, value in tags.items() for word in (f"--{tag.replace('_', '-')}", value)]
    return str(played.ask("key", "create", "--region", region, *words)["key"])


def payments(played: Played, region: str) -> openai.OpenAI:
    key = key_of(
        played, region, team="payments", cost_centre="cc-100", project="core", product="assistant", use_case="support",
        environment="production",
    )  # fmt: skip
    return openai.OpenAI(base_url=region_of(played, region)["gateway"], api_key=key, max_retries=0)


def body_of(error: openai.APIStatusError) -> Any:
    return error.body


def entries(played: Played, region: str, kind: str) -> list[dict[str, Any]]:
    page = played.ask("ledger", "tail", "--region", region, "--count", "1000")
    return [item["entry"] for item in page["entries"] if item["entry"]["kind"] == kind]


def settlements(played: Played, region: str, numbers: range) -> dict[int, Any]:
    """Settlements by number, once all of them are sealed."""
    end = time.monotonic() + 30
    while True:
        found = {entry["number"]: entry for entry in entries(played, region, "settlement")}
        if set(numbers) <= set(found):
            return found
        assert time.monotonic() < end, f"not settled: {set(numbers) - set(found)}"
        time.sleep(0.5)


def test_everything_runs_in_the_shape_that_scripts_rely_on(played: Played) -> None:
    status = played.ask("status")
    assert status["centre"]["state"] == "running"
    assert {"console", "api", "agents", "temporal", "temporal_ui"} <= set(status["centre"])
    for region in status["regions"]:
        assert (region["id"], region["state"]) in {(name, "connected") for name in REGIONS}
        assert {model["id"]: model["state"] for model in region["models"]} == {"tiny-chat": "ready", "minilm": "ready"}
        assert region["release"]["version"] == 2
        assert region["ledger"]["size"] > 0
        assert {p["name"] for p in region["processes"]} >= {
            "gateway",
            "ledger",
            "agent",
            "console",
            "engines",
            "postgres",
        }
        assert all(process["state"] == "running" for process in region["processes"])


@pytest.mark.parametrize("name", REGIONS)
def test_the_unmodified_client_is_served_and_metered_as_vllm_counts(played: Played, name: str) -> None:
    client = payments(played, name)
    question: Any = [{"role": "user", "content": "What changed in the terms?"}]
    plain = client.chat.completions.with_raw_response.create(
        model="tiny-chat", messages=question, max_tokens=12, safety_identifier="person-of-the-test"
    )
    answer: Any = plain.parse()
    number = int(plain.headers["x-bailiwick-admission"])
    stream = client.chat.completions.create(
        model="tiny-chat", messages=question, max_tokens=12, stream=True, stream_options={"include_usage": True}
    )
    streamed = list(stream)[-1].usage
    vector = client.embeddings.create(model="minilm", input="a sentence to embed")
    completed = client.completions.create(model="tiny-chat", prompt="Once", max_tokens=5)
    assert len(vector.data[0].embedding) == 384
    assert completed.usage is not None
    assert completed.usage.completion_tokens <= 5
    settled = settlements(played, name, range(number, number + 4))
    for offset, usage in enumerate((answer.usage, streamed, None, completed.usage)):
        entry = settled[number + offset]
        assert entry["how"] == "reported"
        if usage is not None:
            assert (entry["usage"]["prompt"], entry["usage"]["output"]) == (
                usage.prompt_tokens,
                usage.completion_tokens,
            )
    assert settled[number + 2]["usage"]["prompt"] == vector.usage.prompt_tokens


@pytest.mark.parametrize("name", REGIONS)
def test_the_rollout_took_effect_and_says_why(played: Played, name: str) -> None:
    client = payments(played, name)
    key = key_of(played, name, team="payments", cost_centre="cc-100", project="core", product="assistant")
    client = openai.OpenAI(base_url=client.base_url, api_key=key, max_retries=0)
    headers = {"X-Bailiwick-Use-Case": "classification", "X-Bailiwick-Environment": "production"}
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.chat.completions.create(
            model="tiny-chat", messages=[{"role": "user", "content": "yes or no"}], max_tokens=4, extra_headers=headers
        )
    assert body_of(refused.value)["bailiwick"]["policies"] == ["human-oversight"]
    assert "owner ai-office" in refused.value.message
    assert "Art. 14" in refused.value.message
    headers["X-Bailiwick-Use-Case"] = "poetry"
    with pytest.raises(openai.UnprocessableEntityError) as unknown:
        client.chat.completions.create(
            model="tiny-chat", messages=[{"role": "user", "content": "x"}], max_tokens=4, extra_headers=headers
        )
    assert "classification" in str(body_of(unknown.value)["bailiwick"]["permitted"])


def test_the_veto_holds(played: Played) -> None:
    offers = {
        offer["version"]: offer["state"] for offer in played.ask("consent", "list", "--region", "eu-de")["offers"]
    }
    assert offers[3] == "vetoed"
    assert offers[2] == "applied"
    assert entries(played, "eu-de", "veto") != []


@pytest.mark.parametrize("name", REGIONS)
def test_the_ledger_is_sound_cosigned_and_proves_an_entry(played: Played, name: str) -> None:
    assert played.ask("ledger", "fsck", "--region", name)["ok"]
    proof = played.ask("ledger", "prove", "--region", name, "--number", "1")
    assert proof["verified"]
    region = region_of(played, name)
    assert 0 < region["ledger"]["cosigned_size"] <= region["ledger"]["size"]
    address = region["evidence"]
    assert httpx.get(f"{address}/checkpoint").text.startswith(region["ledger"]["origin"])
    assert httpx.get(f"{address}/tile/entries/000").status_code in {401, 404}
    token = played.ask("ledger", "token", "--region", name)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{address}/tile/entries/000", headers=headers).status_code == 200


@pytest.mark.parametrize("name", REGIONS)
def test_what_was_released_and_what_is_held_back_are_the_ledger(played: Played, name: str) -> None:
    result = played.ask("egress", "reconcile", "--region", name)
    assert result["equal"]
    assert result["released"]["requests"] > 0


def test_the_centre_knows_no_person_and_no_small_team(played: Played) -> None:
    rows = played.ask("spend", "--by", "region,team", "--as", "mei")["rows"]
    assert {row["currency"] for row in rows} == set(CURRENCIES.values())
    assert not [row for row in rows if row["team"] == "lab"]
    assert sum(row["requests"] for row in rows) > 0
    assert "@" not in json.dumps(rows)


@pytest.mark.parametrize("name", REGIONS)
def test_the_bundles_verify_offline_and_a_flipped_byte_does_not(played: Played, name: str, tmp_path: Path) -> None:
    folder = played.home / "evidence"
    bundle = next(folder.glob(f"{name}-*-*.tar"))
    trust = folder / "trust.json"
    result = played.ask("verify", str(bundle), "--trust", str(trust))
    assert result["ok"]
    assert [step["number"] for step in result["steps"]] == list(range(1, 14))
    assert result["settled"] > 0
    assert bundle.with_suffix(".html").read_text().startswith("<!doctype html>")
    data = bytearray(bundle.read_bytes())
    data[data.find(b'"cost":') + 8] ^= 1
    bent = tmp_path / "bent.tar"
    bent.write_bytes(data)
    refused = played.run("verify", str(bent), "--trust", str(trust), "--json")
    assert refused.returncode == 1
    assert {"FILE-DIGEST", "TREE-ROOT"} <= {finding["code"] for finding in json.loads(refused.stdout)["findings"]}


def test_no_prompt_and_no_person_is_written_anywhere(played: Played) -> None:
    mark, person = "an-unlikely-sentence-4711", "someone@example.org"
    payments(played, "eu-de").chat.completions.create(
        model="tiny-chat", messages=[{"role": "user", "content": mark}], max_tokens=4, safety_identifier=person
    )
    for path in played.home.rglob("*"):
        if path.is_file() and path.suffix in {".log", ".json", ".jsonl", ".tar"}:
            body = path.read_bytes()
            assert mark.encode() not in body, path
            assert person.encode() not in body, path


def test_a_killed_gateway_comes_back_and_loses_nothing(played: Played) -> None:
    before = region_of(played, "eu-de")
    gateway = next(process for process in before["processes"] if process["name"] == "gateway")
    client = payments(played, "eu-de")
    psutil.Process(gateway["pid"]).kill()

    async def back() -> None:
        async with asyncio.timeout(90), httpx.AsyncClient() as http:
            while True:
                try:
                    if (await http.get(before["gateway"].replace("/v1", "/health/ready"))).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.5)

    asyncio.run(back())
    client.chat.completions.create(model="tiny-chat", messages=[{"role": "user", "content": "again"}], max_tokens=4)
    after = next(p for p in region_of(played, "eu-de")["processes"] if p["name"] == "gateway")
    assert after["pid"] != gateway["pid"]
    assert after["restarts"] >= 1
    assert played.ask("ledger", "fsck", "--region", "eu-de")["ok"]


def test_the_console_shows_the_numbers_that_the_reports_gave(played: Played, browser: Browser) -> None:
    totals = {row["currency"]: row["cost_micro"] for row in played.ask("spend", "--as", "mei")["totals"]}
    link = played.ask("user", "link", "amara")["url"]
    watched = open_page(browser, link)
    page = watched.page
    for name in REGIONS:
        assert page.locator(f"text={name}").first.is_visible()
    address = page.url.rstrip("/")
    for path in ("/rollouts", "/spend", "/evidence", "/left", "/releases"):
        page.goto(f"{address}{path}")
        assert page.locator("h1").count() == 1
        assert watched.sideways() <= 0
    page.goto(f"{address}/spend")
    for currency, micro in totals.items():
        shown = page.locator(f"[data-value=cost-{currency}]").first.inner_text()
        amount = Decimal(re.sub(r"[^0-9.]", "", shown))
        # Reports go on arriving: the page is at, or a little past, what was asked for just before.
        assert (
            Decimal(micro) / 1_000_000 <= amount + Decimal("0.01") <= Decimal(micro) / 1_000_000 * 2 + Decimal("0.02")
        )
    assert watched.complaints == []


def test_a_second_demo_finds_the_earlier_data(played: Played) -> None:
    size = region_of(played, "in-mh")["ledger"]["size"]
    again = played.run("demo")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-2000:]
    assert region_of(played, "in-mh")["ledger"]["size"] > size
    assert len(list((played.home / "evidence").glob("in-mh-*-*.tar"))) == 2
