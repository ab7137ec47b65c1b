"""One function per message that leaves: plain values in, a rebuilt message out.

This module and `report` are the only callers of `Rebuilder.build`; a test holds that nothing else in the region makes a
message of the wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.agent.v1 import agent_pb2
from data_plane.privacy.rebuild import Outgoing, Rebuilder, Values

AGENT = "bailiwick.agent.v1"
SESSION = f"{AGENT}.SessionRequest"


@dataclass(frozen=True)
class Observation:
    """What runs, as the region sees it. Digests have 32 bytes, or none while unknown."""

    generation: int
    state: int
    healthy: bool
    manifest: bytes = b""
    version: int = 0
    code: bytes = b""
    config: bytes = b""
    policy: bytes = b""
    engines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ReleaseNote:
    """How far a release has come in the region; `statement` is the officers' envelope, where there is one."""

    manifest: bytes
    phase: int
    reason: int = 0
    statement: bytes = b""


@dataclass(frozen=True)
class EvidenceNote:
    """How far a request for evidence has come; a built bundle is named by the digest of its plain bytes."""

    request: bytes
    phase: int
    bundle: bytes = b""
    first: int = 0
    next: int = 0

    @property
    def content(self) -> bool:
        """Whether this note carries a bundle's digest, and is accounted for as CONTENT."""
        return self.phase == agent_pb2.EVIDENCE_PHASE_BUILT


@dataclass(frozen=True)
class PublicKeys:
    """The raw public keys that the centre must know."""

    enrolment: bytes
    ledger: bytes
    report: bytes
    evidence: bytes
    officers: tuple[bytes, ...]
    threshold: int


def heartbeat(rebuilder: Rebuilder, sequence: int) -> Outgoing:
    """A sign of life."""
    return rebuilder.build(SESSION, {"heartbeat": {"sequence": sequence}})


def observed(rebuilder: Rebuilder, seen: Observation) -> Outgoing:
    """What every live gateway worker serves."""
    values: Values = {
        "generation": seen.generation,
        "manifest": seen.manifest,
        "version": seen.version,
        "code": seen.code,
        "config": seen.config,
        "policy": seen.policy,
        "state": seen.state,
        "healthy": int(seen.healthy),
        "engines": [{"model": model, "state": state} for model, state in seen.engines],
    }
    return rebuilder.build(SESSION, {"observed": values})


def release_state(rebuilder: Rebuilder, note: ReleaseNote) -> Outgoing:
    """How far a release has come."""
    values: Values = {
        "manifest": note.manifest,
        "phase": note.phase,
        "reason": note.reason,
        "statement": note.statement,
    }
    return rebuilder.build(SESSION, {"release_state": values})


def gate(rebuilder: Rebuilder, gate_id: bytes, verdict: int, reason: int) -> Outgoing:
    """A gate's verdict: never the numbers behind it."""
    return rebuilder.build(SESSION, {"gate": {"gate_id": gate_id, "verdict": verdict, "reason": reason}})


def evidence(rebuilder: Rebuilder, note: EvidenceNote) -> Outgoing:
    """How far a request for evidence has come."""
    return rebuilder.build(SESSION, {"evidence": _evidence_values(note)})


def evidence_content(rebuilder: Rebuilder, note: EvidenceNote) -> Outgoing:
    """The part of `evidence` that is CONTENT, for the ledger's account of it."""
    return rebuilder.build(f"{AGENT}.EvidenceState", _evidence_values(note))


def enrol(rebuilder: Rebuilder, invitation: tuple[bytes, bytes], csr: bytes, keys: PublicKeys) -> Outgoing:
    """Redeems an invitation, given as (id, secret)."""
    identifier, secret = invitation
    values: Values = {
        "invitation_id": identifier,
        "invitation_secret": secret,
        "csr": csr,
        "enrolment_key": keys.enrolment,
        "ledger_key": keys.ledger,
        "report_key": keys.report,
        "evidence_key": keys.evidence,
        "officer_keys": list(keys.officers),
        "officer_threshold": keys.threshold,
    }
    return rebuilder.build(f"{AGENT}.EnrolRequest", values)


def renew(rebuilder: Rebuilder, csr: bytes, enrolment_key: bytes, proof: bytes, unix_time: int) -> Outgoing:
    """Asks for the certificate, with the enrolment key's proof."""
    values: Values = {"csr": csr, "enrolment_key": enrolment_key, "proof": proof, "unix_time": unix_time}
    return rebuilder.build(f"{AGENT}.RenewRequest", values)


def fetch_metadata(rebuilder: Rebuilder, role: int, version: int) -> Outgoing:
    """Asks for TUF metadata."""
    values: Values = {"metadata": {"role": role, "version": version}}
    return rebuilder.build("bailiwick.artifacts.v1.FetchRequest", values)


def fetch_target(rebuilder: Rebuilder, digest: bytes) -> Outgoing:
    """Asks for a file by its SHA-256."""
    return rebuilder.build("bailiwick.artifacts.v1.FetchRequest", {"target": digest})


def witness_state(rebuilder: Rebuilder) -> Outgoing:
    """Asks the witness which size it knows."""
    return rebuilder.build("bailiwick.witness.v1.StateRequest", {})


def add_checkpoint(rebuilder: Rebuilder, old_size: int, proof: Sequence[bytes], note: bytes) -> Outgoing:
    """Offers a checkpoint to the witness."""
    values: Values = {"old_size": old_size, "proof": list(proof), "checkpoint": note}
    return rebuilder.build("bailiwick.witness.v1.AddCheckpointRequest", values)


def submit(rebuilder: Rebuilder, report: bytes, signature: bytes) -> Outgoing:
    """Sends the stored bytes of a report."""
    return rebuilder.build("bailiwick.metrics.v1.SubmitRequest", {"report": report, "signature": signature})


def _evidence_values(note: EvidenceNote) -> Values:
    values: Values = {
        "request_id": note.request,
        "phase": note.phase,
        "bundle": note.bundle,
        "first": note.first,
        "next": note.next,
    }
    return values
