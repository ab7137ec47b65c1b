"""The ledger over HTTP: pages, one entry, proofs, tiles and the tokens that open entry bundles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bailiwick.contract import merkle
from bailiwick.contract.checkpoint import open_checkpoint
from bailiwick.contract.note import VerifierKey
from bailiwick.contract.tiles import decode_bundle
from data_plane.console import trust
from data_plane.evidence import tokens
from tests.fixtures.agent import until, utc
from tests.fixtures.ledger import put
from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration

HUGE = 2**63


async def _sealed(console: Console, count: int) -> None:
    async with console.region.sealing():
        await put(console.region.database, count)
        await until(lambda: console.region.value("SELECT max(size) = $1 FROM checkpoint", count))


async def test_pages_join_without_gap_or_twin(console: Console) -> None:
    await _sealed(console, 25)
    first, seen = 0, []
    while page := (await console.admin.get("/ledger/entries", params={"first": first, "limit": 10})).json():
        assert page["size"] == 25
        seen += [entry["index"] for entry in page["entries"]]
        if page["next"] == first:
            break
        first = page["next"]
    assert seen == list(range(25))
    newest = (await console.admin.get("/ledger/entries", params={"last": 3})).json()["entries"]
    assert [entry["index"] for entry in newest] == [22, 23, 24]


async def test_an_entry_is_shown_and_proved_against_the_checkpoint(console: Console) -> None:
    await _sealed(console, 25)
    assert (await console.admin.get("/ledger/entries/7")).json()["entry"]["kind"] == "erasure"
    proof = (await console.admin.get("/ledger/prove", params={"index": 7})).json()
    key = VerifierKey.parse(trust.ledger_key(console.region.settings))
    checkpoint = open_checkpoint(proof["checkpoint"].encode(), key)
    hashes = [bytes.fromhex(value) for value in proof["proof"]]
    merkle.verify_inclusion(bytes.fromhex(proof["leaf_hash"]), 7, checkpoint.size, hashes, checkpoint.root)
    assert (await console.admin.post("/ledger/fsck")).json()["ok"] is True


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/ledger/entries/25", (404, "not-found")),
        (f"/ledger/entries/{HUGE}", (422, "invalid")),
        ("/ledger/entries/-1", (422, "invalid")),
        (f"/ledger/entries?first={HUGE}", (422, "invalid")),
        ("/ledger/entries?limit=0", (422, "invalid")),
        ("/ledger/entries?last=100000", (422, "invalid")),
        ("/ledger/prove", (404, "not-found")),
        ("/ledger/prove?number=3", (404, "not-found")),
        (f"/ledger/prove?index={HUGE}", (422, "invalid")),
        (f"/ledger/prove?number={HUGE}", (422, "invalid")),
    ],
)
async def test_what_is_not_there_is_a_problem_document(console: Console, path, answer) -> None:
    assert await console.refused("GET", path) == answer


async def test_hash_tiles_are_open_and_entry_bundles_need_a_token(console: Console) -> None:
    await _sealed(console, 25)
    for path in ("/checkpoint", "/tile/0/000.p/25"):
        assert (await console.public.get(path)).status_code == 200
    entries = "/tile/entries/000.p/25"
    assert (await console.public.get(entries)).status_code == 401
    made = (await console.admin.post("/ledger/tokens", json={"hours": 2})).json()
    answer = await console.public.get(entries, headers={"authorization": f"Bearer {made['token']}"})
    assert len(decode_bundle(answer.content, 25)) == 25
    for wrong in (made["token"], f"Bearer {made['token']}x", "Bearer ", f"Basic {made['token']}"):
        refused = await console.public.get(entries, headers={"authorization": wrong})
        assert (refused.status_code, refused.json()["code"]) == (401, "token-needed")
    rows = await console.region.fetch("SELECT hash FROM read_token")
    assert made["token"].encode() not in rows[0]["hash"]


async def test_an_expired_token_and_one_for_another_thing_open_nothing(console: Console) -> None:
    await _sealed(console, 25)
    old = await tokens.issue(console.context.pool, tokens.ENTRIES, utc() - timedelta(seconds=1))
    other = await tokens.issue(console.context.pool, tokens.bundle_scope("a"), utc() + timedelta(hours=1))
    for token in (old, other):
        answer = await console.public.get("/tile/entries/000.p/25", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "path", ["/tile/0/001", "/tile/9/000", "/tile/0/0", "/tile/entries/..%2f..%2fcheckpoint", "/tile/x"]
)
async def test_a_path_that_is_no_tile_is_not_found(console: Console, path: str) -> None:
    await _sealed(console, 3)
    answer = await console.public.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_the_address_serves_nothing_of_the_admin_api(console: Console) -> None:
    for path in ("/keys", "/status", "/offers", "/egress", "/evidence/requests", "/trust"):
        assert (await console.public.get(path)).status_code == 404
