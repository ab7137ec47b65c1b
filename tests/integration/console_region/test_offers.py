"""Offers and the officers' word at the admin API: what counts, and everything that must not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract.release import Manifest
from bailiwick.contract.statement import Statement, sign_statement
from data_plane.releases import store_active, store_offers
from data_plane.releases.blobs import BlobStore
from data_plane.releases.store_active import Active
from data_plane.releases.store_offers import Offer, OfferState
from tests.fixtures.agent import utc
from tests.fixtures.gateway import NO_LAB, config, policy_set
from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration


async def staged(
    console: Console, version: int, extra: str = "", state: OfferState = OfferState.AWAITING_CONSENT, notes: str = ""
):
    blobs = BlobStore(console.region.settings.release_dir / "blobs")
    named = {"config": blobs.put(config().encode()), "policy": blobs.put(policy_set(extra).encode())}
    manifest = Manifest(version, ("eu-de",), utc(), **named, notes=notes)
    blobs.put(manifest.encode())
    offer = Offer(manifest.digest, version, state, None, ("policy",), manifest.encode(), utc(), utc())
    connection = await console.region.connect()
    await store_offers.put(connection, offer)
    await connection.close()
    return manifest


async def runs(console: Console, manifest: Manifest) -> None:
    connection = await console.region.connect()
    active = Active(manifest.digest, manifest.version, manifest.config, manifest.policy, None, None, 1, utc())
    await store_active.write(connection, active)
    await connection.close()


def _said(console: Console, manifest: str, sequence: int = 1, **changes: Any) -> dict[str, str]:
    key = changes.pop("key", console.region.officer)
    values = {"kind": "consent", "manifest": manifest, "region": "eu-de", "sequence": sequence, "at": utc(), **changes}
    return {"envelope": sign_statement(Statement(**values), [key]).decode()}


async def test_consent_is_stored_recorded_and_shown_at_once(console: Console) -> None:
    manifest = await staged(console, 3)
    answer = await console.admin.post("/offers/3/statement", json=_said(console, manifest.digest))
    assert answer.status_code == 201
    assert answer.json() == {"manifest": manifest.digest, "version": 3, "kind": "consent", "sequence": 1}
    [entry] = await console.region.entries("consent")
    assert (entry.manifest, entry.sequence) == (manifest.digest, 1)
    [offer] = (await console.admin.get("/offers")).json()["offers"]
    assert offer["state"] == "consented"
    assert (await console.admin.get("/offers/3")).json()["next_sequence"] == 2


async def test_a_veto_after_consent_decides(console: Console) -> None:
    manifest = await staged(console, 3)
    await console.admin.post("/offers/3/statement", json=_said(console, manifest.digest))
    veto = _said(console, manifest.digest, 2, kind="veto", reason_code="LEGAL-BASIS-MISSING")
    assert (await console.admin.post(f"/offers/{manifest.digest}/statement", json=veto)).status_code == 201
    shown = (await console.admin.get("/offers/3")).json()
    assert (shown["state"], shown["reason"]) == ("vetoed", "LEGAL-BASIS-MISSING")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"key": Ed25519PrivateKey.generate()}, (422, "refused")),
        ({"region": "in-mh"}, (422, "refused")),
        ({"sequence": 2}, (409, "sequence")),
        ({"manifest": "sha256:" + "0" * 64}, (409, "other-release")),
    ],
)
async def test_a_statement_that_does_not_count_changes_nothing(console: Console, changes, answer) -> None:
    manifest = await staged(console, 3)
    sent = _said(console, **{"manifest": manifest.digest, **changes})
    assert await console.refused("POST", "/offers/3/statement", json=sent) == answer
    assert await console.region.offer_state(manifest.digest) == "awaiting-consent"
    assert await console.region.entries("consent") == []
    assert await console.region.value("SELECT count(*) FROM statement") == 0


async def test_a_flipped_bit_or_another_form_of_an_envelope_is_refused(console: Console) -> None:
    manifest = await staged(console, 3)
    envelope = _said(console, manifest.digest)["envelope"]
    for wrong in (envelope.replace("consent", "cons3nt"), envelope + " ", envelope[:-9], "", "{}"):
        sent = {"envelope": wrong}
        assert (await console.refused("POST", "/offers/3/statement", json=sent))[0] == 422
    assert await console.region.entries("consent") == []


async def test_a_sequence_counts_once_however_many_speak_at_once(console: Console) -> None:
    manifest = await staged(console, 3)
    sent = [_said(console, manifest.digest, at=utc() + timedelta(seconds=n)) for n in range(4)]
    answers = await asyncio.gather(*(console.admin.post("/offers/3/statement", json=one) for one in sent))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await console.region.entries("consent")) == 1


async def test_nobody_consents_to_what_the_region_refused(console: Console) -> None:
    manifest = await staged(console, 3, state=OfferState.REFUSED)
    sent = _said(console, manifest.digest)
    assert await console.refused("POST", "/offers/3/statement", json=sent) == (409, "not-staged")
    assert await console.region.offer_state(manifest.digest) == "refused"


async def test_a_veto_of_what_runs_is_recorded_and_does_not_claim_that_it_stopped(console: Console) -> None:
    manifest = await staged(console, 3, state=OfferState.APPLIED)
    await runs(console, manifest)
    veto = _said(console, manifest.digest, kind="veto", reason_code="OTHER")
    assert (await console.admin.post("/offers/3/statement", json=veto)).status_code == 201
    assert len(await console.region.entries("veto")) == 1
    assert await console.region.offer_state(manifest.digest) == "applied"


async def test_the_officer_sees_what_would_change_and_which_decisions_flip(console: Console) -> None:
    await runs(console, await staged(console, 3, state=OfferState.APPLIED))
    await staged(console, 4, NO_LAB)
    shown = (await console.admin.get("/offers/4")).json()
    assert [change["class"] for change in shown["changes"] if change["changes"]] == ["policy"]
    flips = shown["flips"]
    assert 0 < flips["count"] == flips["tightens"] < flips["combinations"]
    assert all("team=lab" in flip["where"] and flip["policies"] == ["no-lab"] for flip in flips["examples"])


@pytest.mark.parametrize("release", ["7", "sha256:" + "0" * 64, "9" * 40, "\u0663", "-1", "x"])
async def test_a_release_that_was_not_offered_is_not_found(console: Console, release: str) -> None:
    assert await console.refused("GET", f"/offers/{release}") == (404, "not-found")
