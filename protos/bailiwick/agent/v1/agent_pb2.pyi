from bailiwick.privacy.v1 import privacy_pb2 as _privacy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REGION_STATE_UNSPECIFIED: _ClassVar[RegionState]
    REGION_STATE_CONNECTED: _ClassVar[RegionState]
    REGION_STATE_STALE: _ClassVar[RegionState]
    REGION_STATE_EXPIRED: _ClassVar[RegionState]
    REGION_STATE_AWAITING_CONSENT: _ClassVar[RegionState]
    REGION_STATE_VETOED: _ClassVar[RegionState]
    REGION_STATE_CONFLICT_PAUSED: _ClassVar[RegionState]

class EngineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENGINE_STATE_UNSPECIFIED: _ClassVar[EngineState]
    ENGINE_STATE_READY: _ClassVar[EngineState]
    ENGINE_STATE_LOADING: _ClassVar[EngineState]
    ENGINE_STATE_ASLEEP: _ClassVar[EngineState]
    ENGINE_STATE_FAILED: _ClassVar[EngineState]

class ReleasePhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_PHASE_UNSPECIFIED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_OFFERED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_AWAITING_CONSENT: _ClassVar[ReleasePhase]
    RELEASE_PHASE_CONSENTED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_VETOED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_APPLIED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_REFUSED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_FAILED: _ClassVar[ReleasePhase]
    RELEASE_PHASE_ROLLED_BACK: _ClassVar[ReleasePhase]

class ReasonCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_CODE_UNSPECIFIED: _ClassVar[ReasonCode]
    REASON_CODE_BAD_SIGNATURE: _ClassVar[ReasonCode]
    REASON_CODE_OTHER_REGION: _ClassVar[ReasonCode]
    REASON_CODE_OLDER_VERSION: _ClassVar[ReasonCode]
    REASON_CODE_DIGEST_MISMATCH: _ClassVar[ReasonCode]
    REASON_CODE_INVALID_CONTENT: _ClassVar[ReasonCode]
    REASON_CODE_BOUNDARY: _ClassVar[ReasonCode]
    REASON_CODE_UNHEALTHY: _ClassVar[ReasonCode]
    REASON_CODE_EXPIRED_METADATA: _ClassVar[ReasonCode]
    REASON_CODE_VETO_POLICY_CONFLICT: _ClassVar[ReasonCode]
    REASON_CODE_VETO_LEGAL_BASIS_MISSING: _ClassVar[ReasonCode]
    REASON_CODE_VETO_RETENTION_MISSING: _ClassVar[ReasonCode]
    REASON_CODE_VETO_RISK_UNACCEPTED: _ClassVar[ReasonCode]
    REASON_CODE_VETO_OTHER: _ClassVar[ReasonCode]
    REASON_CODE_GATE_OK: _ClassVar[ReasonCode]
    REASON_CODE_GATE_TOO_LITTLE_DATA: _ClassVar[ReasonCode]
    REASON_CODE_GATE_ERRORS: _ClassVar[ReasonCode]
    REASON_CODE_GATE_LATENCY: _ClassVar[ReasonCode]
    REASON_CODE_GATE_ENGINES: _ClassVar[ReasonCode]
    REASON_CODE_GATE_REFUSALS: _ClassVar[ReasonCode]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_PASS: _ClassVar[Verdict]
    VERDICT_FAIL: _ClassVar[Verdict]
    VERDICT_INCONCLUSIVE: _ClassVar[Verdict]

class EvidencePhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVIDENCE_PHASE_UNSPECIFIED: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_RECEIVED: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_GRANTED: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_REFUSED: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_BUILT: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_DOWNLOADED: _ClassVar[EvidencePhase]
    EVIDENCE_PHASE_EXPIRED: _ClassVar[EvidencePhase]
REGION_STATE_UNSPECIFIED: RegionState
REGION_STATE_CONNECTED: RegionState
REGION_STATE_STALE: RegionState
REGION_STATE_EXPIRED: RegionState
REGION_STATE_AWAITING_CONSENT: RegionState
REGION_STATE_VETOED: RegionState
REGION_STATE_CONFLICT_PAUSED: RegionState
ENGINE_STATE_UNSPECIFIED: EngineState
ENGINE_STATE_READY: EngineState
ENGINE_STATE_LOADING: EngineState
ENGINE_STATE_ASLEEP: EngineState
ENGINE_STATE_FAILED: EngineState
RELEASE_PHASE_UNSPECIFIED: ReleasePhase
RELEASE_PHASE_OFFERED: ReleasePhase
RELEASE_PHASE_AWAITING_CONSENT: ReleasePhase
RELEASE_PHASE_CONSENTED: ReleasePhase
RELEASE_PHASE_VETOED: ReleasePhase
RELEASE_PHASE_APPLIED: ReleasePhase
RELEASE_PHASE_REFUSED: ReleasePhase
RELEASE_PHASE_FAILED: ReleasePhase
RELEASE_PHASE_ROLLED_BACK: ReleasePhase
REASON_CODE_UNSPECIFIED: ReasonCode
REASON_CODE_BAD_SIGNATURE: ReasonCode
REASON_CODE_OTHER_REGION: ReasonCode
REASON_CODE_OLDER_VERSION: ReasonCode
REASON_CODE_DIGEST_MISMATCH: ReasonCode
REASON_CODE_INVALID_CONTENT: ReasonCode
REASON_CODE_BOUNDARY: ReasonCode
REASON_CODE_UNHEALTHY: ReasonCode
REASON_CODE_EXPIRED_METADATA: ReasonCode
REASON_CODE_VETO_POLICY_CONFLICT: ReasonCode
REASON_CODE_VETO_LEGAL_BASIS_MISSING: ReasonCode
REASON_CODE_VETO_RETENTION_MISSING: ReasonCode
REASON_CODE_VETO_RISK_UNACCEPTED: ReasonCode
REASON_CODE_VETO_OTHER: ReasonCode
REASON_CODE_GATE_OK: ReasonCode
REASON_CODE_GATE_TOO_LITTLE_DATA: ReasonCode
REASON_CODE_GATE_ERRORS: ReasonCode
REASON_CODE_GATE_LATENCY: ReasonCode
REASON_CODE_GATE_ENGINES: ReasonCode
REASON_CODE_GATE_REFUSALS: ReasonCode
VERDICT_UNSPECIFIED: Verdict
VERDICT_PASS: Verdict
VERDICT_FAIL: Verdict
VERDICT_INCONCLUSIVE: Verdict
EVIDENCE_PHASE_UNSPECIFIED: EvidencePhase
EVIDENCE_PHASE_RECEIVED: EvidencePhase
EVIDENCE_PHASE_GRANTED: EvidencePhase
EVIDENCE_PHASE_REFUSED: EvidencePhase
EVIDENCE_PHASE_BUILT: EvidencePhase
EVIDENCE_PHASE_DOWNLOADED: EvidencePhase
EVIDENCE_PHASE_EXPIRED: EvidencePhase

class SessionRequest(_message.Message):
    __slots__ = ("heartbeat", "observed", "release_state", "gate", "evidence")
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    RELEASE_STATE_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    heartbeat: Heartbeat
    observed: Observed
    release_state: ReleaseState
    gate: GateVerdict
    evidence: EvidenceState
    def __init__(self, heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., observed: _Optional[_Union[Observed, _Mapping]] = ..., release_state: _Optional[_Union[ReleaseState, _Mapping]] = ..., gate: _Optional[_Union[GateVerdict, _Mapping]] = ..., evidence: _Optional[_Union[EvidenceState, _Mapping]] = ...) -> None: ...

class SessionResponse(_message.Message):
    __slots__ = ("echo", "desired", "offers", "gate", "evidence")
    ECHO_FIELD_NUMBER: _ClassVar[int]
    DESIRED_FIELD_NUMBER: _ClassVar[int]
    OFFERS_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    echo: HeartbeatEcho
    desired: DesiredState
    offers: Offers
    gate: GateRequest
    evidence: EvidenceRequests
    def __init__(self, echo: _Optional[_Union[HeartbeatEcho, _Mapping]] = ..., desired: _Optional[_Union[DesiredState, _Mapping]] = ..., offers: _Optional[_Union[Offers, _Mapping]] = ..., gate: _Optional[_Union[GateRequest, _Mapping]] = ..., evidence: _Optional[_Union[EvidenceRequests, _Mapping]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class HeartbeatEcho(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class Engine(_message.Message):
    __slots__ = ("model", "state")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    model: str
    state: EngineState
    def __init__(self, model: _Optional[str] = ..., state: _Optional[_Union[EngineState, str]] = ...) -> None: ...

class Observed(_message.Message):
    __slots__ = ("generation", "manifest", "version", "code", "config", "policy", "state", "healthy", "engines")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    generation: int
    manifest: bytes
    version: int
    code: bytes
    config: bytes
    policy: bytes
    state: RegionState
    healthy: bool
    engines: _containers.RepeatedCompositeFieldContainer[Engine]
    def __init__(self, generation: _Optional[int] = ..., manifest: _Optional[bytes] = ..., version: _Optional[int] = ..., code: _Optional[bytes] = ..., config: _Optional[bytes] = ..., policy: _Optional[bytes] = ..., state: _Optional[_Union[RegionState, str]] = ..., healthy: _Optional[bool] = ..., engines: _Optional[_Iterable[_Union[Engine, _Mapping]]] = ...) -> None: ...

class ReleaseState(_message.Message):
    __slots__ = ("manifest", "phase", "reason", "statement")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    manifest: bytes
    phase: ReleasePhase
    reason: ReasonCode
    statement: bytes
    def __init__(self, manifest: _Optional[bytes] = ..., phase: _Optional[_Union[ReleasePhase, str]] = ..., reason: _Optional[_Union[ReasonCode, str]] = ..., statement: _Optional[bytes] = ...) -> None: ...

class DesiredState(_message.Message):
    __slots__ = ("generation", "manifest", "rollback")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    generation: int
    manifest: bytes
    rollback: bool
    def __init__(self, generation: _Optional[int] = ..., manifest: _Optional[bytes] = ..., rollback: _Optional[bool] = ...) -> None: ...

class Offers(_message.Message):
    __slots__ = ("manifests",)
    MANIFESTS_FIELD_NUMBER: _ClassVar[int]
    manifests: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, manifests: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GateRequest(_message.Message):
    __slots__ = ("gate_id", "manifest", "window_seconds", "min_requests", "max_error_permille")
    GATE_ID_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MIN_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    MAX_ERROR_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    gate_id: bytes
    manifest: bytes
    window_seconds: int
    min_requests: int
    max_error_permille: int
    def __init__(self, gate_id: _Optional[bytes] = ..., manifest: _Optional[bytes] = ..., window_seconds: _Optional[int] = ..., min_requests: _Optional[int] = ..., max_error_permille: _Optional[int] = ...) -> None: ...

class GateVerdict(_message.Message):
    __slots__ = ("gate_id", "verdict", "reason")
    GATE_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    gate_id: bytes
    verdict: Verdict
    reason: ReasonCode
    def __init__(self, gate_id: _Optional[bytes] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[_Union[ReasonCode, str]] = ...) -> None: ...

class EvidenceRequest(_message.Message):
    __slots__ = ("request_id", "first", "next", "recipient", "expires")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    first: int
    next: int
    recipient: str
    expires: int
    def __init__(self, request_id: _Optional[bytes] = ..., first: _Optional[int] = ..., next: _Optional[int] = ..., recipient: _Optional[str] = ..., expires: _Optional[int] = ...) -> None: ...

class EvidenceRequests(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[EvidenceRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[EvidenceRequest, _Mapping]]] = ...) -> None: ...

class EvidenceState(_message.Message):
    __slots__ = ("request_id", "phase", "bundle", "first", "next")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    phase: EvidencePhase
    bundle: bytes
    first: int
    next: int
    def __init__(self, request_id: _Optional[bytes] = ..., phase: _Optional[_Union[EvidencePhase, str]] = ..., bundle: _Optional[bytes] = ..., first: _Optional[int] = ..., next: _Optional[int] = ...) -> None: ...
