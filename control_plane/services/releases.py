"""Releases: built, checked, signed by the holders of offline keys, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.contract import decision
from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import Config, Manifest, PolicySet, raw_digest
from control_plane.domain.errors import InvalidError, NotFoundError, StateError
from control_plane.domain.regions import RegionPhase
from control_plane.domain.releases import Release, ReleaseStage, Signing, publish_check
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.journal import record
from control_plane.services.ports import Clock, Registry, Transaction, TufAuthority


@dataclass(frozen=True)
class ReleaseDraft:
    """What a release is to hold. `config` and `policy` are parsed JSON; `fallback` is a manifest's `sha256:` digest.

    Without `version` the next one is taken.
    """

    regions: tuple[RegionId, ...]
    config: object
    policy: object
    version: int | None = None
    fallback: str | None = None
    notes: str = ""


@dataclass(frozen=True)
class Finding:
    """Why a release may not be built. `part` is `config`, `policy`, `regions`, `fallback` or `version`."""

    part: str
    message: str


class Releases:
    """The life of a release: draft -> signed -> published. The centre's publishing is an offer; regions decide.

    1. A draft is checked wholly before it is kept.
    2. Its TUF targets metadata is signed outside the centre, by as many offline keys as the root demands.
    3. Publishing puts targets, snapshot and timestamp in force in one transaction.
    """

    def __init__(self, registry: Registry, clock: Clock, tuf: TufAuthority) -> None:
        self._registry = registry
        self._clock = clock
        self._tuf = tuf

    async def list(self, region: RegionId | None = None) -> Sequence[Release]:
        """Releases, newest version first."""
        async with self._registry.begin() as tx:
            return await tx.releases.all(region)

    async def show(self, version: int) -> Release:
        """One release."""
        async with self._registry.begin() as tx:
            return await _found(tx, version)

    async def by_digest(self, digest: bytes) -> Release:
        """The release of that manifest."""
        async with self._registry.begin() as tx:
            found = await tx.releases.by_digest(digest)
        if found is None:
            raise NotFoundError("release", "There is no such release.", "See `bailiwick release list`.")
        return found

    async def content(self, version: int) -> tuple[Manifest, Config, PolicySet]:
        """A release's manifest, config and policy set, decoded from their exact bytes."""
        async with self._registry.begin() as tx:
            return await contents(tx, await _found(tx, version))

    async def check(self, draft: ReleaseDraft) -> Sequence[Finding]:
        """What speaks against a draft; nothing is kept."""
        async with self._registry.begin() as tx:
            return await _findings(tx, draft)

    async def build(self, draft: ReleaseDraft, by: str) -> Release:
        """Keep a draft, with metadata for the offline keys to sign. Raises `InvalidError` with the first finding."""
        now = self._clock()
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            findings = await _findings(tx, draft)
            if findings:
                raise InvalidError(f"release-{findings[0].part}", findings[0].message, "See `bailiwick release check`.")
            newest = await tx.releases.all()
            version = draft.version or (newest[0].version + 1 if newest else 1)
            config, policy = Config.read(draft.config).encode(), PolicySet.read(draft.policy).encode()
            manifest = Manifest(
                version=version,
                regions=tuple(draft.regions),
                created=now,
                config=digest_text(raw_sha256(config)),
                policy=digest_text(raw_sha256(policy)),
                fallback=draft.fallback,
                notes=draft.notes,
            ).encode()
            release = Release(
                version=version,
                digest=raw_sha256(manifest),
                manifest=manifest,
                stage=ReleaseStage.DRAFT,
                regions=tuple(sorted(draft.regions)),
                built_by=by,
                built_at=now,
            )
            await tx.releases.add(release, [(raw_sha256(config), config), (raw_sha256(policy), policy)])
            await self._draft(tx, release)
            await record(tx, "release.build", by, now, version=version, manifest=release.digest.hex())
            return release

    async def signing(self, version: int) -> Signing:
        """What is to be signed. Made anew, without its signatures, when another release was published since."""
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            release = await _found(tx, version)
            await self._renew(tx, release)
            return await self._signing(tx, version)

    async def sign(self, version: int, keyid: str, signature: bytes, by: str) -> Signing:
        """Add a signature by an offline key; with enough of them the release is signed."""
        now = self._clock()
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            release = await _found(tx, version)
            if release.stage not in {ReleaseStage.DRAFT, ReleaseStage.SIGNED}:
                raise StateError("release-final", "The release is published or withdrawn already.")
            await self._renew(tx, release)
            draft = await tx.signing.draft(version)
            if draft is None:
                raise NotFoundError("signing", "Nothing waits to be signed.")
            self._tuf.check_signature(await _role(tx, "root"), draft[1], keyid, signature)
            await tx.signing.add_signature(version, keyid, signature)
            signing = await self._signing(tx, version)
            if len(signing.signed) >= signing.threshold:
                await tx.releases.stage(version, ReleaseStage.SIGNED, by, now)
            await record(tx, "release.sign", by, now, version=version, keyid=keyid)
            return signing

    async def publish(self, version: int, by: str) -> Release:
        """Put a signed release in force: from now on it is offered to its regions."""
        now = self._clock()
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            release = await _found(tx, version)
            draft = await tx.signing.draft(version)
            if draft is None:
                raise NotFoundError("signing", "Nothing was signed for this release.")
            base, payload, signatures = draft
            newest = await tx.signing.newest("targets")
            signing = await self._signing(tx, version)
            publish_check(release, len(signatures), signing.threshold, newest[0] if newest else 0, base)
            targets_version, targets = self._tuf.complete(payload, signatures, await _role(tx, "root"))
            await tx.signing.put("targets", targets_version, targets)
            await self._online(tx, targets)
            await tx.releases.stage(version, ReleaseStage.PUBLISHED, by, now)
            await record(tx, "release.publish", by, now, version=version, manifest=release.digest.hex())
            return await _found(tx, version)

    async def withdraw(self, version: int, by: str) -> Release:
        """Offer a release to nobody any more. Regions that run it keep running it."""
        now = self._clock()
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            await _found(tx, version)
            await tx.releases.stage(version, ReleaseStage.WITHDRAWN, by, now)
            await record(tx, "release.withdraw", by, now, version=version)
            return await _found(tx, version)

    async def refresh(self) -> bool:
        """Make snapshot and timestamp anew when they are due; returns whether they were."""
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            due = self._tuf.due(await _role(tx, "snapshot"), await _role(tx, "timestamp"), self._clock())
            if due:
                await self._online(tx, await _role(tx, "targets"))
            return due

    async def seed(self, metadata: Mapping[str, bytes]) -> bool:
        """Take the first repository, made at set-up; returns whether it was taken now."""
        async with self._registry.begin() as tx:
            await tx.log.lock_head()
            if await tx.signing.newest("root") is not None:
                return False
            for role, body in metadata.items():
                await tx.signing.put(role, 1, body)
            await record(tx, "tuf.seed", "init", self._clock(), root=raw_sha256(metadata["root"]).hex())
            return True

    async def _online(self, tx: Transaction, targets: bytes) -> None:
        made = self._tuf.online(targets, await _role(tx, "snapshot"), await _role(tx, "timestamp"), self._clock())
        for role, (version, body) in zip(("snapshot", "timestamp"), made, strict=True):
            await tx.signing.put(role, version, body)

    async def _draft(self, tx: Transaction, release: Release) -> None:
        newest = await tx.signing.newest("targets")
        if newest is None:
            raise StateError("tuf-missing", "There is no TUF repository yet.", "Run `python -m control_plane migrate`.")
        named = [(f"manifests/{release.digest.hex()}", release.manifest)]
        for text in Manifest.decode(release.manifest).blobs:
            body = await tx.releases.blob(raw_digest(text))
            if body is not None:
                named.append((f"blobs/{raw_digest(text).hex()}", body))
        payload = self._tuf.draft_targets(newest[1], named, self._clock())
        await tx.signing.put_draft(release.version, newest[0], payload)

    async def _renew(self, tx: Transaction, release: Release) -> None:
        draft, newest = await tx.signing.draft(release.version), await tx.signing.newest("targets")
        unfinished = release.stage in {ReleaseStage.DRAFT, ReleaseStage.SIGNED}
        if unfinished and (draft is None or newest is None or draft[0] != newest[0]):
            await self._draft(tx, release)
            await tx.releases.stage(release.version, ReleaseStage.DRAFT, release.built_by, release.built_at)

    async def _signing(self, tx: Transaction, version: int) -> Signing:
        draft = await tx.signing.draft(version)
        if draft is None:
            raise NotFoundError("signing", "Nothing waits to be signed.")
        base, payload, signatures = draft
        keys, threshold = self._tuf.target_keys(await _role(tx, "root"))
        signed = tuple(keyid for keyid, _ in signatures)
        return Signing(version, base, self._tuf.signable(payload), threshold, keys, signed)


def raw_sha256(body: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return hashlib.sha256(body).digest()


async def contents(tx: Transaction, release: Release) -> tuple[Manifest, Config, PolicySet]:
    """A release's manifest, config and policy set, decoded from their exact bytes."""
    manifest = Manifest.decode(release.manifest)
    config = await tx.releases.blob(raw_digest(manifest.config))
    policy = await tx.releases.blob(raw_digest(manifest.policy))
    if config is None or policy is None:
        raise NotFoundError("blob", "A part of the release is missing.")
    return manifest, Config.decode(config), PolicySet.decode(policy)


async def _found(tx: Transaction, version: int) -> Release:
    found = await tx.releases.by_version(version)
    if found is None:
        raise NotFoundError("release", "There is no such release.", "See `bailiwick release list`.")
    return found


async def _role(tx: Transaction, role: str) -> bytes:
    newest = await tx.signing.newest(role)
    if newest is None:
        raise StateError("tuf-missing", "There is no TUF repository yet.", "Run `python -m control_plane migrate`.")
    return newest[1]


async def _findings(tx: Transaction, draft: ReleaseDraft) -> Sequence[Finding]:
    """Everything that speaks against a draft, in a fixed order."""
    findings = list(content_findings(draft.config, draft.policy))
    known = {region.id: region for region in await tx.regions.all()}
    if not draft.regions or len(set(draft.regions)) != len(draft.regions):
        findings.append(Finding("regions", "A release names its regions, each once."))
    usable = {region for region, found in known.items() if found.phase is not RegionPhase.REVOKED}
    strangers = [region for region in draft.regions if region not in usable]
    findings.extend(Finding("regions", f"Region {region} is unknown or revoked.") for region in strangers)
    releases = await tx.releases.all()
    if draft.version is not None and (draft.version < 1 or (releases and draft.version <= releases[0].version)):
        newest = releases[0].version if releases else 0
        findings.append(Finding("version", f"Versions only rise; the newest is {newest}."))
    if draft.fallback is not None:
        findings.extend(_fallback_findings(releases, draft))
    return findings


def _fallback_findings(releases: Sequence[Release], draft: ReleaseDraft) -> Sequence[Finding]:
    named = [release for release in releases if digest_text(release.digest) == draft.fallback]
    if not named or named[0].stage is not ReleaseStage.PUBLISHED:
        return [Finding("fallback", "The fallback is no published release.")]
    if not set(draft.regions) <= set(named[0].regions):
        return [Finding("fallback", "The fallback does not name every region of this release.")]
    return []


def content_findings(config: object, policy: object) -> Sequence[Finding]:
    """What speaks against a config and a policy set, alone and together."""
    findings: list[Finding] = []
    models: set[str] = set()
    try:
        models = {model.id for model in Config.read(config).models}
    except ContractError as error:
        findings.append(Finding("config", f"The config cannot be released: {error}."))
    try:
        policy_set = PolicySet.read(policy)
    except ContractError as error:
        return [*findings, Finding("policy", f"The policy set cannot be released: {error}.")]
    findings.extend(Finding("policy", message) for message in decision.lint(policy_set))
    missing = sorted(models - {model.id for model in policy_set.models})
    findings.extend(Finding("policy", f"Model {name} is on offer and not registered.") for name in missing)
    return findings
