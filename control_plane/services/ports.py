"""What the use cases need from the registry and the authority, as small protocols.

One transaction spans all stores: what a use case changes and the log entry that records it become true together, or not
at all. Adapters MUST pass the conformance suites of `tests/conformance/registry`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from control_plane.domain.fleet import EvidenceRequest, Gate, Outbound, Received
from control_plane.domain.invitations import Invitation
from control_plane.domain.ledger import LogEntry, LogHead, Witnessed
from control_plane.domain.people import SecretKind, User, UserSecret
from control_plane.domain.regions import Certificate, Link, LinkEvent, Observation, Region, RegionKeys
from control_plane.domain.releases import Desired, Release, ReleaseStage, ReleaseStanding
from control_plane.domain.reports import KeptReport, Report
from control_plane.domain.spend import Coverage, MachineSum, SpendQuery, SpendRow
from control_plane.domain.words import RegionId, UserId
from control_plane.services.rollout_ports import AnswerStore, RolloutStore


class RegionStore(Protocol):
    """Regions and their keys."""

    async def get(self, region: RegionId) -> Region | None:
        """The region with its present keys."""

    async def lock(self, region: RegionId) -> Region | None:
        """Like `get`, and MUST hold back any other `lock` of the region until the transaction ends."""

    async def by_enrolment_key(self, key: bytes) -> Region | None:
        """The region whose present enrolment key this is."""

    async def all(self) -> Sequence[Region]:
        """All regions in the order of their ids."""

    async def save(self, region: Region) -> None:
        """Insert or replace the region's own fields; MUST leave its keys alone."""

    async def replace_keys(self, region: RegionId, keys: RegionKeys, at: datetime) -> None:
        """Make `keys` the present ones; MUST keep the earlier ones as history."""


class CertificateStore(Protocol):
    """Client certificates by serial."""

    async def add(self, certificate: Certificate) -> None:
        """Record one that was issued."""

    async def get(self, serial: str) -> Certificate | None:
        """The certificate with this serial."""

    async def newest(self, region: RegionId) -> Certificate | None:
        """The region's certificate with the latest expiry, revoked or not."""

    async def revoke_all(self, region: RegionId, at: datetime) -> Sequence[str]:
        """Revoke all of the region's; returns the serials that this call revoked."""


class InvitationStore(Protocol):
    """Invitations by id."""

    async def add(self, invitation: Invitation) -> None:
        """Record a new one."""

    async def lock(self, invitation: bytes) -> Invitation | None:
        """The invitation; MUST hold back any other `lock` of it until the transaction ends."""

    async def use(self, invitation: bytes, at: datetime) -> None:
        """Mark it used."""

    async def open(self, now: datetime) -> Sequence[Invitation]:
        """Those that could still be used, newest first."""


class ReleaseStore(Protocol):
    """Releases and the blobs that they name."""

    async def add(self, release: Release, blobs: Sequence[tuple[bytes, bytes]]) -> None:
        """Record a draft with its (digest, body) blobs; a known blob is left as it is."""

    async def by_version(self, version: int) -> Release | None:
        """The release of this version."""

    async def by_digest(self, digest: bytes) -> Release | None:
        """The release with this manifest."""

    async def all(self, region: RegionId | None = None) -> Sequence[Release]:
        """Releases, newest version first; those that name `region` where it is given."""

    async def stage(self, version: int, stage: ReleaseStage, by: str, at: datetime) -> None:
        """Move a release on; by and at are kept when it is published."""

    async def blob(self, digest: bytes) -> bytes | None:
        """A blob, or a manifest, by its SHA-256."""


class SigningStore(Protocol):
    """What waits for offline signatures, and the TUF metadata that has them."""

    async def put_draft(self, version: int, base: int, payload: bytes) -> None:
        """Keep unsigned targets metadata for a release; MUST drop signatures over an earlier one."""

    async def draft(self, version: int) -> tuple[int, bytes, Sequence[tuple[str, bytes]]] | None:
        """(base targets version, unsigned metadata, (key id, signature) pairs)."""

    async def add_signature(self, version: int, keyid: str, signature: bytes) -> None:
        """Add one; a second by the same key replaces the first."""

    async def newest(self, role: str) -> tuple[int, bytes] | None:
        """Newest (version, metadata) of a TUF role; MUST NOT be older than what was put last."""

    async def metadata(self, role: str, version: int) -> bytes | None:
        """TUF metadata of a role at a version."""

    async def put(self, role: str, version: int, body: bytes) -> None:
        """Add TUF metadata; MUST refuse another body under a known version."""


class FleetStore(Protocol):
    """What sessions are told, and which session is a region's."""

    async def outbound(self, region: RegionId, now: datetime) -> Outbound:
        """All that the region is to be told now."""

    async def desire(
        self, region: RegionId, manifest: bytes, *, rollback: bool, rollout: str | None, at: datetime
    ) -> Desired:
        """Set the desired state under the next generation. The same manifest for the same rollout changes nothing."""

    async def desired(self, region: RegionId) -> Desired | None:
        """The present desired state."""

    async def marks(self) -> Sequence[tuple[RegionId, int]]:
        """(region, count of changes that concern its session)."""


class LinkStore(Protocol):
    """Links and their events."""

    async def open(self, region: RegionId, session: str, at: datetime) -> None:
        """Make `session` the region's, connected; records the event."""

    async def close(self, region: RegionId, session: str, kind: str, at: datetime) -> None:
        """Record the end of a session; the link goes down only if `session` is still the region's."""

    async def seen(self, region: RegionId, session: str, at: datetime) -> None:
        """The region was heard of."""

    async def get(self, region: RegionId) -> Link | None:
        """A region's link."""

    async def all(self) -> Sequence[Link]:
        """All links."""

    async def events(self, region: RegionId | None, limit: int) -> Sequence[LinkEvent]:
        """Newest first."""

    async def reset(self, sessions_before: datetime, at: datetime) -> int:
        """Close links that were last heard of before a time (their process died); returns how many."""


class StateStore(Protocol):
    """What regions say of themselves."""

    async def observe(self, seen: Observation) -> None:
        """Keep the newest observation."""

    async def observations(self) -> Sequence[Observation]:
        """All regions' newest ones."""

    async def stand(self, standing: ReleaseStanding) -> None:
        """Keep what a region says of a release."""

    async def standings(self, manifest: bytes | None = None) -> Sequence[ReleaseStanding]:
        """What regions said, of one release or of all."""

    async def count(self, region: RegionId, kind: str, size: int, at: datetime, messages: int = 1) -> None:
        """Count messages of a type, of `size` bytes together, within their hour."""

    async def received(self, since: datetime) -> Sequence[Received]:
        """Counts of the hours from `since` on."""


class GateStore(Protocol):
    """Gates that regions evaluate."""

    async def ask(self, gate: Gate) -> None:
        """Record a question; a known id is left as it is."""

    async def get(self, gate: bytes) -> Gate | None:
        """The gate with its answer."""

    async def answer(self, gate: bytes, verdict: str, reason: str, at: datetime) -> bool:
        """Record the answer; only the first counts. Returns whether this one did."""

    async def recent(self, limit: int) -> Sequence[Gate]:
        """Newest first."""


class EvidenceStore(Protocol):
    """Requests for evidence."""

    async def add(self, request: EvidenceRequest) -> None:
        """Record a request; a known id is left as it is."""

    async def get(self, request: bytes) -> EvidenceRequest | None:
        """One request."""

    async def all(self) -> Sequence[EvidenceRequest]:
        """Newest first."""

    async def advance(self, request: EvidenceRequest) -> None:
        """Keep the request's new phase and bundle."""


class ReportStore(Protocol):
    """Reports as sent, and their cells."""

    async def newest(self, region: RegionId) -> KeptReport | None:
        """The region's last report."""

    async def get(self, region: RegionId, sequence: int) -> KeptReport | None:
        """One report without its bytes."""

    async def body(self, region: RegionId, sequence: int) -> tuple[bytes, bytes] | None:
        """(exact bytes, signature) of a report."""

    async def add(self, report: Report, body: bytes, signature: bytes, at: datetime) -> None:
        """Keep a report and its cells."""

    async def recent(self, region: RegionId | None, limit: int, before: int | None = None) -> Sequence[KeptReport]:
        """Newest first, with sequences below `before` where it is given."""


class SpendStore(Protocol):
    """Sums over the cells of all reports."""

    async def sums(self, query: SpendQuery) -> Sequence[SpendRow]:
        """One row per key and currency, largest cost first."""

    async def machines(self, query: SpendQuery) -> Sequence[MachineSum]:
        """Machine lines over the same time."""

    async def coverage(self) -> Sequence[Coverage]:
        """How far each region's reports reach."""


class WitnessStore(Protocol):
    """Checkpoints that were cosigned."""

    async def newest(self, region: RegionId) -> Witnessed | None:
        """The largest one of a region."""

    async def add(self, checkpoint: Witnessed) -> None:
        """Keep one; the same size again replaces its cosignature only."""

    async def all_newest(self) -> Sequence[Witnessed]:
        """The largest one of each region."""


class LogStore(Protocol):
    """The centre's own Merkle log."""

    async def lock_head(self) -> LogHead:
        """The head; MUST hold back any other `lock_head` until the transaction ends."""

    async def append(self, body: bytes, leaf: bytes, head: LogHead, at: datetime) -> None:
        """Add the entry at index `head.size - 1` and make `head` the head."""

    async def head(self) -> LogHead:
        """The head as last committed."""

    async def entries(self, first: int, limit: int) -> Sequence[LogEntry]:
        """Entries from an index on."""

    async def newest(self, limit: int) -> Sequence[LogEntry]:
        """The last entries, newest first."""

    async def leaves(self, first: int, limit: int) -> Sequence[bytes]:
        """Leaf hashes from an index on."""


class UserStore(Protocol):
    """Users and their secrets."""

    async def get(self, user: UserId) -> User | None:
        """One user."""

    async def all(self) -> Sequence[User]:
        """In the order of their ids."""

    async def save(self, user: User) -> None:
        """Insert or replace."""

    async def add_secret(self, secret: UserSecret) -> None:
        """Keep a link's, session's or token's hash."""

    async def lock_secret(self, digest: bytes, kind: SecretKind) -> UserSecret | None:
        """One secret; MUST hold back any other `lock_secret` of it until the transaction ends."""

    async def spend_secret(self, digest: bytes, used_at: datetime | None, revoked_at: datetime | None) -> None:
        """Mark it used, or revoked."""


@dataclass(frozen=True)
class Transaction:
    """All stores over one transaction."""

    regions: RegionStore
    certificates: CertificateStore
    invitations: InvitationStore
    releases: ReleaseStore
    signing: SigningStore
    fleet: FleetStore
    links: LinkStore
    states: StateStore
    gates: GateStore
    evidence: EvidenceStore
    reports: ReportStore
    spend: SpendStore
    witness: WitnessStore
    log: LogStore
    users: UserStore
    rollouts: RolloutStore
    answers: AnswerStore


class Registry(Protocol):
    """Where transactions come from."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises."""


class Clock(Protocol):
    """The time, given from outside."""

    def __call__(self) -> datetime:
        """Now, in UTC."""


class CertificateIssuer(Protocol):
    """The certificate authority."""

    def check(self, csr: bytes, region: RegionId) -> None:
        """Raise `InvalidError` unless the request is well-formed and `StateError` unless it is for `region`."""

    def issue(self, csr: bytes, region: RegionId, now: datetime) -> tuple[bytes, Certificate]:
        """(certificate in DER, its record). MUST check as `check` does."""

    def ca(self) -> bytes:
        """The CA's certificate in DER."""


class TufAuthority(Protocol):
    """Makes and checks TUF metadata; it keeps nothing."""

    def draft_targets(self, newest: bytes, targets: Sequence[tuple[str, bytes]], now: datetime) -> bytes:
        """Unsigned targets metadata of the next version that adds (path, body) targets to the newest."""

    def signable(self, metadata: bytes) -> bytes:
        """The exact bytes over which signatures are made."""

    def target_keys(self, root: bytes) -> tuple[tuple[tuple[str, str], ...], int]:
        """((key id, `ed25519:<base64>`) pairs, threshold) of the role targets."""

    def check_signature(self, root: bytes, metadata: bytes, keyid: str, signature: bytes) -> None:
        """Raise `InvalidError` unless it is a signature by a targets key."""

    def complete(self, metadata: bytes, signatures: Sequence[tuple[str, bytes]], root: bytes) -> tuple[int, bytes]:
        """(version, metadata with its signatures); raises `StateError` below the threshold."""

    def online(
        self, targets: bytes, snapshot: bytes, timestamp: bytes, now: datetime
    ) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        """(version, bytes) of the next snapshot and timestamp over these targets, signed by the online keys."""

    def due(self, snapshot: bytes, timestamp: bytes, now: datetime) -> bool:
        """Whether the online roles must be made anew because of their age."""


class Cosigner(Protocol):
    """The witness's key."""

    def vkey(self) -> str:
        """The witness's verifier key in C2SP's text form."""

    def cosign(self, checkpoint_text: str, now: datetime) -> bytes:
        """One cosignature/v1 signature line, with its newline."""
