"""Names and addresses planted wherever a user or an operator may write; every byte that left and every log is searched.

All processes of the region are real; the centre keeps each message and its metadata. Searched for in any case, as text,
in hexadecimal, in base64 at any alignment and in UTF-16: what was planted; and what stands for a person or a request
inside the region (pseudonyms, tags, key ids, request ids), which must not cross the border either.
"""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from bailiwick.agent.v1 import agent_pb2
from bailiwick.contract.release import raw_digest
from bailiwick.metrics.v1 import metrics_pb2
from tests.fakes.centre import FakeCentre
from tests.fakes.vllm.server import FakeEngine
from tests.fixtures.agent import Publisher, until
from tests.fixtures.gateway import TAGS, config, policy_set
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
NAME, EMAIL, PHONE = "Erika Mustermann", "erika.mustermann@example.org", "+49 170 1234567"
PLANTED = f"{NAME} <{EMAIL}> {PHONE}"
NEEDLES = ("mustermann", "erika", "1701234567", "170 1234567", "skunkworks")
OPERATORS = ("kostner", "abendroth")  # an operator's own words: they may stand in the ledger, and must not leave
PEOPLE = [f"erika.mustermann+{n}@example.org" for n in range(12)]
OWN = f"""
@id("kostner") @owner("{PLANTED} Kostner") @basis("{EMAIL} Abendroth") @advice("Write to {PLANTED}, Abendroth.")
forbid(principal, action, resource) unless {{ context has team && context.team != Team::"lab" }};
"""


def forms(text: str) -> set[bytes]:
    """A text as it may hide in bytes."""
    found = set()
    for spelt in {text, text.lower(), text.title(), text.upper()}:
        raw = spelt.encode()
        found |= {raw, raw.hex().encode(), raw.hex().upper().encode(), spelt.encode("utf-16-le")}
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + raw)
            inner = whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]
            if len(inner) >= 8:
                found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def found_in(data: bytes, *texts: str) -> list[str]:
    """Which of the texts stand in `data` in any form."""
    lowered = data.lower()
    return [text for text in texts if text.encode().lower() in lowered or any(form in data for form in forms(text))]


def raw_forms(values: list[bytes]) -> list[bytes]:
    """Identifiers as bytes and as hexadecimal text."""
    return [form for value in values for form in (value, value.hex().encode())]


async def test_nothing_planted_leaves_or_is_logged(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher, engine: FakeEngine
) -> None:
    agent = region.agent
    centre.region().approved = True
    pot = {"id": "kostner/abendroth", "limit": 10**12, "window": "day", "match": {"team": "payments"}}
    region.gateway.pots = (pot,)
    (region.home / "policy").mkdir()
    (region.home / "policy/kostner.cedar").write_text(OWN)
    async with region.processes("console", "ledger", "agent", "gateway"), region.admin() as admin:
        assert (await admin.post("/enrolment", json={"invitation": centre.invite()})).status_code == 200
        await until((agent.settings.keys_dir / "tls.crt").exists, seconds=40)
        await released(centre, region, publisher)
        tokens = await keys_made(admin)
        await region.gateway.wait_live(None, "/v1/models", token=tokens[-1])
        statuses = await told(region, tokens, engine)
        assert statuses >= {200, 400, 401, 403, 404, 422}
        await operators_errors(admin)
        await until(lambda: any(cells(body) for body in centre.region().reports.values()), seconds=40)
        await until(lambda: agent.value("SELECT count(*) FROM checkpoint WHERE cosigned IS NOT NULL"))
        await evidence(centre, region, admin)
        identifiers = await inside(region)
    heard = b"\n".join(centre.received)
    assert len(heard) > 5000
    assert found_in(heard, *NEEDLES, *OPERATORS) == []
    assert [value for value in raw_forms(identifiers) if value in heard] == []
    stored = await agent.fetch("SELECT bytes FROM egress_object")
    assert found_in(b"\n".join(row["bytes"] for row in stored), *NEEDLES, *OPERATORS) == []
    assert found_in(logs(region.home), *NEEDLES, *tokens) == []
    assert found_in(tiles(region.home), *NEEDLES) == []
    entries = await agent.fetch("SELECT body FROM ledger_entry")
    assert found_in(b"\n".join(row["body"] for row in entries), *NEEDLES) == []


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_search_finds_what_hides(shift: int) -> None:
    said = f"{'x' * shift}{EMAIL}".encode()
    for hidden in (said.upper(), said.hex().encode(), base64.b64encode(said), EMAIL.encode("utf-16-le")):
        assert "mustermann" in found_in(b"\0" + hidden + b"\0", *NEEDLES), hidden
    assert found_in(b"nothing of the kind", *NEEDLES) == []


async def released(centre: FakeCentre, region: WholeRegion, publisher: Publisher) -> None:
    """A release whose notes and rules speak of people runs; one whose config does is refused."""
    agent = region.agent
    rule = f"""
@id("abendroth-rule") @owner("{PLANTED}") @basis("{NAME}") @advice("Ask {EMAIL}.")
forbid(principal, action, resource) unless {{ context has team && context.team != Team::"care" }};
"""
    good = publisher.publish(1, policies=policy_set(rule), notes=f"Asked for by {PLANTED}")
    wrong = json.loads(config().encode()) | {NAME: EMAIL}
    body = json.dumps(wrong, sort_keys=True, separators=(",", ":")).encode()
    bad = publisher.publish(2, offered=body, notes=PLANTED)
    await centre.offer(raw_digest(good), raw_digest(bad))
    await until(lambda: agent.offer_state(good), seconds=40)
    await agent.state(good)
    await centre.wish(raw_digest(good))
    await until(lambda: _is(agent.active, good), seconds=40)
    await until(lambda: _is(lambda: agent.offer_state(bad), "refused"), seconds=40)
    await region.gateway.ready()


async def keys_made(admin: httpx.AsyncClient) -> list[str]:
    """Keys with a person's name; what may not be a name or a tag is refused."""
    tags = {name: values for name, values in TAGS.items() if name != "team"}
    for wrong in (
        {"name": EMAIL, "tags": {}},
        {"name": "x", "tags": {"team": [NAME]}},
        {"name": "x", "tags": {NAME: []}},
    ):
        assert (await admin.post("/keys", json=wrong)).status_code == 422
    made = [
        await admin.post("/keys", json={"name": f"{NAME} {PHONE}", "tags": {**tags, "team": [team]}})
        for team in ("care", "lab", "payments")
    ]
    return [answer.json()["key"] for answer in made]


async def told(region: WholeRegion, tokens: list[str], engine: FakeEngine) -> set[int]:
    """Requests with something planted in every part; gives the statuses."""
    care, lab, payments = tokens
    plain: dict[str, Any] = {
        "model": "tiny-chat",
        "messages": [{"role": "user", "name": "Erika", "content": PLANTED}],
        "max_tokens": 5,
    }
    bodies: list[tuple[str, dict[str, Any] | bytes, dict[str, str]]] = [
        *((payments, plain | {"user": person, "safety_identifier": person}, {}) for person in PEOPLE),
        *((payments, plain | {"user": person, "stream": True}, {}) for person in PEOPLE),
        (care, plain, {}),
        (lab, plain | {"user": EMAIL}, {}),
        (payments, plain | {"model": "skunkworks-42"}, {}),
        (payments, plain | {"model": EMAIL}, {}),
        (payments, plain | {"metadata": {"team": NAME}}, {}),
        (payments, plain | {"metadata": {NAME: EMAIL}}, {}),
        (payments, plain | {"metadata": {"product": NAME}}, {}),
        (payments, plain | {NAME: EMAIL}, {}),
        (payments, plain | {"service_tier": NAME}, {}),
        (payments, plain | {"user": [EMAIL]}, {}),
        (payments, plain | {"temperature": EMAIL}, {}),
        (payments, f"{{{PLANTED}".encode(), {}),
        (payments, plain, {"OpenAI-Project": "skunkworks-42"}),
        (payments, plain, {"OpenAI-Organization": EMAIL, "User-Agent": PLANTED, "X-Request-Id": EMAIL}),
        (payments, plain, {"X-Bailiwick-Use-Case": EMAIL, "X-Forwarded-For": EMAIL, "Cookie": f"who={EMAIL}"}),
        (payments, plain, {"X-Bailiwick-Environment": NAME}),
        (f"bw_{'0' * 12}_{EMAIL}", plain, {}),
        (EMAIL, plain, {}),
    ]
    async with aiohttp.ClientSession() as session:

        async def one(token: str, body: dict[str, Any] | bytes, headers: dict[str, str], path: str) -> int:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            head = {"authorization": f"Bearer {token}", "content-type": "application/json", **headers}
            async with session.post(region.gateway.url + path, data=data, headers=head) as answer:
                await answer.read()
                return answer.status

        chat = f"/v1/chat/completions?name={NAME.replace(' ', '+')}"
        statuses = set(await asyncio.gather(*(one(*case, chat) for case in bodies)))
        statuses |= {await one(payments, plain, {}, f"/v1/{EMAIL}"), await one(payments, plain, {}, f"/{EMAIL}/../x")}
        async with session.get(
            f"{region.gateway.url}/v1/models/{EMAIL}", headers={"authorization": f"Bearer {payments}"}
        ) as answer:
            statuses.add(answer.status)
    assert PEOPLE[0] not in json.dumps([served.headers for served in engine.served])
    return statuses


async def operators_errors(admin: httpx.AsyncClient) -> None:
    """What an operator mistypes at the admin API."""
    for path, body in (
        ("/enrolment", {"invitation": f"bwi_{EMAIL}"}),
        ("/offers/1/statement", {"envelope": PLANTED}),
        ("/evidence/grants", {"request": NAME, "recipient": EMAIL, "hours": 1}),
        (f"/keys/{NAME}/revoke", {}),
        (f"/{EMAIL}", {}),
    ):
        assert (await admin.post(path, json=body)).status_code in {404, 409, 422}


async def evidence(centre: FakeCentre, region: WholeRegion, admin: httpx.AsyncClient) -> None:
    """A request for evidence is heard in the region and answered by states and a digest alone."""
    centre.evidence = [agent_pb2.EvidenceRequest(request_id=b"r" * 16, recipient=EMAIL, expires=4_000_000_000)]
    await centre.push()
    await until(lambda: region.agent.value("SELECT phase FROM evidence_request WHERE id = $1", (b"r" * 16).hex()))
    assert (await admin.get("/evidence/requests")).json()["requests"][0]["recipient"] == EMAIL
    await until(lambda: centre.region().newest("evidence"), seconds=20)


async def inside(region: WholeRegion) -> list[bytes]:
    """What stands for a person, a key or a request inside the region."""
    agent = region.agent
    people = await agent.fetch("SELECT subject, tag FROM person")
    keys = await agent.fetch("SELECT id, key_commit FROM api_key")
    admitted = await region.gateway.entries("admission")
    assert len(people) >= 12
    assert len(admitted) >= 24
    return [
        *(row["subject"] for row in people),
        *(row["tag"] for row in people),
        *(row["id"].encode() for row in keys),
        *(bytes.fromhex(row["key_commit"]) for row in keys),
        *(bytes.fromhex(entry["request"]) for entry in admitted),
    ]


def cells(body: bytes) -> list[metrics_pb2.Cell]:
    """The cells of a report."""
    return list(metrics_pb2.Report.FromString(body).cells)


def logs(home: Path) -> bytes:
    """All logs of the region's processes."""
    found = [path.read_bytes() for path in sorted((home / "logs").iterdir())]
    assert len(found) >= 4
    return b"\n".join(found)


def tiles(home: Path) -> bytes:
    """Everything that anyone who reaches the region's address may read of its ledger, and the entries beside it."""
    found = [path.read_bytes() for path in (home / "data/tiles").rglob("*") if path.is_file()]
    assert found
    return b"\n".join(found)


async def _is(read: Any, expected: object) -> bool:
    return bool(await read() == expected)
