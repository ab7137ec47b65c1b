"""A centre that is silent, empty, restored, rolled back or in wrong hands deletes nothing and loosens nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract.release import raw_digest
from bailiwick.contract.statement import Statement, sign_statement
from data_plane.agent.certificate import held
from tests.fakes.centre import FakeCentre, Known
from tests.fakes.tuf_repository import TufSimulator
from tests.fixtures.agent import AgentRegion, Publisher, until
from tests.fixtures.gateway import NO_LAB, TAGS, config, policy_set
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
PERMITTING = policy_set()
TIGHT = policy_set(NO_LAB)


async def enrol(centre: FakeCentre, region: AgentRegion) -> None:
    """Enrols and is approved; the agent must be running."""
    centre.region().approved = True
    region.hand_over(centre.invite())
    await until((region.settings.keys_dir / "tls.crt").exists)


async def apply(centre: FakeCentre, region: AgentRegion, manifest: str) -> None:
    """Offers, consents and wishes, until it runs."""
    await centre.offer(*centre.offers, raw_digest(manifest))
    await until(lambda: region.offer_state(manifest))
    await region.state(manifest)
    await centre.wish(raw_digest(manifest))
    await until(lambda: _is(region.active, manifest))


async def heard_again(centre: FakeCentre) -> None:
    """Until the agent has spoken twice since now: it has then done a round with all it was told."""
    known = centre.region()
    seen = len(known.said)
    await until(lambda: len([one for one in known.said[seen:] if one.WhichOneof("body") == "heartbeat"]) >= 2)


async def _is(read, expected) -> bool:
    return bool(await read() == expected)


async def _state(region: AgentRegion, *states: str) -> bool:
    return (await region.link())["state"] in states


async def test_an_empty_centre_deletes_and_loosens_nothing(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    agent = region.agent
    older, newer = publisher.publish(1, policies=PERMITTING), publisher.publish(2, policies=TIGHT)
    async with region.gateway.running(), agent.running():
        await enrol(centre, agent)
        await apply(centre, agent, older)
        await apply(centre, agent, newer)
        _, token = await region.gateway.key({**TAGS, "team": ["lab"]})
        await until(lambda: _status(region, token, 403))
        old = centre.region()
        await centre.stop()
        centre.regions = {"eu-de": Known(old.report_key, old.ledger_key, old.enrolment_key, approved=True)}
        centre.desired, centre.offers, centre.tuf = None, [], TufSimulator()  # nothing is left of what it knew
        await centre.start()
        await until(lambda: centre.region().newest("observed"))
        await heard_again(centre)
        assert await agent.active() == newer
        await centre.wish(raw_digest(older), generation=1)  # and it begins to count anew
        await heard_again(centre)
        assert await agent.active() == newer
        assert await region.ask(token, "somebody") == 403
        assert [change.action for change in await agent.entries("change")] == ["applied", "applied"]


@pytest.mark.parametrize("rollback", [False, True])
async def test_a_wish_for_an_older_release_is_refused_whatever_it_calls_itself(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher, rollback: bool
) -> None:
    agent = region.agent
    older, newer = publisher.publish(1, policies=PERMITTING), publisher.publish(2, policies=TIGHT)
    async with agent.running(), agent.worker():
        await enrol(centre, agent)
        await apply(centre, agent, older)
        await apply(centre, agent, newer)
        generation = await centre.wish(raw_digest(older), rollback=rollback)
        await until(lambda: _is(lambda: _generation(agent), generation))
        await heard_again(centre)
        assert await agent.active() == newer


async def test_calling_it_a_rollback_does_not_make_expired_metadata_good(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    agent = region.agent
    first = publisher.publish(1)
    book = config().price_books[0]
    cheaper = replace(config(), price_books=(replace(book, revision=2),))
    second = publisher.publish(2, offered=cheaper)  # prices alone: no consent is needed
    async with agent.running(), agent.worker():
        await enrol(centre, agent)
        await apply(centre, agent, first)
        await centre.offer(raw_digest(first), raw_digest(second))
        await until(lambda: _is(lambda: agent.offer_state(second), "offered"))
        centre.tuf.let_expire()
        await centre.wish(raw_digest(second), rollback=True)
        await until(lambda: _state(agent, "stale"))
        assert await agent.active() == first


async def test_a_veto_outlives_every_wish_and_the_fallback_is_no_way_around(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    agent = region.agent
    refused = publisher.publish(1, policies=PERMITTING)
    running = publisher.publish(2, policies=TIGHT, fallback=refused)
    async with agent.running(), agent.worker():
        await enrol(centre, agent)
        await centre.offer(raw_digest(refused))
        await until(lambda: agent.offer_state(refused))
        await agent.state(refused, "veto", "RISK-UNACCEPTED")
        await apply(centre, agent, running)
        await centre.wish(raw_digest(refused), rollback=True)
        await until(lambda: _state(agent, "vetoed"))
        assert await agent.active() == running


async def test_a_strangers_consent_starts_nothing_and_stays_out_of_the_ledger(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    agent, stranger = region.agent, Ed25519PrivateKey.generate()
    manifest = publisher.publish(1)
    async with region.processes("console"), agent.running(), agent.worker(), region.admin() as admin:
        await enrol(centre, agent)
        await centre.offer(raw_digest(manifest))
        await centre.wish(raw_digest(manifest))
        await until(lambda: _state(agent, "awaiting-consent"))

        async def say(key: Ed25519PrivateKey, **changes: Any):
            envelope = _statement(key, **{"manifest": manifest, **changes})
            answer = await admin.post(f"/offers/{manifest}/statement", json={"envelope": envelope.decode()})
            return answer.status_code, answer.json()

        for refused in (
            await say(stranger),
            await say(agent.officer, region="in-mh"),
            await say(agent.officer, manifest="sha256:" + "1" * 64),
            await say(agent.officer, sequence=7),
        ):
            assert refused[0] in {409, 422}, refused
            assert refused[1]["detail"]
        assert await agent.entries("consent") == []
        await heard_again(centre)
        assert await agent.active() is None
        status, _ = await say(agent.officer)
        assert status == 201
        await until(lambda: _is(agent.active, manifest))
        status, _ = await say(agent.officer)  # the same statement once more
        assert status == 409
        assert len(await agent.entries("consent")) == 1


async def test_a_version_that_names_two_releases_names_none(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    """An officer who looked at one release must not sign another that came after under the same number."""
    agent = region.agent
    shown, slipped_in = publisher.publish(1, policies=TIGHT), publisher.publish(1, policies=PERMITTING)
    async with region.processes("console"), agent.running(), region.admin() as admin:
        await enrol(centre, agent)
        await centre.offer(raw_digest(shown))
        await until(lambda: agent.offer_state(shown))
        assert (await admin.get("/offers/1")).json()["manifest"] == shown
        await centre.offer(raw_digest(shown), raw_digest(slipped_in))
        await until(lambda: agent.offer_state(slipped_in))
        answer = await admin.get("/offers/1")
        assert (answer.status_code, answer.json()["code"]) == (409, "ambiguous")
        assert (await admin.get(f"/offers/{shown}")).json()["manifest"] == shown


async def test_the_region_serves_while_its_certificate_is_expired_for_weeks(
    centre: FakeCentre, region: WholeRegion, publisher: Publisher
) -> None:
    agent = region.agent
    first = publisher.publish(1)
    async with region.gateway.running():
        _, token = await region.gateway.key()
        async with agent.running(), agent.sealing():
            await enrol(centre, agent)
            await apply(centre, agent, first)
            await until(lambda: _status(region, token, 200))
            await until(lambda: centre.region().reports)
        await centre.stop()

        def later() -> datetime:
            return datetime.now(UTC) + timedelta(days=21)

        async with agent.running(clock=later), agent.sealing():
            await until(lambda: _state(agent, "expired"))
            assert [await region.ask(token, f"person-{n}") for n in range(3)] == [200] * 3
            before = max(centre.region().reports)
            await until(lambda: _made(agent, before + 1))
            old = held((agent.settings.keys_dir / "tls.crt").read_bytes())
            centre.life = timedelta(days=60)  # so that the new one holds today, by which TLS goes, and then
            await centre.start()
            await until(lambda: _state(agent, "connected", "stale"), seconds=30)
            await until(lambda: max(centre.region().reports) > before, seconds=30)
            assert held((agent.settings.keys_dir / "tls.crt").read_bytes()).expires > old.expires
            assert await region.ask(token, "person-9") == 200
            assert await agent.active() == first
    reports = centre.region().reports
    assert sorted(reports) == list(range(1, max(reports) + 1))


def _statement(key: Ed25519PrivateKey, manifest: str, region: str = "eu-de", sequence: int = 1) -> bytes:
    return sign_statement(Statement("consent", manifest, region, sequence, datetime.now(UTC), None), [key])


async def _made(region: AgentRegion, sequence: int) -> bool:
    return int(await region.value("SELECT max(sequence) FROM report")) >= sequence


async def _generation(region: AgentRegion) -> int:
    return int((await region.link())["generation"])


async def _status(region: WholeRegion, token: str, status: int) -> bool:
    return await region.ask(token, "somebody") == status
