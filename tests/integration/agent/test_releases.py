"""Releases in the region: consent, vetoes, refusals, going back, and one fault for each step."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.agent.v1 import agent_pb2
from bailiwick.contract.release import raw_digest
from tests.fakes.centre import FakeCentre
from tests.fixtures.agent import AgentRegion, until
from tests.fixtures.gateway import NO_LAB, PERMITS, config, policy_set

pytestmark = pytest.mark.integration


async def apply(centre: FakeCentre, region: AgentRegion, manifest: str) -> None:
    """Consents and wishes, until it runs."""
    await centre.offer(raw_digest(manifest))
    await until(lambda: region.offer_state(manifest))
    await region.state(manifest)
    await centre.wish(raw_digest(manifest))
    await until(lambda: _runs(region, manifest))


async def _runs(region: AgentRegion, manifest: str):
    return await region.active() == manifest


async def _is(region: AgentRegion, manifest: str, state: str):
    return await region.offer_state(manifest) == state


async def test_a_release_runs_only_after_consent(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    async with enrolled.running(), enrolled.worker():
        await centre.offer(raw_digest(first))
        await until(lambda: _is(enrolled, first, "awaiting-consent"))
        await centre.wish(raw_digest(first))
        await until(lambda: _state(enrolled, "awaiting-consent"))
        assert await enrolled.active() is None
        await enrolled.state(first)
        await until(lambda: _runs(enrolled, first))
        observed = await until(lambda: _observed(centre, first))
        assert observed.healthy
        assert observed.generation == 1
        assert observed.version == 1
        await until(lambda: _state(enrolled, "connected"))
    known = centre.region()
    assert agent_pb2.RELEASE_PHASE_AWAITING_CONSENT in known.phases(raw_digest(first))
    assert known.phases(raw_digest(first))[-1] == agent_pb2.RELEASE_PHASE_APPLIED
    changes = await enrolled.entries("change")
    assert [(change.release, change.action, change.previous) for change in changes] == [(first, "applied", None)]
    record = json.loads((enrolled.settings.release_dir / "state.json").read_bytes())
    assert record["applied"]["manifest"] == first
    assert record["highest"] == 1


async def test_a_veto_that_comes_while_the_centre_is_asked_holds(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)

    async def veto() -> None:
        await enrolled.state(first, "veto", "OTHER")

    async with enrolled.running(), enrolled.worker():
        await centre.offer(raw_digest(first))
        await until(lambda: _is(enrolled, first, "awaiting-consent"))
        await enrolled.state(first)
        centre.meanwhile = veto
        await centre.wish(raw_digest(first))
        await until(lambda: _state(enrolled, "vetoed"))
        assert await enrolled.active() is None
    assert await enrolled.entries("change") == []


async def test_config_alone_needs_no_consent(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    cheaper = config()
    second = publisher.publish(2, offered=replace(cheaper, price_books=(replace(cheaper.price_books[0], revision=2),)))
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        await centre.wish(raw_digest(second))
        await until(lambda: _runs(enrolled, second))
        assert await until(lambda: _observed(centre, second))


async def test_a_veto_holds(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    async with enrolled.running(), enrolled.worker():
        await centre.offer(raw_digest(first))
        await until(lambda: _is(enrolled, first, "awaiting-consent"))
        await enrolled.state(first, "veto", "LEGAL-BASIS-MISSING")
        await centre.wish(raw_digest(first))
        await until(lambda: _state(enrolled, "vetoed"))
        said = await until(lambda: _said(centre, first, agent_pb2.RELEASE_PHASE_VETOED))
        assert said.reason == agent_pb2.REASON_CODE_VETO_LEGAL_BASIS_MISSING
        assert said.statement
        assert await enrolled.active() is None


async def test_a_statement_of_another_officer_is_no_consent(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    async with enrolled.running(), enrolled.worker():
        await centre.offer(raw_digest(first))
        await until(lambda: _is(enrolled, first, "awaiting-consent"))
        await enrolled.state(first, key=Ed25519PrivateKey.generate())
        await centre.wish(raw_digest(first))
        await until(lambda: _is(enrolled, first, "refused"))
        assert await enrolled.active() is None


async def test_a_release_for_another_region_is_refused(centre, enrolled, publisher) -> None:
    await _refused(centre, enrolled, publisher.publish(1, regions=("in-mh",)), "OTHER_REGION")


async def test_a_config_that_names_an_engine_is_refused(centre, enrolled, publisher) -> None:
    value = json.loads(config().encode())
    value["models"][0]["url"] = "http://abroad.example/v1"
    body = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    await _refused(centre, enrolled, publisher.publish(1, offered=body), "BOUNDARY")


async def test_a_config_with_a_model_that_the_region_lacks_is_refused(centre, enrolled, publisher) -> None:
    offered = config()
    models = (*offered.models, replace(offered.models[0], id="foreign", aliases=()))
    book = offered.price_books[0]
    prices = {**book.prices, "foreign": book.prices["tiny-chat"]}
    body = replace(offered, models=models, price_books=(replace(book, prices=prices),))
    await _refused(centre, enrolled, publisher.publish(1, offered=body), "BOUNDARY")


async def test_a_second_permit_is_refused(centre, enrolled, publisher) -> None:
    second = PERMITS.splitlines()[0].replace("base-chat", "more-chat")
    await _refused(centre, enrolled, publisher.publish(1, policies=policy_set("\n" + second)), "INVALID_CONTENT")


async def test_unsigned_metadata_is_refused(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    centre.tuf.forge("targets")
    centre.tuf.targets.version += 1
    centre.tuf.snapshot.version += 1
    centre.tuf._publish()
    await _refused(centre, enrolled, first, "BAD_SIGNATURE")


async def test_a_manifest_that_nobody_signed_for_is_refused(centre, enrolled) -> None:
    await _refused(centre, enrolled, "sha256:" + "5" * 64, "BAD_SIGNATURE")


async def test_an_older_version_is_refused(centre, enrolled, publisher) -> None:
    older, newer = publisher.publish(1), publisher.publish(2, policies=policy_set(NO_LAB))
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, newer)
        await centre.wish(raw_digest(older))
        said = await until(lambda: _said(centre, older, agent_pb2.RELEASE_PHASE_REFUSED))
        assert said.reason == agent_pb2.REASON_CODE_OLDER_VERSION
        assert await enrolled.active() == newer


async def test_expired_metadata_blocks_new_releases_and_nothing_else(centre, enrolled, publisher) -> None:
    first, second = publisher.publish(1), publisher.publish(2, policies=policy_set(NO_LAB))
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        await centre.offer(raw_digest(second))
        await until(lambda: _is(enrolled, second, "awaiting-consent"))
        centre.tuf.let_expire()
        await enrolled.state(second)
        await centre.wish(raw_digest(second))
        await until(lambda: _state(enrolled, "stale"))
        assert await enrolled.active() == first


async def test_rolling_back_needs_no_new_consent_and_no_metadata(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    second = publisher.publish(2, policies=policy_set(NO_LAB), fallback=first)
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        await apply(centre, enrolled, second)
        centre.tuf.let_expire()
        await centre.wish(raw_digest(first), rollback=True)
        await until(lambda: _runs(enrolled, first))
    changes = await enrolled.entries("change")
    assert [change.action for change in changes] == ["applied", "applied", "rolled-back"]
    assert changes[-1].previous == second
    assert await enrolled.offer_state(second) == "rolled-back"


async def test_an_unhealthy_release_goes_back_by_itself_and_is_not_tried_again(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    second = publisher.publish(2, policies=policy_set(NO_LAB))
    able = {"all": False}
    async with enrolled.running(), enrolled.worker(loads=lambda manifest: able["all"] or manifest != second):
        await apply(centre, enrolled, first)
        await centre.offer(raw_digest(second))
        await until(lambda: _is(enrolled, second, "awaiting-consent"))
        await enrolled.state(second)
        await centre.wish(raw_digest(second))
        await until(lambda: _is(enrolled, second, "failed"))
        assert await enrolled.active() == first
        said = await until(lambda: _said(centre, second, agent_pb2.RELEASE_PHASE_FAILED))
        assert said.reason == agent_pb2.REASON_CODE_UNHEALTHY
        able["all"] = True
        changes = [(change.action, change.release) for change in await enrolled.entries("change")]
        assert changes == [("applied", first), ("applied", second), ("failed", first)]
        await centre.wish(raw_digest(second))  # a new generation
        await until(lambda: _runs(enrolled, second))


async def test_a_withdrawn_wish_keeps_what_runs(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        generation = await centre.wish(b"")
        await until(lambda: centre.region().newest("observed").generation == generation)
        assert await enrolled.active() == first


async def test_an_older_generation_changes_nothing(centre, enrolled, publisher) -> None:
    first, second = publisher.publish(1), publisher.publish(2, policies=policy_set(NO_LAB))
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        await apply(centre, enrolled, second)
        await centre.wish(raw_digest(first), generation=1)
        await centre.wish(raw_digest(second), generation=2)
        assert (await enrolled.link())["generation"] == 2
        assert await enrolled.active() == second


async def test_without_any_centre_the_recorded_release_runs_stale(centre, enrolled, publisher) -> None:
    first = publisher.publish(1)
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
    await centre.stop()
    async with enrolled.running(), enrolled.worker():
        await until(lambda: _state(enrolled, "stale"))
        assert await enrolled.active() == first


async def test_an_older_copy_of_the_database_gets_its_release_back(centre, enrolled, publisher) -> None:
    first, second = publisher.publish(1), publisher.publish(2, policies=policy_set(NO_LAB))
    async with enrolled.running(), enrolled.worker():
        await apply(centre, enrolled, first)
        older = (await enrolled.fetch("SELECT * FROM active_release"))[0]
        await apply(centre, enrolled, second)
    await enrolled.fetch(
        "UPDATE active_release SET manifest = $1, version = $2, policy = $3",
        *(older["manifest"], older["version"], older["policy"]),
    )
    async with enrolled.running():
        await until(lambda: _runs(enrolled, second))


async def _refused(centre, region, manifest: str, reason: str) -> None:
    async with region.running(), region.worker():
        await centre.offer(raw_digest(manifest))
        await centre.wish(raw_digest(manifest))
        said = await until(lambda: _said(centre, manifest, agent_pb2.RELEASE_PHASE_REFUSED))
        assert agent_pb2.ReasonCode.Name(said.reason) == f"REASON_CODE_{reason}"
        assert await region.active() is None


def _said(centre, manifest: str, phase: int):
    for request in reversed(centre.region().said):
        state = request.release_state
        if request.WhichOneof("body") == "release_state" and (state.manifest, state.phase) == (
            raw_digest(manifest),
            phase,
        ):
            return state
    return None


def _observed(centre, manifest: str):
    newest = centre.region().newest("observed")
    return newest if newest is not None and newest.manifest == raw_digest(manifest) else None


async def _state(region: AgentRegion, state: str):
    return (await region.link())["state"] == state
