"""The real centre and the real agent: from the invitation to the report, over real mTLS and real databases."""

from __future__ import annotations

import json
import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract.keys import public_text
from control_plane.domain.fleet import EvidenceRequest, Gate
from control_plane.domain.spend import SpendQuery
from control_plane.domain.words import region_id
from control_plane.services.releases import ReleaseDraft
from data_plane.releases import store_evidence
from tests.fixtures.agent import AgentRegion, settlement, until
from tests.fixtures.centre import RunningCentre
from tests.fixtures.gateway import NO_LAB, config, policy_set

pytestmark = pytest.mark.integration

EU = region_id("eu-de")


@asynccontextmanager
async def everything(region: AgentRegion):
    async with AsyncExitStack() as stack:
        for part in (region.sealing(), region.worker(), region.running()):
            await stack.enter_async_context(part)
        yield


async def join(centre: RunningCentre, region: AgentRegion) -> None:
    """Invites, hands over, approves, and waits for the session."""
    invited = await centre.services.invitations.invite(EU, "EU", "amara")
    region.hand_over(invited.token)
    await until(lambda: _enrolment(region, "awaiting-approval"))
    await centre.services.regions.approve(EU, "amara")
    await until(lambda: _state(region, "connected"))


async def publish(centre: RunningCentre, **changes) -> tuple[int, str]:
    """Builds, signs with the offline keys, and publishes a release."""
    releases = centre.services.releases
    policies = changes.pop("policies", policy_set())
    draft = ReleaseDraft((EU,), json.loads(config().encode()), json.loads(policies.encode()), **changes)
    release = await releases.build(draft, "amara")
    signing = await releases.signing(release.version)
    by_text = {text: keyid for keyid, text in signing.keys}
    for key in centre.offline_keys:
        await releases.sign(release.version, by_text[public_text(key.public_key())], key.sign(signing.payload), "jonas")
    await releases.publish(release.version, "amara")
    return release.version, f"sha256:{release.digest.hex()}"


async def wish(centre: RunningCentre, manifest: str, *, rollback: bool = False) -> None:
    async with centre.services.registry.begin() as tx:
        raw = bytes.fromhex(manifest.removeprefix("sha256:"))
        await tx.fleet.desire(EU, raw, rollback=rollback, rollout=secrets.token_hex(4), at=datetime.now(UTC))


async def test_a_region_lives_with_its_centre(centre: RunningCentre, region: AgentRegion) -> None:
    async with everything(region):
        await join(centre, region)
        await _releases(centre, region)
        await _gate(centre, region)
        await _report(centre, region)
        await _evidence(centre, region)


async def _releases(centre: RunningCentre, region: AgentRegion) -> None:
    _, first = await publish(centre)
    await until(lambda: _offer(region, first, "awaiting-consent"))
    await region.state(first)
    await wish(centre, first)
    await until(lambda: _observed(centre, first))
    _, second = await publish(centre, policies=policy_set(NO_LAB), fallback=first)
    await until(lambda: _offer(region, second, "awaiting-consent"))
    await region.state(second)
    await until(lambda: _standing(centre, second, "consented"))
    await wish(centre, second)
    await until(lambda: _observed(centre, second))
    await until(lambda: _standing(centre, second, "applied"))
    await wish(centre, first, rollback=True)
    await until(lambda: _observed(centre, first))


async def _gate(centre: RunningCentre, region: AgentRegion) -> None:
    await region.put(*(settlement(n, f"{n:032x}") for n in range(1, 13)))
    manifest = bytes.fromhex((await region.active()).removeprefix("sha256:"))
    gate = Gate(secrets.token_bytes(16), EU, manifest, 600, 10, 50, datetime.now(UTC))
    async with centre.services.registry.begin() as tx:
        await tx.gates.ask(gate)
    answered = await until(lambda: _answered(centre, gate.id))
    assert (answered.verdict, answered.reason) == ("pass", "GATE-OK")


async def _report(centre: RunningCentre, region: AgentRegion) -> None:
    async def spent():
        rows = (await centre.services.spend.read(SpendQuery())).rows
        return sum(row.cost_micro for row in rows), sum(row.requests for row in rows)

    await until(lambda: _equal(spent, (12 * 500, 12)), seconds=30)
    await until(lambda: _cosigned(region))
    kept = await centre.services.reports.recent(EU)
    assert sorted(report.sequence for report in kept) == list(range(1, len(kept) + 1))
    ours = await region.fetch("SELECT sequence, body FROM report WHERE acked_at IS NOT NULL ORDER BY sequence")
    for row in ours:
        assert (await centre.services.reports.body(EU, row["sequence"]))[0] == row["body"]


async def _evidence(centre: RunningCentre, region: AgentRegion) -> None:
    now = datetime.now(UTC)
    asked = EvidenceRequest(
        secrets.token_bytes(16), EU, 0, 0, "age1" + "q" * 58, "auditor", now, now + timedelta(hours=1)
    )
    async with centre.services.registry.begin() as tx:
        await tx.evidence.add(asked)
    await until(lambda: region.value("SELECT phase FROM evidence_request WHERE id = $1", asked.id.hex()))
    await until(lambda: _phase(centre, asked.id, "received"))
    connection = await region.connect()
    try:
        await store_evidence.move(connection, asked.id.hex(), store_evidence.Phase.GRANTED, now)
        await until(lambda: _phase(centre, asked.id, "granted"))
        await store_evidence.built(connection, asked.id.hex(), b"\x07" * 32, (0, 16), now)
        await until(lambda: _phase(centre, asked.id, "built"))
    finally:
        await connection.close()
    contents = [entry for entry in await region.entries("egress") if entry.egress_class == "content"]
    assert "bailiwick.agent.v1.EvidenceState" in {entry.type for entry in contents}


async def test_a_veto_is_heard_at_the_centre(centre: RunningCentre, region: AgentRegion) -> None:
    async with everything(region):
        await join(centre, region)
        _, first = await publish(centre)
        await until(lambda: _offer(region, first, "awaiting-consent"))
        await region.state(first, "veto", "LEGAL-BASIS-MISSING")
        await wish(centre, first)
        await until(lambda: _standing(centre, first, "vetoed"))
        await until(lambda: _state(region, "vetoed"))
        assert await region.active() is None


async def test_the_centre_does_not_take_another_officers_word(centre: RunningCentre, region: AgentRegion) -> None:
    async with everything(region):
        await join(centre, region)
        _, first = await publish(centre)
        await until(lambda: _offer(region, first, "awaiting-consent"))
        await region.state(first, key=Ed25519PrivateKey.generate())
        await wish(centre, first)
        await until(lambda: _standing(centre, first, "refused"))


async def test_revocation_cuts_the_stream(centre: RunningCentre, region: AgentRegion) -> None:
    async with everything(region):
        await join(centre, region)
        await centre.services.regions.revoke(EU, "amara")
        await until(lambda: _state(region, "disconnected"))


async def _enrolment(region: AgentRegion, state: str):
    return (await region.link())["enrolment"] == state


async def _state(region: AgentRegion, state: str):
    return (await region.link())["state"] == state


async def _offer(region: AgentRegion, manifest: str, state: str):
    return await region.offer_state(manifest) == state


async def _observed(centre: RunningCentre, manifest: str):
    view = await centre.services.regions.show(EU)
    return view.seen is not None and f"sha256:{view.seen.manifest.hex()}" == manifest and view.seen.healthy


async def _standing(centre: RunningCentre, manifest: str, phase: str):
    view = await centre.services.regions.show(EU)
    return any(f"sha256:{s.manifest.hex()}" == manifest and s.phase == phase for s in view.standings)


async def _answered(centre: RunningCentre, gate: bytes):
    async with centre.services.registry.begin() as tx:
        found = await tx.gates.get(gate)
    return found if found is not None and found.verdict else None


async def _phase(centre: RunningCentre, request: bytes, phase: str):
    async with centre.services.registry.begin() as tx:
        found = await tx.evidence.get(request)
    return found is not None and found.phase == phase


async def _cosigned(region: AgentRegion):
    return bool(await region.value("SELECT count(*) FROM checkpoint WHERE cosigned IS NOT NULL"))


async def _equal(read, expected):
    return await read() == expected
