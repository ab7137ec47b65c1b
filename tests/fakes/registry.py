"""The centre's registry in memory: the same ports, one transaction at a time, rolled back by copy."""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from control_plane.domain.errors import StateError
from control_plane.domain.fleet import EvidenceRequest, Gate, Outbound, Received
from control_plane.domain.invitations import Invitation
from control_plane.domain.ledger import LogEntry, LogHead, Witnessed
from control_plane.domain.regions import Certificate, Link, LinkEvent, Observation, Region, RegionKeys
from control_plane.domain.releases import Desired, Release, ReleaseStage, ReleaseStanding
from control_plane.domain.reports import Cell, KeptReport, Report
from control_plane.domain.spend import Coverage, Dimension, MachineSum, SpendQuery, SpendRow
from control_plane.domain.words import RegionId
from control_plane.services.ports import Transaction


@dataclass
class State:
    """Everything that a registry keeps."""

    regions: dict[RegionId, Region] = field(default_factory=dict)
    keys: dict[RegionId, list[RegionKeys]] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    invitations: dict[bytes, Invitation] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    blobs: dict[bytes, bytes] = field(default_factory=dict)
    drafts: dict[int, tuple[int, bytes, dict[str, bytes]]] = field(default_factory=dict)
    tuf: dict[tuple[str, int], bytes] = field(default_factory=dict)
    desired: dict[RegionId, Desired] = field(default_factory=dict)
    marks: dict[RegionId, int] = field(default_factory=dict)
    links: dict[RegionId, Link] = field(default_factory=dict)
    events: list[LinkEvent] = field(default_factory=list)
    observations: dict[RegionId, Observation] = field(default_factory=dict)
    standings: dict[tuple[RegionId, bytes], ReleaseStanding] = field(default_factory=dict)
    received: dict[tuple[RegionId, str, datetime], Received] = field(default_factory=dict)
    gates: dict[bytes, Gate] = field(default_factory=dict)
    evidence: dict[bytes, EvidenceRequest] = field(default_factory=dict)
    reports: dict[tuple[RegionId, int], tuple[Report, bytes, bytes, datetime]] = field(default_factory=dict)
    checkpoints: dict[RegionId, Witnessed] = field(default_factory=dict)
    log: list[tuple[bytes, bytes, datetime]] = field(default_factory=list)
    head: LogHead = field(default_factory=lambda: LogHead(0))

    def ring(self, region: RegionId) -> None:
        """Count a change that concerns a region's session."""
        self.marks[region] = self.marks.get(region, 0) + 1


class _Store:
    def __init__(self, state: State) -> None:
        self.s = state


class FakeRegions(_Store):
    async def get(self, region: RegionId) -> Region | None:
        found = self.s.regions.get(region)
        keys = self.s.keys.get(region)
        return replace(found, keys=keys[-1]) if found is not None and keys else found

    lock = get

    async def by_enrolment_key(self, key: bytes) -> Region | None:
        for region, keys in self.s.keys.items():
            if keys[-1].enrolment == key:
                return await self.get(region)
        return None

    async def all(self) -> Sequence[Region]:
        found = [await self.get(region) for region in sorted(self.s.regions)]
        return [region for region in found if region is not None]

    async def save(self, region: Region) -> None:
        self.s.regions[region.id] = replace(region, keys=None)

    async def replace_keys(self, region: RegionId, keys: RegionKeys, at: datetime) -> None:
        self.s.keys.setdefault(region, []).append(keys)


class FakeCertificates(_Store):
    async def add(self, certificate: Certificate) -> None:
        self.s.certificates[certificate.serial] = certificate
        self.s.ring(certificate.region)

    async def get(self, serial: str) -> Certificate | None:
        return self.s.certificates.get(serial)

    async def newest(self, region: RegionId) -> Certificate | None:
        own = [c for c in self.s.certificates.values() if c.region == region]
        return max(own, key=lambda c: c.not_after, default=None)

    async def revoke_all(self, region: RegionId, at: datetime) -> Sequence[str]:
        alive = [c for c in self.s.certificates.values() if c.region == region and c.revoked_at is None]
        for certificate in alive:
            self.s.certificates[certificate.serial] = replace(certificate, revoked_at=at)
            self.s.ring(region)
        return [certificate.serial for certificate in alive]


class FakeInvitations(_Store):
    async def add(self, invitation: Invitation) -> None:
        self.s.invitations[invitation.id] = invitation

    async def lock(self, invitation: bytes) -> Invitation | None:
        return self.s.invitations.get(invitation)

    async def use(self, invitation: bytes, at: datetime) -> None:
        self.s.invitations[invitation] = replace(self.s.invitations[invitation], used_at=at)

    async def open(self, now: datetime) -> Sequence[Invitation]:
        usable = [i for i in self.s.invitations.values() if i.used_at is None and i.expires_at > now]
        return sorted(usable, key=lambda i: i.created_at, reverse=True)


class FakeReleases(_Store):
    async def add(self, release: Release, blobs: Sequence[tuple[bytes, bytes]]) -> None:
        if release.version in self.s.releases:
            raise ValueError(release.version)
        self.s.releases[release.version] = release
        for digest, body in blobs:
            self.s.blobs.setdefault(digest, body)

    async def by_version(self, version: int) -> Release | None:
        found = self.s.releases.get(version)
        draft = self.s.drafts.get(version)
        return replace(found, signatures=len(draft[2])) if found is not None and draft is not None else found

    async def by_digest(self, digest: bytes) -> Release | None:
        named = [release.version for release in self.s.releases.values() if release.digest == digest]
        return await self.by_version(named[0]) if named else None

    async def all(self, region: RegionId | None = None) -> Sequence[Release]:
        found = [await self.by_version(version) for version in sorted(self.s.releases, reverse=True)]
        return [r for r in found if r is not None and (region is None or region in r.regions)]

    async def stage(self, version: int, stage: ReleaseStage, by: str, at: datetime) -> None:
        moved = replace(self.s.releases[version], stage=stage)
        if stage is ReleaseStage.PUBLISHED:
            moved = replace(moved, published_by=by, published_at=at)
        self.s.releases[version] = moved
        for region in moved.regions:
            self.s.ring(region)

    async def blob(self, digest: bytes) -> bytes | None:
        named = [release.manifest for release in self.s.releases.values() if release.digest == digest]
        return self.s.blobs.get(digest) or (named[0] if named else None)


class FakeSigning(_Store):
    async def put_draft(self, version: int, base: int, payload: bytes) -> None:
        self.s.drafts[version] = (base, payload, {})

    async def draft(self, version: int) -> tuple[int, bytes, Sequence[tuple[str, bytes]]] | None:
        found = self.s.drafts.get(version)
        return None if found is None else (found[0], found[1], sorted(found[2].items()))

    async def add_signature(self, version: int, keyid: str, signature: bytes) -> None:
        self.s.drafts[version][2][keyid] = signature

    async def newest(self, role: str) -> tuple[int, bytes] | None:
        versions = [version for name, version in self.s.tuf if name == role]
        return (max(versions), self.s.tuf[role, max(versions)]) if versions else None

    async def metadata(self, role: str, version: int) -> bytes | None:
        return self.s.tuf.get((role, version))

    async def put(self, role: str, version: int, body: bytes) -> None:
        if self.s.tuf.setdefault((role, version), body) != body:
            raise StateError("tuf-version", "This version of the metadata exists already, with other content.")


class FakeFleet(_Store):
    async def outbound(self, region: RegionId, now: datetime) -> Outbound:
        seen = self.s.observations.get(region)
        running = seen.version if seen is not None else 0
        offers = [
            release.digest
            for version, release in sorted(self.s.releases.items(), reverse=True)
            if region in release.regions and release.stage is ReleaseStage.PUBLISHED and version > running
        ]
        gates = [gate for gate in self.s.gates.values() if gate.region == region and not gate.verdict]
        done = {"refused", "expired", "downloaded"}
        evidence = [
            request
            for request in self.s.evidence.values()
            if request.region == region and request.phase not in done and request.expires_at > now
        ]
        return Outbound(self.s.desired.get(region), tuple(offers), tuple(gates), tuple(evidence))

    async def desire(
        self, region: RegionId, manifest: bytes, *, rollback: bool, rollout: str | None, at: datetime
    ) -> Desired:
        known = self.s.desired.get(region)
        wanted = Desired(region, known.generation if known else 0, manifest, rollback, rollout)
        if wanted != known:
            self.s.desired[region] = replace(wanted, generation=wanted.generation + 1)
            self.s.ring(region)
        return self.s.desired[region]

    async def desired(self, region: RegionId) -> Desired | None:
        return self.s.desired.get(region)

    async def marks(self) -> Sequence[tuple[RegionId, int]]:
        return list(self.s.marks.items())


class FakeLinks(_Store):
    async def open(self, region: RegionId, session: str, at: datetime) -> None:
        known = self.s.links.get(region)
        self.s.links[region] = Link(region, session, True, at, at)
        self.s.events.append(LinkEvent(region, "connected", at))
        if known is not None and known.session != session:
            self.s.ring(region)

    async def close(self, region: RegionId, session: str, kind: str, at: datetime) -> None:
        link = self.s.links.get(region)
        if link is not None and link.session == session:
            self.s.links[region] = replace(link, connected=False, since=at)
        self.s.events.append(LinkEvent(region, kind, at))

    async def seen(self, region: RegionId, session: str, at: datetime) -> None:
        link = self.s.links.get(region)
        if link is not None and link.session == session:
            self.s.links[region] = replace(link, seen_at=at)

    async def get(self, region: RegionId) -> Link | None:
        return self.s.links.get(region)

    async def all(self) -> Sequence[Link]:
        return [self.s.links[region] for region in sorted(self.s.links)]

    async def events(self, region: RegionId | None, limit: int) -> Sequence[LinkEvent]:
        return [event for event in reversed(self.s.events) if region in {None, event.region}][:limit]

    async def reset(self, sessions_before: datetime, at: datetime) -> int:
        dead = [link for link in self.s.links.values() if link.connected and link.seen_at < sessions_before]
        for link in dead:
            await self.close(link.region, link.session, "disconnected", at)
        return len(dead)


class FakeStates(_Store):
    async def observe(self, seen: Observation) -> None:
        self.s.observations[seen.region] = seen

    async def observations(self) -> Sequence[Observation]:
        return [self.s.observations[region] for region in sorted(self.s.observations)]

    async def stand(self, standing: ReleaseStanding) -> None:
        self.s.standings[standing.region, standing.manifest] = standing

    async def standings(self, manifest: bytes | None = None) -> Sequence[ReleaseStanding]:
        found = [s for s in self.s.standings.values() if manifest in {None, s.manifest}]
        return sorted(found, key=lambda s: (s.at, s.region))

    async def count(self, region: RegionId, kind: str, size: int, at: datetime, messages: int = 1) -> None:
        hour = at.replace(minute=0, second=0, microsecond=0)
        known = self.s.received.get((region, kind, hour), Received(region, kind, hour, 0, 0))
        counted = replace(known, count=known.count + messages, size=known.size + size)
        self.s.received[region, kind, hour] = counted

    async def received(self, since: datetime) -> Sequence[Received]:
        found = [r for r in self.s.received.values() if r.hour >= since]
        return sorted(found, key=lambda r: (-r.hour.timestamp(), r.region, r.kind))


class FakeGates(_Store):
    async def ask(self, gate: Gate) -> None:
        if self.s.gates.setdefault(gate.id, gate) is gate:
            self.s.ring(gate.region)

    async def get(self, gate: bytes) -> Gate | None:
        return self.s.gates.get(gate)

    async def answer(self, gate: bytes, verdict: str, reason: str, at: datetime) -> bool:
        known = self.s.gates[gate]
        if known.verdict:
            return False
        self.s.gates[gate] = replace(known, verdict=verdict, reason=reason, answered_at=at)
        return True

    async def recent(self, limit: int) -> Sequence[Gate]:
        return sorted(self.s.gates.values(), key=lambda g: (-g.requested_at.timestamp(), g.id))[:limit]


class FakeEvidence(_Store):
    async def add(self, request: EvidenceRequest) -> None:
        if self.s.evidence.setdefault(request.id, request) is request:
            self.s.ring(request.region)

    async def get(self, request: bytes) -> EvidenceRequest | None:
        return self.s.evidence.get(request)

    async def all(self) -> Sequence[EvidenceRequest]:
        return sorted(self.s.evidence.values(), key=lambda r: (-r.requested_at.timestamp(), r.id))

    async def advance(self, request: EvidenceRequest) -> None:
        self.s.evidence[request.id] = request
        self.s.ring(request.region)


class FakeReports(_Store):
    async def newest(self, region: RegionId) -> KeptReport | None:
        sequences = [sequence for name, sequence in self.s.reports if name == region]
        return await self.get(region, max(sequences)) if sequences else None

    async def get(self, region: RegionId, sequence: int) -> KeptReport | None:
        found = self.s.reports.get((region, sequence))
        return None if found is None else _kept(*found)

    async def body(self, region: RegionId, sequence: int) -> tuple[bytes, bytes] | None:
        found = self.s.reports.get((region, sequence))
        return None if found is None else found[1:3]

    async def add(self, report: Report, body: bytes, signature: bytes, at: datetime) -> None:
        if (report.region, report.sequence) in self.s.reports:
            raise ValueError(report.sequence)
        self.s.reports[report.region, report.sequence] = (report, body, signature, at)

    async def recent(self, region: RegionId | None, limit: int, before: int | None = None) -> Sequence[KeptReport]:
        found = [_kept(*kept) for kept in self.s.reports.values()]
        wanted = [k for k in found if region in {None, k.region} and (before is None or k.sequence < before)]
        return sorted(wanted, key=lambda k: (-k.received_at.timestamp(), k.region, -k.sequence))[:limit]


def _kept(report: Report, body: bytes, _signature: bytes, at: datetime) -> KeptReport:
    return KeptReport(
        region=report.region,
        sequence=report.sequence,
        digest=hashlib.sha256(body).digest(),
        size=len(body),
        period_start=datetime.fromtimestamp(report.period_start, UTC),
        period_end=datetime.fromtimestamp(report.period_end, UTC),
        first_index=report.first_index,
        next_index=report.next_index,
        ledger_size=report.ledger_size,
        ledger_root=report.ledger_root,
        profile=report.profile,
        k=report.k,
        p_permille=report.p_permille,
        received_at=at,
    )


class FakeSpend(_Store):
    async def sums(self, query: SpendQuery) -> Sequence[SpendRow]:
        sums: dict[tuple[tuple[str, ...], str], list[int]] = {}
        for report, *_ in self.s.reports.values():
            start = datetime.fromtimestamp(report.period_start, UTC)
            if (query.since is not None and start < query.since) or (query.until is not None and start >= query.until):
                continue
            for cell in report.cells:
                if any(_word(name, report, cell) != word for name, word in query.where):
                    continue
                place = tuple(_word(name, report, cell) for name in query.group_by), cell.currency
                sums[place] = [a + b for a, b in zip(sums.get(place, [0] * 7), _measures(cell), strict=True)]
        rows = [SpendRow(place[0], place[1], *values) for place, values in sums.items()]
        return sorted(rows, key=lambda row: (-row.cost_micro, row.key, row.currency))

    async def machines(self, query: SpendQuery) -> Sequence[MachineSum]:
        sums: dict[tuple[RegionId, str, str], int] = {}
        for _, (report, *_rest) in sorted(self.s.reports.items()):
            for line in report.machines:
                place = report.region, line.measure, line.model
                sums[place] = line.amount + (sums.get(place, 0) if line.measure == "engine-seconds" else 0)
        return [MachineSum(*place, amount) for place, amount in sorted(sums.items())]

    async def coverage(self) -> Sequence[Coverage]:
        found = []
        for region in sorted({region for region, _ in self.s.reports}):
            kept = [_kept(*self.s.reports[key]) for key in sorted(self.s.reports) if key[0] == region]
            last, first = kept[-1], min(k.period_start for k in kept)
            ends = last.period_end, last.sequence, last.profile, last.k, last.p_permille
            found.append(Coverage(region, len(kept), first, *ends))
        return found


def _measures(cell: Cell) -> list[int]:
    tokens = [cell.prompt_tokens, cell.cached_tokens, cell.output_tokens, cell.reasoning_tokens]
    return [cell.requests, cell.refused, *tokens, cell.cost_micro]


def _word(name: Dimension, report: Report, cell: Cell) -> str:
    start = datetime.fromtimestamp(report.period_start, UTC)
    if name is Dimension.REGION:
        return report.region
    if name is Dimension.DAY:
        return start.strftime("%Y-%m-%d")
    if name is Dimension.PERIOD:
        return start.strftime("%Y-%m-%dT%H:%M:%SZ")
    if name is Dimension.SERVICE:
        return str(cell.service).lower()
    return str(getattr(cell, name.value))


class FakeWitness(_Store):
    async def newest(self, region: RegionId) -> Witnessed | None:
        return self.s.checkpoints.get(region)

    async def add(self, checkpoint: Witnessed) -> None:
        known = self.s.checkpoints.get(checkpoint.region)
        if known is not None and known.size == checkpoint.size:
            checkpoint = replace(known, cosignature=checkpoint.cosignature, at=checkpoint.at)
        self.s.checkpoints[checkpoint.region] = checkpoint

    async def all_newest(self) -> Sequence[Witnessed]:
        return [self.s.checkpoints[region] for region in sorted(self.s.checkpoints)]


class FakeLog(_Store):
    async def lock_head(self) -> LogHead:
        return self.s.head

    head = lock_head

    async def append(self, body: bytes, leaf: bytes, head: LogHead, at: datetime) -> None:
        assert head.size == len(self.s.log) + 1
        self.s.log.append((body, leaf, at))
        self.s.head = head

    async def entries(self, first: int, limit: int) -> Sequence[LogEntry]:
        rows = list(enumerate(self.s.log))[first : first + limit]
        return [LogEntry(index, body, at) for index, (body, _, at) in rows]

    async def newest(self, limit: int) -> Sequence[LogEntry]:
        return list(reversed(await self.entries(0, len(self.s.log))))[:limit]

    async def leaves(self, first: int, limit: int) -> Sequence[bytes]:
        return [leaf for _, leaf, _ in self.s.log[first : first + limit]]


class FakeRegistry:
    """One transaction at a time; what a failed one changed is gone."""

    def __init__(self) -> None:
        self.state = State()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self._turn:
            before = copy.deepcopy(self.state)
            try:
                yield stores(self.state)
            except BaseException:
                self.state = before
                raise


def stores(state: State) -> Transaction:
    """All stores that the centre's own services use; those of rollouts and users have fakes of their own."""
    elsewhere = cast("Any", SimpleNamespace())
    return Transaction(
        regions=FakeRegions(state),
        certificates=FakeCertificates(state),
        invitations=FakeInvitations(state),
        releases=FakeReleases(state),
        signing=FakeSigning(state),
        fleet=FakeFleet(state),
        links=FakeLinks(state),
        states=FakeStates(state),
        gates=FakeGates(state),
        evidence=FakeEvidence(state),
        reports=FakeReports(state),
        spend=FakeSpend(state),
        witness=FakeWitness(state),
        log=FakeLog(state),
        users=elsewhere,
        rollouts=elsewhere,
        answers=elsewhere,
    )
