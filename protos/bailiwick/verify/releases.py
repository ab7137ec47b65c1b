"""Step 10: what was in force was released, and consented to where consent is needed."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Admission, Change, Consent, Veto
from bailiwick.contract.release import Manifest, gated_changes, hex_of
from bailiwick.contract.statement import Statement, open_statement
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from collections.abc import Callable

    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.verify.archive import Archive
    from bailiwick.verify.findings import Step
    from bailiwick.verify.trust import RegionTrust, Trust

# A request that began under the release before may be admitted while workers switch over.
SWITCH: Final = timedelta(seconds=60)


class Releases:
    """Follows changes, consents and vetoes.

    Rules:

    1. A change names a manifest that stands in the bundle, for this region, with the digests that the entry records.
    2. The release metadata, signed by the trusted root's keys, lists that manifest.
    3. Where a gated part changes, the officers' newest statement about the manifest, or about the one whose fallback it
       is, is a consent that stands in the ledger before the change.
    4. Statements verify under the officers' keys, and their sequence rises.
    5. An admission names a policy and a configuration that are in force, or were until shortly before.
    """

    def __init__(
        self, archive: Archive, region: str, trust: RegionTrust, released: frozenset[str] | None, step: Step
    ) -> None:
        """`released` are the digests that the release metadata lists; None where it could not be checked."""
        self._archive = archive
        self._region = region
        self._trust = trust
        self._released = released
        self._step = step
        self._names = set(archive.names)
        self._manifests: dict[str, Manifest | None] = {}
        self._statements: dict[str, Statement] = {}
        self._sequence = 0
        self._active: Change | None = None
        self._superseded: list[tuple[datetime, str, str]] = []

    def entry(self, index: int, entry: Entry) -> None:
        """The next entry, of the range or from before it."""
        if isinstance(entry, Change):
            self._change(index, entry)
        elif isinstance(entry, Consent | Veto):
            self._statement(index, entry)
        elif isinstance(entry, Admission):
            self._in_force(index, entry)

    def _statement(self, index: int, entry: Consent | Veto) -> None:
        self._step.checked += 1
        try:
            envelope = base64.b64decode(entry.envelope, validate=True)
            said = open_statement(envelope, self._trust.officers, self._trust.threshold)
        except (ContractError, ValueError) as error:
            self._step.find(Code.CONSENT, f"a statement of the officers does not verify: {error}", index)
            return
        if (said.manifest, said.sequence, said.kind, said.region) != (
            entry.manifest,
            entry.sequence,
            entry.kind,
            self._region,
        ):
            self._step.find(Code.CONSENT, "an entry says something else than the statement in it", index)
            return
        if said.sequence <= self._sequence:
            self._step.find(Code.SEQUENCE, f"statement {said.sequence} follows {self._sequence}", index)
        self._sequence = max(self._sequence, said.sequence)
        self._statements[said.manifest] = said

    def _change(self, index: int, entry: Change) -> None:
        self._step.checked += 1
        manifest = self._manifest(entry.release)
        if manifest is None:
            self._step.find(Code.RELEASE, f"release {entry.version} is in force, and its manifest is not here", index)
        else:
            self._check_manifest(index, entry, manifest)
        if self._active is not None:
            self._superseded.append((entry.at, self._active.policy, self._active.config))
        self._active = entry

    def _check_manifest(self, index: int, entry: Change, manifest: Manifest) -> None:
        recorded = (entry.version, entry.code, entry.config, entry.policy, entry.models)
        if recorded != (manifest.version, manifest.code, manifest.config, manifest.policy, manifest.models):
            self._step.find(
                Code.RELEASE, f"release {entry.version} was recorded with other contents than it has", index
            )
        if self._region not in manifest.regions:
            self._step.find(Code.RELEASE, f"release {entry.version} is not for {self._region}", index)
        if self._released is not None and hex_of(entry.release) not in self._released:
            self._step.find(Code.TUF, f"release {entry.version} is not in the signed release metadata", index)
        before = self._manifest(self._active.release) if self._active else None
        if entry.action == "applied" and gated_changes(before, manifest):
            self._check_consent(index, entry, [entry.release])
        elif entry.action != "applied" and self._active is not None:
            self._check_way_back(index, entry)

    def _check_way_back(self, index: int, entry: Change) -> None:
        """A way back needs a consent of its own, or the consent to the release whose fallback it is."""
        leaving = self._manifest(self._active.release) if self._active else None
        covered = [entry.release]
        if leaving is not None and leaving.fallback == entry.release:
            covered.append(leaving.digest)
        self._check_consent(index, entry, covered)

    def _check_consent(self, index: int, entry: Change, manifests: list[str]) -> None:
        said = [self._statements[name] for name in manifests if name in self._statements]
        if any(statement.kind == "consent" for statement in said):
            return
        if said:
            self._step.find(Code.VETOED, f"release {entry.version} runs against the officers' veto", index)
        else:
            self._step.find(Code.CONSENT, f"release {entry.version} runs without the officers' consent", index)

    def _in_force(self, index: int, entry: Admission) -> None:
        allowed = [] if self._active is None else [(self._active.policy, self._active.config)]
        allowed += [(policy, config) for until, policy, config in self._superseded if entry.at <= until + SWITCH]
        if (entry.policy, entry.config) not in allowed:
            self._step.find(Code.POLICY_FORCE, f"admission {entry.number} names what was not in force", index)

    def _manifest(self, digest: str) -> Manifest | None:
        if digest not in self._manifests:
            name = f"releases/{hex_of(digest)}"
            try:
                found = Manifest.decode(self._archive.read(name)) if name in self._names else None
            except ContractError as error:
                self._step.find(Code.RELEASE, f"{name}: {error}")
                found = None
            self._manifests[digest] = found if found is not None and found.digest == digest else None
        return self._manifests[digest]


def released(archive: Archive, trust: Trust, step: Step) -> frozenset[str] | None:
    """The SHA-256 (hexadecimal) of every target in the release metadata, verified from the trusted root on."""
    if trust.tuf_root is None:
        step.find(Code.TUF, "the trust file holds no release root: releases cannot be traced")
        return None
    try:
        root = _newest_root(archive, trust.tuf_root)
        targets: Metadata[Any] = Metadata.from_bytes(archive.read("tuf/targets.json"))
        root.signed.verify_delegate("targets", targets.signed_bytes, targets.signatures)
    except (RepositoryError, ContractError, ValueError) as error:
        step.find(Code.TUF, f"the release metadata does not verify: {error}")
        return None
    if not isinstance(targets.signed, Targets):
        step.find(Code.TUF, "tuf/targets.json holds other metadata")
        return None
    return frozenset(target.hashes["sha256"] for target in targets.signed.targets.values() if "sha256" in target.hashes)


def _newest_root(archive: Archive, trusted: Metadata[Root]) -> Metadata[Root]:
    """Follow the chain of roots: each is signed by its own keys and by those of the one before (TUF 5.3)."""
    current = trusted
    name: Callable[[int], str] = "tuf/{}.root.json".format
    while name(current.signed.version + 1) in archive.names:
        following: Metadata[Any] = Metadata.from_bytes(archive.read(name(current.signed.version + 1)))
        for delegator in (current, following):
            delegator.signed.verify_delegate("root", following.signed_bytes, following.signatures)
        if following.signed.version != current.signed.version + 1:
            raise ValueError("the chain of roots has a gap")
        current = following
    return current
