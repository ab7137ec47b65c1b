"""A centre for tests of the region: the real services over real TLS, everything behind them in memory.

It keeps to the protocol as the proto files state it, records what it was told, and has knobs for what a bad day or a
bad centre does.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import grpc
import grpc.aio
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bailiwick.agent.v1 import agent_pb2, agent_pb2_grpc, enrolment_pb2, enrolment_pb2_grpc
from bailiwick.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from bailiwick.contract.checkpoint import open_checkpoint
from bailiwick.contract.cosignature import cosign
from bailiwick.contract.enrolment import Invitation
from bailiwick.contract.merkle import verify_consistency
from bailiwick.contract.note import Algorithm, SignerKey, VerifierKey
from bailiwick.metrics.v1 import metrics_pb2, metrics_pb2_grpc
from bailiwick.rpc import connect, credentials
from bailiwick.rpc.peer import peer_of
from bailiwick.witness.v1 import witness_pb2, witness_pb2_grpc
from tests.fakes.tuf_repository import TufSimulator


def utc() -> datetime:
    return datetime.now(UTC)


class FakeAuthority:
    """The centre's CA and its own certificate."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake centre")])
        self.certificate = self._sign(
            self.name, self.key.public_key(), (x509.BasicConstraints(ca=True, path_length=0), True), days=3650
        )
        server = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        leaf = self._sign(x509.Name([]), server.public_key(), (names, False), days=90)
        self.server_key = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.server_chain = leaf.public_bytes(Encoding.PEM) + self.pem

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def issue(self, csr: x509.CertificateSigningRequest, start: datetime, life: timedelta) -> bytes:
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        builder = self._builder(x509.Name([]), csr.public_key(), start, start + life)
        builder = builder.add_extension(names.value, critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _sign(self, subject, key, *extensions, days: int) -> x509.Certificate:
        builder = self._builder(subject, key, utc() - timedelta(minutes=5), utc() + timedelta(days=days))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def _builder(self, subject, key, start, end) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)


@dataclass
class Known:
    """What the fake centre knows of a region."""

    report_key: bytes = b""
    ledger_key: bytes = b""
    enrolment_key: bytes = b""
    approved: bool = False
    revoked: bool = False
    forgotten: set[int] = field(default_factory=set)  # serials that a restored centre has never heard of
    reports: dict[int, bytes] = field(default_factory=dict)
    submissions: list[int] = field(default_factory=list)
    said: list[agent_pb2.SessionRequest] = field(default_factory=list)
    cosigned_size: int = 0
    cosigned_root: bytes = b""
    restored: int = 0

    @property
    def next_sequence(self) -> int:
        return max(self.reports, default=self.restored) + 1

    def newest(self, kind: str):
        for request in reversed(self.said):
            if request.WhichOneof("body") == kind:
                return getattr(request, kind)
        return None

    def phases(self, manifest: bytes) -> list[int]:
        states = [r.release_state for r in self.said if r.WhichOneof("body") == "release_state"]
        return [state.phase for state in states if state.manifest == manifest]


class FakeCentre(
    agent_pb2_grpc.AgentServiceServicer,
    enrolment_pb2_grpc.EnrolmentServiceServicer,
    artifacts_pb2_grpc.ArtifactsServiceServicer,
    metrics_pb2_grpc.ReportsServiceServicer,
    witness_pb2_grpc.WitnessServiceServicer,
):
    """Start and stop it as often as a test likes; its memory stays."""

    def __init__(self, agents_port: int, enrolment_port: int) -> None:
        self.agents = f"localhost:{agents_port}"
        self.enrolment = f"localhost:{enrolment_port}"
        self.authority = FakeAuthority()
        self.tuf = TufSimulator()
        self.witness = SignerKey("fake/witness", Ed25519PrivateKey.generate(), Algorithm.COSIGNATURE_V1)
        self.invitations: dict[str, tuple[Invitation, bool]] = {}
        self.regions: dict[str, Known] = {}
        self.life = timedelta(hours=24)
        self.backdate = timedelta(minutes=1)
        self.origin = "bailiwick/{region}"
        self.desired: agent_pb2.DesiredState | None = None
        self.offers: list[bytes] = []
        self.gates: list[agent_pb2.GateRequest] = []
        self.evidence: list[agent_pb2.EvidenceRequest] = []
        self.damage = 0
        self.refuse = False
        self.lose_answers = 0
        self.root_answer: bytes | None = None
        self.fetched: list[artifacts_pb2.FetchRequest] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None  # happens once, while something is fetched
        self.received: list[bytes] = []
        self._changed = asyncio.Condition()
        self._servers: list[grpc.aio.Server] = []
        self._ports = (agents_port, enrolment_port)

    async def start(self) -> None:
        secure = (self.authority.server_key, self.authority.server_chain)
        agents, enrolment = connect.server([]), connect.server([])
        agent_pb2_grpc.add_AgentServiceServicer_to_server(self, agents)
        artifacts_pb2_grpc.add_ArtifactsServiceServicer_to_server(self, agents)
        metrics_pb2_grpc.add_ReportsServiceServicer_to_server(self, agents)
        witness_pb2_grpc.add_WitnessServiceServicer_to_server(self, agents)
        enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(self, enrolment)
        agents.add_secure_port(f"127.0.0.1:{self._ports[0]}", credentials.agents_server(self.authority.pem, *secure))
        enrolment.add_secure_port(f"127.0.0.1:{self._ports[1]}", credentials.enrolment_server(*secure))
        for server in (agents, enrolment):
            await server.start()
        self._servers = [agents, enrolment]

    async def stop(self) -> None:
        for server in self._servers:
            await server.stop(0)
        self._servers = []

    def invite(self, region: str = "eu-de", jurisdiction: str = "EU", **changes: Any) -> str:
        values: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "secret": secrets.token_hex(32),
            "region": region,
            "jurisdiction": jurisdiction,
            "expires": utc() + timedelta(hours=1),
            "ca": f"sha256:{hashlib.sha256(self.authority.der).hexdigest()}",
            "tuf_root": f"sha256:{hashlib.sha256(self.tuf.root_1).hexdigest()}",
            "witness": str(self.witness.verifier),
            "enrolment": self.enrolment,
            "agents": self.agents,
            **changes,
        }
        invitation = Invitation(**values)
        self.invitations[invitation.id] = (invitation, False)
        return invitation.encode()

    def region(self, name: str = "eu-de") -> Known:
        return self.regions.setdefault(name, Known())

    def _hear(self, request, context) -> None:
        """Keeps what crossed the border: a message's bytes, and the metadata that came with the call."""
        self.received.append(request.SerializeToString())
        self.received += [f"{key}: {value}".encode() for key, value in context.invocation_metadata() or ()]

    async def push(self) -> None:
        """Something changed: sessions say it."""
        async with self._changed:
            self._changed.notify_all()

    async def wish(self, manifest: bytes, *, rollback: bool = False, generation: int | None = None) -> int:
        newest = self.desired.generation if self.desired else 0
        chosen = newest + 1 if generation is None else generation
        self.desired = agent_pb2.DesiredState(generation=chosen, manifest=manifest, rollback=rollback)
        await self.push()
        return chosen

    async def offer(self, *manifests: bytes) -> None:
        self.offers = list(manifests)
        await self.push()

    # Enrolment

    async def Enrol(self, request, context):  # noqa: N802 -- gRPC's name
        self._hear(request, context)
        known = self.invitations.get(request.invitation_id.hex())
        if known is None or known[1] or known[0].secret != request.invitation_secret.hex() or known[0].expires < utc():
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "invitation refused")
            raise AssertionError
        invitation, _ = known
        csr = x509.load_der_x509_csr(request.csr)
        if _uris(csr) != [f"bailiwick://region/{invitation.region}"] or not csr.is_signature_valid:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "other region")
        self.invitations[invitation.id] = (invitation, True)
        region = self.region(invitation.region)
        region.report_key, region.ledger_key = request.report_key, request.ledger_key
        region.enrolment_key = request.enrolment_key
        return enrolment_pb2.EnrolResponse(ca=self.authority.der, tuf_root=self.root_answer or self.tuf.root_1)

    async def Renew(self, request, context):  # noqa: N802 -- gRPC's name
        self._hear(request, context)
        found = [n for n, known in self.regions.items() if known.enrolment_key == request.enrolment_key]
        if not found:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "unknown region")
        known = self.regions[found[0]]
        message = hashlib.sha256(request.csr).digest() + request.unix_time.to_bytes(8, "big")
        try:
            key = Ed25519PublicKey.from_public_bytes(request.enrolment_key)
            key.verify(request.proof, b"bailiwick-renew-v1\n" + message)
        except InvalidSignature:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "unknown region")
        if known.revoked:
            return enrolment_pb2.RenewResponse(state=enrolment_pb2.ENROLMENT_STATE_REVOKED)
        if not known.approved:
            return enrolment_pb2.RenewResponse(state=enrolment_pb2.ENROLMENT_STATE_AWAITING_APPROVAL)
        issued = self.authority.issue(x509.load_der_x509_csr(request.csr), utc() - self.backdate, self.life)
        return enrolment_pb2.RenewResponse(state=enrolment_pb2.ENROLMENT_STATE_ISSUED, certificate=issued)

    # The session

    async def Session(self, request_iterator, context) -> AsyncIterator[agent_pb2.SessionResponse]:  # noqa: N802
        peer = peer_of(context)
        known = self.region(peer.region)
        if known.revoked or peer.serial in known.forgotten:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "revoked")
        answers: asyncio.Queue[agent_pb2.SessionResponse | None] = asyncio.Queue()
        self.received += [f"{key}: {value}".encode() for key, value in context.invocation_metadata() or ()]
        reader = asyncio.create_task(self._read(known, request_iterator, answers))
        pusher = asyncio.create_task(self._push(answers))
        try:
            while (answer := await answers.get()) is not None:
                yield answer
        finally:
            reader.cancel()
            pusher.cancel()

    async def _read(self, known: Known, requests, answers) -> None:
        async for request in requests:
            known.said.append(request)
            self.received.append(request.SerializeToString())
            if request.WhichOneof("body") == "heartbeat":
                echo = agent_pb2.HeartbeatEcho(sequence=request.heartbeat.sequence)
                await answers.put(agent_pb2.SessionResponse(echo=echo))
        await answers.put(None)

    async def _push(self, answers) -> None:
        asked: set[bytes] = set()
        while True:
            if self.desired is not None:
                await answers.put(agent_pb2.SessionResponse(desired=self.desired))
            await answers.put(agent_pb2.SessionResponse(offers=agent_pb2.Offers(manifests=self.offers)))
            await answers.put(agent_pb2.SessionResponse(evidence=agent_pb2.EvidenceRequests(requests=self.evidence)))
            for gate in self.gates:
                if gate.gate_id not in asked:
                    asked.add(gate.gate_id)
                    await answers.put(agent_pb2.SessionResponse(gate=gate))
            async with self._changed:
                await self._changed.wait()

    # Artifacts, reports, witness

    async def Fetch(self, request, context):  # noqa: N802 -- gRPC's name
        self.fetched.append(request)
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        self._hear(request, context)
        body = self.tuf.fetch(request)
        if body is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such file")
            raise AssertionError
        for start in range(0, max(1, len(body)), 1 << 16):
            yield artifacts_pb2.FetchResponse(chunk=body[start : start + (1 << 16)])

    async def Submit(self, request, context):  # noqa: N802 -- gRPC's name
        known = self.region(peer_of(context).region)
        self._hear(request, context)
        body = request.report
        if self.damage:
            self.damage -= 1
            body = body[:-1] + bytes([body[-1] ^ 1])
        report = metrics_pb2.Report.FromString(request.report)
        known.submissions.append(report.sequence)
        status = self._judge(known, body, request.signature, report)
        if self.lose_answers:
            self.lose_answers -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        return metrics_pb2.SubmitResponse(status=status, next_sequence=known.next_sequence)

    def _judge(self, known: Known, body: bytes, signature: bytes, report: metrics_pb2.Report) -> Any:
        try:
            Ed25519PublicKey.from_public_bytes(known.report_key).verify(signature, b"bailiwick-report-v1\n" + body)
        except InvalidSignature:
            return metrics_pb2.SUBMIT_STATUS_BAD_SIGNATURE
        if self.refuse:
            return metrics_pb2.SUBMIT_STATUS_INVALID
        if report.sequence in known.reports:
            same = known.reports[report.sequence] == body
            return metrics_pb2.SUBMIT_STATUS_KNOWN if same else metrics_pb2.SUBMIT_STATUS_CONFLICT
        if report.sequence != known.next_sequence:
            return metrics_pb2.SUBMIT_STATUS_GAP
        known.reports[report.sequence] = body
        return metrics_pb2.SUBMIT_STATUS_ACCEPTED

    async def State(self, request, context):  # noqa: N802 -- gRPC's name
        self._hear(request, context)
        return witness_pb2.StateResponse(size=self.region(peer_of(context).region).cosigned_size)

    async def AddCheckpoint(self, request, context):  # noqa: N802 -- gRPC's name
        region = peer_of(context).region
        self._hear(request, context)
        known = self.region(region)
        verifier = VerifierKey(self.origin.format(region=region), Algorithm.ED25519, known.ledger_key)
        checkpoint = open_checkpoint(request.checkpoint, verifier)
        if request.old_size != known.cosigned_size:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "other size")
        if known.cosigned_size:
            verify_consistency(
                known.cosigned_size, checkpoint.size, list(request.proof), known.cosigned_root, checkpoint.root
            )
        known.cosigned_size, known.cosigned_root = checkpoint.size, checkpoint.root
        line = cosign(checkpoint.text(), self.witness, int(utc().timestamp()))
        return witness_pb2.AddCheckpointResponse(cosignature=line.encode())


def _uris(csr: x509.CertificateSigningRequest) -> list[str]:
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)
