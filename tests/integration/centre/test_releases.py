"""Releases: drafted, signed by two offline keys, published through TUF, fetched by a region."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from bailiwick.agent.v1 import agent_pb2
from bailiwick.artifacts.v1 import artifacts_pb2 as pb
from bailiwick.contract import keys
from control_plane.authority.tuf import TufRepository
from control_plane.domain.errors import InvalidError, NotFoundError, StateError
from control_plane.domain.releases import Release, ReleaseStage
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.releases import ReleaseDraft
from tests.fixtures.centre import OPERATOR, AgentsPort, Conversation, RunningCentre
from tests.fixtures.gateway import config, policy_set

pytestmark = pytest.mark.integration


def document(name: str) -> dict[str, object]:
    made = config() if name == "config.json" else policy_set()
    found: dict[str, object] = json.loads(made.encode())
    return found


def draft(*regions: str, **more: Any) -> ReleaseDraft:
    named = tuple(RegionId(region) for region in regions)
    return ReleaseDraft(named, document("config.json"), document("policy.json"), **more)


async def sign(centre: RunningCentre, version: int, holders: int = 2) -> None:
    signing = await centre.services.releases.signing(version)
    known = {public: keyid for keyid, public in signing.keys}
    for key in centre.offline_keys[:holders]:
        public = next(text for text in known if text == public_text(key))
        await centre.services.releases.sign(version, known[public], key.sign(signing.payload), OPERATOR)


def public_text(key: Ed25519PrivateKey) -> str:
    return keys.public_text(key.public_key())


async def publish(centre: RunningCentre, release: ReleaseDraft) -> Release:
    built = await centre.services.releases.build(release, OPERATOR)
    await sign(centre, built.version)
    return await centre.services.releases.publish(built.version, OPERATOR)


async def fetch(port: AgentsPort, request: pb.FetchRequest) -> bytes:
    return b"".join([part.chunk async for part in port.artifacts.Fetch(request)])


async def test_a_release_needs_two_offline_keys(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    releases = centre.services.releases
    built = await releases.build(draft("eu-de"), OPERATOR)
    assert (built.version, built.stage) == (1, ReleaseStage.DRAFT)
    with pytest.raises(StateError):
        await releases.publish(1, OPERATOR)
    await sign(centre, 1, holders=1)
    with pytest.raises(StateError, match="1 of 2"):
        await releases.publish(1, OPERATOR)
    await sign(centre, 1)
    assert (await releases.show(1)).stage is ReleaseStage.SIGNED
    assert (await releases.publish(1, OPERATOR)).stage is ReleaseStage.PUBLISHED
    with pytest.raises(StateError):
        await releases.publish(1, OPERATOR)


async def test_a_signature_by_another_key_or_over_other_bytes_is_refused(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    releases = centre.services.releases
    await releases.build(draft("eu-de"), OPERATOR)
    signing = await releases.signing(1)
    keyid = signing.keys[0][0]
    for key in centre.offline_keys:
        with pytest.raises(InvalidError):
            await releases.sign(1, keyid, key.sign(signing.payload + b" "), OPERATOR)
    with pytest.raises(InvalidError):
        await releases.sign(1, "00" * 32, centre.offline_keys[0].sign(signing.payload), OPERATOR)


async def test_publishing_makes_signatures_over_older_metadata_stale(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    releases = centre.services.releases
    for _ in range(2):
        await releases.build(draft("eu-de"), OPERATOR)
    await sign(centre, 2)
    await sign(centre, 1)
    await releases.publish(1, OPERATOR)
    with pytest.raises(StateError, match="since"):
        await releases.publish(2, OPERATOR)
    await sign(centre, 2)
    await releases.publish(2, OPERATOR)
    assert [release.version for release in await releases.list()] == [2, 1]


async def test_a_region_is_offered_what_is_published_for_it_and_fetches_it_by_tuf(centre: RunningCentre) -> None:
    end, other = await centre.join("eu-de"), await centre.join("in-mh", "IN")
    async with end.agents_port() as port, other.agents_port() as elsewhere:
        talk, there = Conversation(port), Conversation(elsewhere)
        assert list((await talk.hear("offers")).manifests) == []
        assert list((await there.hear("offers")).manifests) == []
        release = await publish(centre, draft("eu-de"))
        assert list((await talk.hear("offers", 3)).manifests) == [release.digest]
        manifest = await fetch(port, pb.FetchRequest(target=release.digest))
        assert manifest == release.manifest
        root = Metadata[Root].from_bytes(await role(port, pb.ROLE_ROOT, 1)).signed
        timestamp = Metadata[Timestamp].from_bytes(await role(port, pb.ROLE_TIMESTAMP, 0))
        version = timestamp.signed.snapshot_meta.version
        snapshot = Metadata[Snapshot].from_bytes(await role(port, pb.ROLE_SNAPSHOT, version))
        version = snapshot.signed.meta["targets.json"].version
        targets = Metadata[Targets].from_bytes(await role(port, pb.ROLE_TARGETS, version))
        for name, metadata in (("timestamp", timestamp), ("snapshot", snapshot), ("targets", targets)):
            root.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
        targets.signed.targets[f"manifests/{release.digest.hex()}"].verify_length_and_hashes(manifest)
        blobs = [path for path in targets.signed.targets if path.startswith("blobs/")]
        assert len(blobs) == 2
        for path in blobs:
            body = await fetch(port, pb.FetchRequest(target=bytes.fromhex(path.removeprefix("blobs/"))))
            targets.signed.targets[path].verify_length_and_hashes(body)
        for request in (
            pb.FetchRequest(target=hashlib.sha256(b"").digest()),
            pb.FetchRequest(metadata=pb.Metadata(role=pb.ROLE_ROOT, version=2)),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await fetch(port, request)
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def role(port: AgentsPort, name: pb.Role.ValueType, version: int) -> bytes:
    return await fetch(port, pb.FetchRequest(metadata=pb.Metadata(role=name, version=version)))


async def test_a_withdrawn_release_is_offered_no_more(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    release = await publish(centre, draft("eu-de"))
    async with end.agents_port() as port:
        talk = Conversation(port)
        assert list((await talk.hear("offers")).manifests) == [release.digest]
        await centre.services.releases.withdraw(1, OPERATOR)
        assert list((await talk.hear("offers", 3)).manifests) == []


async def test_what_a_region_says_of_a_release_is_kept_if_there_is_such_a_release(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    release = await publish(centre, draft("eu-de"))
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        state = agent_pb2.ReleaseState(
            manifest=release.digest,
            phase=agent_pb2.RELEASE_PHASE_VETOED,
            reason=agent_pb2.REASON_CODE_VETO_LEGAL_BASIS_MISSING,
        )
        await talk.say(release_state=state)
        await talk.say(heartbeat=agent_pb2.Heartbeat(sequence=1))
        await talk.hear("echo")
        view = await centre.services.regions.show(end.region)
        assert [(s.phase, s.reason) for s in view.standings] == [("vetoed", "LEGAL-BASIS-MISSING")]
        state.manifest = bytes(32)
        await talk.say(release_state=state)
        await talk.say(heartbeat=agent_pb2.Heartbeat(sequence=2))
        assert (await talk.hear("echo")).sequence == 2
        async with centre.services.registry.begin() as tx:
            assert [s.manifest for s in await tx.states.standings()] == [release.digest]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"regions": (RegionId("nowhere"),)}, "regions"),
        ({"regions": ()}, "regions"),
        ({"fallback": digest_text(bytes(32))}, "fallback"),
        ({"version": 0}, "version"),
        ({"config": {}}, "config"),
        ({"policy": []}, "policy"),
        ({"config": {**document("config.json"), "engine_url": "https://elsewhere.example"}}, "config"),
    ],
)
async def test_what_may_not_be_released_is_refused_with_the_part(
    centre: RunningCentre, change: dict[str, object], part: str
) -> None:
    await centre.join("eu-de")
    good = draft("eu-de")
    bad = ReleaseDraft(**{**good.__dict__, **change})
    findings = await centre.services.releases.check(bad)
    assert part in {finding.part for finding in findings}
    with pytest.raises(InvalidError):
        await centre.services.releases.build(bad, OPERATOR)
    with pytest.raises(NotFoundError):
        await centre.services.releases.show(1)
    assert await centre.services.releases.check(good) == []


async def test_online_metadata_is_renewed_before_it_expires_also_days_later(centre: RunningCentre) -> None:
    repository = centre.services.releases._tuf
    assert isinstance(repository, TufRepository)
    await centre.services.releases.refresh()
    newest = await centre.services.artifacts.metadata("timestamp", 0)
    snapshot = await centre.services.artifacts.metadata("snapshot", 0)
    now = datetime.now(UTC)
    assert not repository.due(snapshot, newest, now)
    assert repository.due(snapshot, newest, now + timedelta(days=3))
