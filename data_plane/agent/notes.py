"""From the region's words for releases and evidence to the wire's enums."""

from __future__ import annotations

from bailiwick.agent.v1 import agent_pb2
from data_plane.releases.errors import Refusal
from data_plane.releases.store_evidence import Phase
from data_plane.releases.store_offers import OfferState


def release_phase(state: str) -> int:
    """The wire's phase of an offer's state."""
    name = OfferState(state).value.upper().replace("-", "_")
    return int(agent_pb2.ReleasePhase.Value(f"RELEASE_PHASE_{name}"))


def reason_code(reason: str | None) -> int:
    """The wire's code of a refusal or of an officer's reason; anything else is no reason."""
    if reason is None:
        return int(agent_pb2.REASON_CODE_UNSPECIFIED)
    name = reason.upper().replace("-", "_")
    prefix = "REASON_CODE_" if reason in set(Refusal) else "REASON_CODE_VETO_"
    return int(dict(agent_pb2.ReasonCode.items()).get(prefix + name, agent_pb2.REASON_CODE_UNSPECIFIED))


def evidence_phase(phase: str) -> int:
    """The wire's phase of a request for evidence."""
    return int(agent_pb2.EvidencePhase.Value(f"EVIDENCE_PHASE_{Phase(phase).value.upper()}"))


def engine_state(state: str) -> int:
    """The wire's word for an engine; an unknown one counts as failed."""
    name = f"ENGINE_STATE_{state.upper()}"
    return int(dict(agent_pb2.EngineState.items()).get(name, agent_pb2.ENGINE_STATE_FAILED))
