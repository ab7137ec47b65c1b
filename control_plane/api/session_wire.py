"""The session's messages between the wire and the domain. `agent_pb2` types stop here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from bailiwick.agent.v1 import agent_pb2 as pb
from control_plane.domain.errors import InvalidError
from control_plane.domain.fleet import EvidenceRequest, Gate, Outbound
from control_plane.domain.regions import EngineSeen, Observation
from control_plane.domain.releases import Desired, ReleaseStanding
from control_plane.domain.words import RegionId

STATES: Mapping[int, str] = MappingProxyType(
    {
        pb.REGION_STATE_CONNECTED: "connected",
        pb.REGION_STATE_STALE: "stale",
        pb.REGION_STATE_EXPIRED: "expired",
        pb.REGION_STATE_AWAITING_CONSENT: "awaiting-consent",
        pb.REGION_STATE_VETOED: "vetoed",
        pb.REGION_STATE_CONFLICT_PAUSED: "conflict-paused",
    }
)
ENGINES: Mapping[int, str] = MappingProxyType(
    {
        pb.ENGINE_STATE_READY: "ready",
        pb.ENGINE_STATE_LOADING: "loading",
        pb.ENGINE_STATE_ASLEEP: "asleep",
        pb.ENGINE_STATE_FAILED: "failed",
    }
)


def _spelled(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).removeprefix("VETO_").replace("_", "-")


def reason_word(reason: pb.ReasonCode.ValueType) -> str:
    """A reason as people and scripts read it: `LEGAL-BASIS-MISSING`; empty for none."""
    if reason == pb.REASON_CODE_UNSPECIFIED:
        return ""
    return _spelled(pb.ReasonCode.Name(reason), "REASON_CODE_")


def phase_word(phase: pb.ReleasePhase.ValueType) -> str:
    """A release's phase: `awaiting-consent`."""
    if phase == pb.RELEASE_PHASE_UNSPECIFIED:
        raise InvalidError("phase", "A release state has a phase.")
    return _spelled(pb.ReleasePhase.Name(phase), "RELEASE_PHASE_").lower()


def verdict_word(verdict: pb.Verdict.ValueType) -> str:
    """A gate's verdict: `inconclusive`."""
    if verdict == pb.VERDICT_UNSPECIFIED:
        raise InvalidError("verdict", "A verdict is pass, fail or inconclusive.")
    return _spelled(pb.Verdict.Name(verdict), "VERDICT_").lower()


def evidence_word(phase: pb.EvidencePhase.ValueType) -> str:
    """The phase of a request for evidence: `granted`."""
    if phase == pb.EVIDENCE_PHASE_UNSPECIFIED:
        raise InvalidError("evidence-phase", "A state of evidence has a phase.")
    return _spelled(pb.EvidencePhase.Name(phase), "EVIDENCE_PHASE_").lower()


def observation(region: RegionId, message: pb.Observed, at: datetime) -> Observation:
    """What a region says that it runs."""
    return Observation(
        region=region,
        generation=message.generation,
        manifest=message.manifest,
        version=message.version,
        code=message.code,
        config=message.config,
        policy=message.policy,
        state=STATES.get(message.state, ""),
        healthy=message.healthy,
        engines=tuple(EngineSeen(engine.model, ENGINES.get(engine.state, "")) for engine in message.engines),
        seen_at=at,
    )


def standing(region: RegionId, message: pb.ReleaseState, at: datetime) -> ReleaseStanding:
    """What a region says of a release."""
    if not message.manifest:
        raise InvalidError("manifest", "A release state names its release.")
    return ReleaseStanding(
        region=region,
        manifest=message.manifest,
        phase=phase_word(message.phase),
        reason=reason_word(message.reason),
        at=at,
        statement=message.statement,
    )


def echo(sequence: int) -> pb.SessionResponse:
    """A heartbeat's echo."""
    return pb.SessionResponse(echo=pb.HeartbeatEcho(sequence=sequence))


def news(now: Outbound, before: Outbound | None) -> Iterator[pb.SessionResponse]:
    """What a session is to be told that it was not told before; everything where `before` is None."""
    if now.desired is not None and (before is None or now.desired != before.desired):
        yield pb.SessionResponse(desired=_desired(now.desired))
    if before is None or now.offers != before.offers:
        yield pb.SessionResponse(offers=pb.Offers(manifests=now.offers))
    known = {gate.id for gate in before.gates} if before is not None else set()
    for gate in now.gates:
        if gate.id not in known:
            yield pb.SessionResponse(gate=_gate(gate))
    if before is None or _asked(now) != _asked(before):
        requests = pb.EvidenceRequests(requests=[_evidence(request) for request in now.evidence])
        yield pb.SessionResponse(evidence=requests)


def _asked(outbound: Outbound) -> list[bytes]:
    return [request.id for request in outbound.evidence]


def _desired(desired: Desired) -> pb.DesiredState:
    return pb.DesiredState(generation=desired.generation, manifest=desired.manifest, rollback=desired.rollback)


def _gate(gate: Gate) -> pb.GateRequest:
    return pb.GateRequest(
        gate_id=gate.id,
        manifest=gate.manifest,
        window_seconds=gate.window_seconds,
        min_requests=gate.min_requests,
        max_error_permille=gate.max_error_permille,
    )


def _evidence(request: EvidenceRequest) -> pb.EvidenceRequest:
    return pb.EvidenceRequest(
        request_id=request.id,
        first=request.first,
        next=request.next,
        recipient=request.recipient,
        expires=int(request.expires_at.timestamp()),
    )
