"""Use cases on the registry in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.contract import enrolment, merkle
from bailiwick.contract.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from bailiwick.contract.keys import raw_public
from bailiwick.contract.note import SignerKey, VerifierKey
from bailiwick.contract.statement import Statement, sign_statement
from control_plane.activities.desk import RequestDesk
from control_plane.authority.witness import WitnessKey
from control_plane.domain.errors import InvalidError, NotFoundError, RewrittenError, StateError, UnauthenticatedError
from control_plane.domain.fleet import EvidenceRequest, Gate
from control_plane.domain.regions import Certificate, Region, RegionKeys, RegionPhase
from control_plane.domain.releases import Release, ReleaseStage, ReleaseStanding
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.enrolment import Enrolment, RenewalState, proof_message
from control_plane.services.fleet import Fleet
from control_plane.services.invitations import Addresses, Invitations
from control_plane.services.journal import Journal
from control_plane.services.regions import Regions
from control_plane.services.trust import Anchors, TrustReader
from control_plane.services.witness import Offered, Witness
from tests.fakes.registry import FakeRegistry

EU, IN = RegionId("eu-de"), RegionId("in-mh")
WITNESS = WitnessKey("northbridge/witness", Ed25519PrivateKey.generate())
LOG = SignerKey("northbridge/log", Ed25519PrivateKey.generate())
ANCHORS = Anchors("northbridge", b"ca", b"root", WITNESS.vkey(), str(LOG.verifier))


class FakeIssuer:
    """A CA whose requests are the region's name in bytes."""

    def __init__(self) -> None:
        self.serial = 0

    def check(self, csr: bytes, region: RegionId) -> None:
        if csr.decode() != region:
            raise StateError("csr-region", "The certificate request is for another region.")

    def issue(self, csr: bytes, region: RegionId, now: datetime) -> tuple[bytes, Certificate]:
        self.check(csr, region)
        self.serial += 1
        return b"certificate", Certificate(f"{self.serial:x}", region, now, now + timedelta(hours=24))

    def ca(self) -> bytes:
        return b"ca"


@dataclass
class Bench:
    """A centre in memory with a clock that is turned by hand."""

    now: datetime = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    enrolment_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    ledger: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    officer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        addresses = Addresses("127.0.0.1:8702", "127.0.0.1:8701")
        life = timedelta(hours=1)
        self.invitations = Invitations(self.registry, self.clock, ANCHORS, addresses, self.random, life)
        self.enrolment = Enrolment(self.registry, self.clock, FakeIssuer(), ANCHORS)
        self.regions = Regions(self.registry, self.clock, timedelta(seconds=30))
        self.fleet = Fleet(self.registry, self.clock)
        self.witness = Witness(self.registry, self.clock, WITNESS)
        self.journal = Journal(self.registry, LOG)
        self.drawn = 0

    def clock(self) -> datetime:
        return self.now

    def random(self, count: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")

    @property
    def keys(self) -> RegionKeys:
        public = [raw_public(key.public_key()) for key in (self.enrolment_key, self.ledger, self.officer)]
        return RegionKeys(public[0], public[1], public[1], public[1], (public[2],), 1)

    async def invite(self, region: RegionId = EU) -> enrolment.Invitation:
        return enrolment.Invitation.decode((await self.invitations.invite(region, "EU", "amara")).token)

    async def enrol(self, region: RegionId = EU, csr: bytes | None = None) -> None:
        invitation = await self.invite(region)
        secret = bytes.fromhex(invitation.secret)
        await self.enrolment.enrol(bytes.fromhex(invitation.id), secret, csr or region.encode(), self.keys)

    async def renew(self) -> RenewalState:
        moment = int(self.now.timestamp())
        proof = self.enrolment_key.sign(proof_message(EU.encode(), moment))
        renewal = await self.enrolment.renew(EU.encode(), self.keys.enrolment, proof, moment)
        return renewal.state

    async def actions(self) -> Sequence[str]:
        return [json.loads(entry.body)["kind"] for entry in await self.journal.entries(0, 1000)]


async def test_a_token_carries_what_a_region_needs_to_trust_the_centre() -> None:
    invitation = await Bench().invite()
    assert (invitation.region, invitation.ca, invitation.tuf_root) == (
        "eu-de",
        ANCHORS.ca_digest,
        ANCHORS.tuf_root_digest,
    )
    assert VerifierKey.parse(invitation.witness).name == "northbridge/witness"


async def test_onboarding_step_by_step() -> None:
    bench = Bench()
    with pytest.raises(NotFoundError):
        await bench.regions.approve(EU, "jonas")
    await bench.enrol()
    assert await bench.renew() is RenewalState.AWAITING_APPROVAL
    await bench.regions.approve(EU, "jonas")
    with pytest.raises(StateError):
        await bench.regions.approve(EU, "jonas")
    assert await bench.renew() is RenewalState.ISSUED
    bench.now += timedelta(days=21)
    assert await bench.renew() is RenewalState.ISSUED
    assert await bench.regions.revoke(EU, "jonas") == ["1", "2"]
    assert await bench.renew() is RenewalState.REVOKED
    assert await bench.actions() == [
        "region.invite",
        "region.enrol",
        "region.approve",
        "certificate.issue",
        "certificate.issue",
        "region.revoke",
    ]


async def test_enrolling_again_waits_for_approval_again_and_revokes_what_was() -> None:
    bench = Bench()
    await bench.enrol()
    await bench.regions.approve(EU, "jonas")
    await bench.renew()
    await bench.enrol()
    with pytest.raises(UnauthenticatedError):
        await bench.fleet.authorise(EU, "1")
    assert await bench.renew() is RenewalState.AWAITING_APPROVAL


async def test_a_refused_enrolment_spends_nothing_and_leaves_no_trace() -> None:
    bench = Bench()
    invitation = await bench.invite()
    before = len(await bench.actions())
    with pytest.raises(StateError):
        await bench.enrolment.enrol(
            bytes.fromhex(invitation.id), bytes.fromhex(invitation.secret), IN.encode(), bench.keys
        )
    assert len(await bench.actions()) == before
    assert len(await bench.invitations.open()) == 1


async def test_two_regions_never_share_an_enrolment_key() -> None:
    bench = Bench()
    await bench.enrol(EU)
    with pytest.raises(StateError):
        await bench.enrol(IN)


async def test_officers_must_be_able_to_meet_their_threshold() -> None:
    bench = Bench()
    invitation = await bench.invite()
    one = bench.keys.officers[0]
    for officers, threshold in (((one, one), 1), ((one,), 2), ((one,), 0), ((b"short",), 1)):
        keys = replace(bench.keys, officers=officers, officer_threshold=threshold)
        with pytest.raises(InvalidError):
            await bench.enrolment.enrol(
                bytes.fromhex(invitation.id), bytes.fromhex(invitation.secret), EU.encode(), keys
            )


async def test_a_region_keeps_its_jurisdiction() -> None:
    bench = Bench()
    await bench.invitations.invite(EU, "EU", "amara")
    with pytest.raises(StateError):
        await bench.invitations.invite(EU, "IN", "amara")


async def enrolled() -> Bench:
    bench = Bench()
    await bench.enrol()
    await bench.regions.approve(EU, "jonas")
    await bench.renew()
    return bench


async def test_a_certificate_serves_its_own_region_only() -> None:
    bench = await enrolled()
    await bench.fleet.authorise(EU, "1")
    for region, serial in ((IN, "1"), (EU, "2")):
        with pytest.raises(UnauthenticatedError):
            await bench.fleet.authorise(region, serial)


async def test_a_statement_must_be_the_officers_own_and_about_this_release() -> None:
    bench = await enrolled()
    manifest = b"\1" * 32
    async with bench.registry.begin() as tx:
        await tx.releases.add(Release(1, manifest, b"", ReleaseStage.PUBLISHED, (EU,), "amara", bench.now), [])

    def standing(phase: str, key: Ed25519PrivateKey, **about: Any) -> ReleaseStanding:
        values: dict[str, Any] = {
            "kind": "consent",
            "manifest": digest_text(manifest),
            "region": "eu-de",
            "sequence": 1,
            **about,
        }
        envelope = sign_statement(Statement(at=bench.now, **{**values, "sequence": 1, **about}), [key])
        return ReleaseStanding(EU, manifest, phase, "", bench.now, envelope)

    await bench.fleet.stands(standing("consented", bench.officer), 10)
    veto = {"kind": "veto", "reason_code": "OTHER"}
    for wrong in (
        standing("consented", Ed25519PrivateKey.generate()),
        standing("consented", bench.officer, region="in-mh"),
        standing("consented", bench.officer, manifest=digest_text(bytes(32))),
        standing("consented", bench.officer, **veto),
        standing("vetoed", bench.officer),
    ):
        with pytest.raises(StateError):
            await bench.fleet.stands(wrong, 10)
    view = await bench.regions.show(EU)
    assert [(s.phase, s.reason) for s in view.standings] == [("consented", "")]


async def test_answers_to_questions_that_were_not_asked_of_the_region_are_refused() -> None:
    bench = await enrolled()
    async with bench.registry.begin() as tx:
        await tx.regions.save(Region(IN, "IN", RegionPhase.APPROVED, bench.now))
        await tx.gates.ask(Gate(b"\1" * 16, IN, b"", 60, 1, 20, bench.now))
        later = bench.now + timedelta(hours=1)
        await tx.evidence.add(EvidenceRequest(b"\1" * 16, IN, 0, 0, "age1x", "auditor", bench.now, later))
    with pytest.raises(NotFoundError):
        await bench.fleet.judged(EU, b"\1" * 16, "pass", "", 1)
    with pytest.raises(NotFoundError):
        await bench.fleet.evidence(EU, b"\1" * 16, "granted", b"", (0, 0), 1)
    for phase, bundle in (("built", b""), ("downloaded", b""), ("lost", b"")):
        with pytest.raises(InvalidError):
            await bench.fleet.evidence(IN, b"\1" * 16, phase, bundle, (0, 0), 1)


async def test_the_witness_sees_one_history() -> None:
    bench = await enrolled()
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(8)]

    def offer(old: int, kept: list[bytes], origin: str = "bailiwick/eu-de") -> Offered:
        note = sign_checkpoint(Checkpoint(origin, len(kept), merkle.root(kept)), SignerKey(origin, bench.ledger))
        proof = merkle.consistency_proof(
            old, len(kept), lambda level, index: merkle.root(kept[index << level : (index + 1) << level])
        )
        return Offered(old, proof, note)

    await bench.witness.add(EU, offer(0, leaves[:4]))
    with pytest.raises(StateError):
        await bench.witness.add(EU, offer(0, leaves))
    with pytest.raises(RewrittenError):
        await bench.witness.add(EU, offer(4, [bytes(32), *leaves[1:]]))
    with pytest.raises((InvalidError, UnauthenticatedError)):
        await bench.witness.add(EU, offer(4, leaves, origin="elsewhere/eu-de"))
    await bench.witness.add(EU, offer(4, leaves))
    assert await bench.witness.newest_size(EU) == 8


async def test_the_centres_log_is_a_signed_tree_and_trust_names_its_key() -> None:
    bench = await enrolled()
    checkpoint = open_checkpoint(await bench.journal.checkpoint(), VerifierKey.parse(ANCHORS.log))
    entries = await bench.journal.entries(0, 100)
    assert checkpoint.root == merkle.root([merkle.leaf_hash(entry.body) for entry in entries])
    assert await bench.journal.check() == checkpoint.size
    body, leaf, at = bench.registry.state.log[1]
    bench.registry.state.log[1] = (body.replace(b"eu-de", b"in-mh"), leaf, at)
    with pytest.raises(ValueError, match="do not add up"):
        await bench.journal.check()
    trust = await TrustReader(bench.registry, ANCHORS).read()
    assert [region.region for region in trust.regions] == ["eu-de"]
    assert VerifierKey.parse(trust.regions[0].ledger).public == bench.keys.ledger


async def test_an_onboarding_that_never_connected_does_not_stand_in_the_way_of_the_next() -> None:
    bench = Bench()
    desk = RequestDesk(bench.registry, bench.clock, bench.regions, timedelta(seconds=30))
    await bench.enrol()
    await bench.regions.approve(EU, "jonas")
    assert not await desk.connected(EU)  # its workflow waits for the first link
    await bench.enrol()  # the region lost its disk, and enrols with a new invitation
    assert await desk.connected(EU)  # the earlier workflow ends, so that the new enrolment gets one of its own
