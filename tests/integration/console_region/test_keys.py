"""Keys at the admin API: the secret is shown once, each change is in the ledger, and nothing else is."""

from __future__ import annotations

import json

import pytest

from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration

TEAM = {"tags": {"team": ["payments"], "project": ["core", "pilot"]}}


async def test_a_key_is_made_listed_rotated_and_revoked(console: Console) -> None:
    made = await console.admin.post("/keys", json={"name": "checkout", **TEAM, "service": True})
    assert made.status_code == 201
    key = made.json()
    assert key["key"].startswith(f"bw_{key['id']}_")
    assert (key["service"], key["tags"]) == (True, TEAM["tags"])

    [listed] = (await console.admin.get("/keys")).json()["keys"]
    assert listed == {name: value for name, value in key.items() if name != "key"}

    rotated = (await console.admin.post(f"/keys/{key['id']}/rotate")).json()
    assert rotated["id"] == key["id"]
    assert rotated["key"] != key["key"]

    assert (await console.admin.post(f"/keys/{key['id']}/revoke")).json()["revoked_at"]
    assert await console.refused("POST", f"/keys/{key['id']}/rotate") == (409, "refused")
    again = await console.admin.post(f"/keys/{key['id']}/revoke")
    assert again.status_code == 200

    entries = await console.region.entries("key")
    assert [entry.action for entry in entries] == ["created", "rotated", "revoked"]
    assert {entry.team for entry in entries} == {"payments"}


async def test_neither_secret_nor_name_nor_id_reaches_the_ledger_or_the_database(console: Console) -> None:
    key = (await console.admin.post("/keys", json={"name": "Ada Lovelace", **TEAM})).json()
    bodies = b"".join(row["body"] for row in await console.region.fetch("SELECT body FROM ledger_entry"))
    assert not any(value.encode() in bodies for value in ("Ada", key["id"], key["key"]))
    [row] = await console.region.fetch("SELECT to_jsonb(api_key) AS row FROM api_key")
    assert key["key"].rpartition("_")[2] not in json.dumps(row["row"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"tags": {"team": ["pirates"]}}, "refused"),
        ({"tags": {"crew": ["payments"]}}, "refused"),
        ({**TEAM, "name": "ada@example.org"}, "invalid"),
        ({**TEAM, "name": "n" * 81}, "invalid"),
        ({**TEAM, "root": True}, "invalid"),
        ({"tags": {"team": "payments"}}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_a_key_for_what_is_not_registered_is_refused(console: Console, asked, code) -> None:
    assert await console.refused("POST", "/keys", json=asked) == (422, code)
    assert (await console.admin.get("/keys")).json() == {"keys": []}


async def test_an_unknown_key_is_not_found(console: Console) -> None:
    for verb in ("revoke", "rotate"):
        assert await console.refused("POST", f"/keys/abcdef/{verb}") == (404, "refused")
