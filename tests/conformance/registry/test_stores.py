"""What every registry MUST do, whatever keeps the rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bailiwick.contract import merkle
from control_plane.domain.errors import StateError
from control_plane.domain.fleet import EvidenceRequest, Gate
from control_plane.domain.invitations import Invitation
from control_plane.domain.ledger import Witnessed
from control_plane.domain.regions import Certificate, EngineSeen, Observation, Region, RegionKeys, RegionPhase
from control_plane.domain.releases import Release, ReleaseStage, ReleaseStanding
from control_plane.domain.reports import Cell, MachineLine, Report
from control_plane.domain.spend import Dimension, SpendQuery
from control_plane.domain.words import RegionId
from control_plane.services.journal import record
from control_plane.services.ports import Registry

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
EU, IN = RegionId("eu-de"), RegionId("in-mh")
KEYS = RegionKeys(b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\4" * 32, (b"\5" * 32,), 1)


@pytest.fixture(autouse=True)
async def _regions(registry: Registry) -> None:
    async with registry.begin() as tx:
        for region, jurisdiction in ((IN, "IN"), (EU, "EU")):
            await tx.regions.save(Region(region, jurisdiction, RegionPhase.INVITED, NOW))


async def test_regions_keep_their_keys_when_saved_and_forget_none(registry: Registry) -> None:
    async with registry.begin() as tx:
        await tx.regions.replace_keys(EU, KEYS, NOW)
        found = await tx.regions.lock(EU)
        assert found is not None
        assert found.keys == KEYS
        await tx.regions.save(replace(found, phase=RegionPhase.APPROVED, approved_by="jonas", approved_at=NOW))
        await tx.regions.replace_keys(EU, replace(KEYS, enrolment=b"\6" * 32), NOW)
    async with registry.begin() as tx:
        assert [region.id for region in await tx.regions.all()] == [EU, IN]
        by_key = await tx.regions.by_enrolment_key(b"\6" * 32)
        assert by_key is not None
        assert (by_key.id, by_key.phase, by_key.approved_by) == (EU, RegionPhase.APPROVED, "jonas")
        assert await tx.regions.by_enrolment_key(KEYS.enrolment) is None
        assert await tx.regions.get(RegionId("nowhere")) is None


async def test_a_transaction_that_raises_changes_nothing(registry: Registry) -> None:
    async def half() -> None:
        async with registry.begin() as tx:
            await tx.regions.save(Region(RegionId("sa-ry"), "SA", RegionPhase.INVITED, NOW))
            await record(tx, "test", "nobody", NOW)
            raise StateError("test", "Not now.")

    with pytest.raises(StateError):
        await half()
    async with registry.begin() as tx:
        assert await tx.regions.get(RegionId("sa-ry")) is None
        size = (await tx.log.head()).size
        assert not [entry for entry in await tx.log.entries(0, 100) if b'"kind":"test"' in entry.body]
        assert size == len(await tx.log.entries(0, 100))


async def test_an_invitation_is_locked_by_one_at_a_time(registry: Registry) -> None:
    kept = Invitation(b"\1" * 16, b"\2" * 32, EU, "EU", "amara", NOW, NOW + timedelta(hours=1))
    async with registry.begin() as tx:
        await tx.invitations.add(kept)

    async def use() -> bool:
        async with registry.begin() as tx:
            found = await tx.invitations.lock(kept.id)
            assert found is not None
            if found.used_at is not None:
                return False
            await asyncio.sleep(0.01)
            await tx.invitations.use(kept.id, NOW)
            return True

    assert sorted(await asyncio.gather(*(use() for _ in range(4)))) == [False, False, False, True]
    async with registry.begin() as tx:
        assert await tx.invitations.open(NOW) == []


async def test_certificates_are_revoked_once(registry: Registry) -> None:
    async with registry.begin() as tx:
        for serial, days in (("a1", 1), ("b2", 2)):
            await tx.certificates.add(Certificate(serial, EU, NOW, NOW + timedelta(days=days)))
        newest = await tx.certificates.newest(EU)
        assert newest is not None
        assert newest.serial == "b2"
        assert sorted(await tx.certificates.revoke_all(EU, NOW)) == ["a1", "b2"]
        assert await tx.certificates.revoke_all(EU, NOW) == []
        revoked = await tx.certificates.get("a1")
        assert revoked is not None
        assert revoked.revoked_at == NOW


def release(version: int, *regions: RegionId) -> Release:
    manifest = f"manifest {version}".encode()
    return Release(version, merkle.leaf_hash(manifest), manifest, ReleaseStage.DRAFT, regions, "amara", NOW)


async def test_releases_their_blobs_and_signatures(registry: Registry) -> None:
    one, two = release(1, EU, IN), release(2, EU)
    async with registry.begin() as tx:
        await tx.releases.add(one, [(b"\7" * 32, b"config")])
        await tx.releases.add(two, [(b"\7" * 32, b"other"), (b"\x08" * 32, b"policy")])
        assert [found.version for found in await tx.releases.all()] == [2, 1]
        assert [found.version for found in await tx.releases.all(IN)] == [1]
        assert await tx.releases.blob(b"\7" * 32) == b"config"
        assert await tx.releases.blob(one.digest) == one.manifest
        assert await tx.releases.blob(bytes(32)) is None
        await tx.signing.put_draft(1, 4, b"unsigned")
        await tx.signing.add_signature(1, "k1", b"s")
        await tx.signing.add_signature(1, "k1", b"t")
        assert await tx.signing.draft(1) == (4, b"unsigned", [("k1", b"t")])
        counted = await tx.releases.by_digest(one.digest)
        assert counted is not None
        assert counted.signatures == 1
        await tx.signing.put_draft(1, 5, b"again")
        assert await tx.signing.draft(1) == (5, b"again", [])
        await tx.releases.stage(1, ReleaseStage.PUBLISHED, "jonas", NOW)
        published = await tx.releases.by_version(1)
        assert published is not None
        assert (published.stage, published.published_by) == (ReleaseStage.PUBLISHED, "jonas")


async def test_tuf_metadata_never_changes_under_its_version(registry: Registry) -> None:
    async with registry.begin() as tx:
        for version in (101, 102):
            await tx.signing.put("targets", version, b"%d" % version)
        await tx.signing.put("targets", 102, b"102")
        assert await tx.signing.newest("targets") == (102, b"102")
        assert await tx.signing.metadata("targets", 101) == b"101"
        with pytest.raises(StateError):
            await tx.signing.put("targets", 101, b"other")


async def test_what_a_region_is_told_and_the_count_of_changes(registry: Registry) -> None:
    async with registry.begin() as tx:
        await tx.releases.add(release(1, EU), [])
        await tx.releases.add(release(2, EU), [])
        for version in (1, 2):
            await tx.releases.stage(version, ReleaseStage.PUBLISHED, "jonas", NOW)
        before = dict(await tx.fleet.marks()).get(EU, 0)
        first = await tx.fleet.desire(EU, b"\1" * 32, rollback=False, rollout="1", at=NOW)
        again = await tx.fleet.desire(EU, b"\1" * 32, rollback=False, rollout="1", at=NOW)
        other = await tx.fleet.desire(EU, b"\1" * 32, rollback=False, rollout="2", at=NOW)
        assert (first.generation, again.generation, other.generation) == (1, 1, 2)
        gate = Gate(b"\1" * 16, EU, b"\1" * 32, 60, 1, 20, NOW)
        await tx.gates.ask(gate)
        wanted = EvidenceRequest(b"\2" * 16, EU, 0, 0, "age1x", "auditor", NOW, NOW + timedelta(hours=1))
        await tx.evidence.add(wanted)
    async with registry.begin() as tx:
        assert dict(await tx.fleet.marks())[EU] >= before + 4
        told = await tx.fleet.outbound(EU, NOW)
        assert told.desired == other
        assert told.offers == (release(2).digest, release(1).digest)
        assert [g.id for g in told.gates] == [gate.id]
        assert [r.id for r in told.evidence] == [wanted.id]
        assert await tx.gates.answer(gate.id, "pass", "GATE-OK", NOW)
        assert not await tx.gates.answer(gate.id, "fail", "GATE-ERRORS", NOW)
        await tx.evidence.advance(replace(wanted, phase="refused", updated_at=NOW))
        seen = Observation(EU, 2, b"\1" * 32, 1, b"", b"", b"", "connected", True, (EngineSeen("m", "ready"),), NOW)
        await tx.states.observe(seen)
        assert await tx.states.observations() == [seen]
    async with registry.begin() as tx:
        told = await tx.fleet.outbound(EU, NOW)
        assert (told.offers, told.gates, told.evidence) == ((release(2).digest,), (), ())
        assert (await tx.fleet.outbound(IN, NOW)).offers == ()


async def test_only_the_newest_session_holds_a_link(registry: Registry) -> None:
    async with registry.begin() as tx:
        await tx.links.open(EU, "one", NOW)
        await tx.links.open(EU, "two", NOW)
        await tx.links.close(EU, "one", "superseded", NOW)
        await tx.links.seen(EU, "one", NOW + timedelta(hours=1))
        link = await tx.links.get(EU)
        assert link is not None
        assert (link.session, link.connected, link.seen_at) == ("two", True, NOW)
        assert [event.kind for event in await tx.links.events(EU, 10)] == ["superseded", "connected", "connected"]
        assert await tx.links.reset(NOW, NOW) == 0
        assert await tx.links.reset(NOW + timedelta(seconds=1), NOW) == 1
        assert [found.connected for found in await tx.links.all()] == [False]


async def test_standings_and_counts(registry: Registry) -> None:
    async with registry.begin() as tx:
        for phase in ("offered", "vetoed"):
            await tx.states.stand(ReleaseStanding(EU, b"\1" * 32, phase, "OTHER", NOW, b"x"))
        assert [s.phase for s in await tx.states.standings(b"\1" * 32)] == ["vetoed"]
        assert await tx.states.standings(b"\2" * 32) == []
        await tx.states.count(EU, "heartbeat", 10, NOW, 5)
        await tx.states.count(EU, "heartbeat", 2, NOW)
        received = await tx.states.received(NOW - timedelta(hours=1))
        assert [(r.kind, r.count, r.size, r.hour.minute) for r in received] == [("heartbeat", 6, 12, 0)]


CELL = Cell(
    cost_centre="cc-100",
    team="payments",
    project="core",
    product="assistant",
    use_case="support",
    model="tiny-chat",
    environment="production",
    tier="economy",
    service=False,
    requests=12,
    outcomes=(("stop", 12),),
    refusals=(("other", 2),),
    prompt_tokens=100,
    cached_tokens=10,
    output_tokens=20,
    reasoning_tokens=0,
    cost_micro=2**52,
    currency="EUR",
)


def report(region: RegionId, sequence: int, *cells: Cell) -> Report:
    start = int(NOW.timestamp()) + sequence * 15
    lines = (MachineLine("engine-seconds", "tiny-chat", 15), MachineLine("storage-mib", "", 100 + sequence))
    size = sequence * 256
    return Report(
        region, sequence, start, start + 15, size - 256, size, size, b"\1" * 32, 10, 500, "floor", cells, lines
    )


async def test_reports_and_spend_add_up(registry: Registry) -> None:
    merged = replace(CELL, use_case="*", cost_micro=1)
    async with registry.begin() as tx:
        await tx.reports.add(report(EU, 1, CELL, merged), b"one", b"s", NOW)
        await tx.reports.add(report(EU, 2, CELL), b"two", b"s", NOW + timedelta(seconds=1))
        rupees = replace(CELL, currency="INR", cost_micro=7)
        await tx.reports.add(report(IN, 1, rupees), b"three", b"s", NOW)
    async with registry.begin() as tx:
        newest = await tx.reports.newest(EU)
        assert newest is not None
        assert (newest.sequence, newest.next_index, newest.size) == (2, 512, 3)
        assert await tx.reports.body(EU, 1) == (b"one", b"s")
        assert [(kept.region, kept.sequence) for kept in await tx.reports.recent(None, 2)] == [(EU, 2), (EU, 1)]
        assert [kept.sequence for kept in await tx.reports.recent(EU, 9, 2)] == [1]
        rows = await tx.spend.sums(SpendQuery((Dimension.REGION, Dimension.USE_CASE)))
        assert [(row.key, row.currency, row.cost_micro) for row in rows] == [
            (("eu-de", "support"), "EUR", 2**53),
            (("in-mh", "support"), "INR", 7),
            (("eu-de", "*"), "EUR", 1),
        ]
        until = SpendQuery((), until=datetime.fromtimestamp(report(EU, 2).period_start, UTC))
        assert [(row.currency, row.requests, row.refused) for row in await tx.spend.sums(until)] == [
            ("EUR", 24, 4),
            ("INR", 12, 2),
        ]
        only = SpendQuery((Dimension.DAY, Dimension.SERVICE), where=((Dimension.REGION, "in-mh"),))
        assert [row.key for row in await tx.spend.sums(only)] == [("2026-11-22", "false")]
        machines = [(m.region, m.measure, m.amount) for m in await tx.spend.machines(SpendQuery())]
        assert machines == [
            (EU, "engine-seconds", 30),
            (EU, "storage-mib", 102),
            (IN, "engine-seconds", 15),
            (IN, "storage-mib", 101),
        ]
        assert [(c.region, c.reports, c.last_sequence) for c in await tx.spend.coverage()] == [(EU, 2, 2), (IN, 1, 1)]


async def test_the_witness_keeps_the_largest_checkpoint(registry: Registry) -> None:
    async with registry.begin() as tx:
        await tx.witness.add(Witnessed(EU, 256, b"\1" * 32, b"note", b"line", NOW))
        await tx.witness.add(Witnessed(EU, 512, b"\2" * 32, b"note", b"line", NOW))
        await tx.witness.add(Witnessed(EU, 512, b"\2" * 32, b"note", b"newer", NOW))
        newest = await tx.witness.newest(EU)
        assert newest is not None
        assert (newest.size, newest.cosignature) == (512, b"newer")
        assert [found.size for found in await tx.witness.all_newest()] == [512]


async def test_the_log_numbers_entries_without_a_gap_when_many_write(registry: Registry) -> None:
    async def write(number: int) -> None:
        async with registry.begin() as tx:
            await record(tx, "test", "somebody", NOW, number=number)

    await asyncio.gather(*(write(number) for number in range(8)))
    async with registry.begin() as tx:
        head = await tx.log.head()
        entries = await tx.log.entries(0, 1000)
        assert [entry.index for entry in entries] == list(range(head.size))
        leaves = await tx.log.leaves(0, 1000)
        assert leaves == [merkle.leaf_hash(entry.body) for entry in entries]
        assert merkle.Frontier(head.size, head.hashes).root() == merkle.root(leaves)
        assert [entry.index for entry in await tx.log.newest(2)] == [head.size - 1, head.size - 2]
