from bailiwick.privacy.v1 import privacy_pb2 as _privacy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubmitStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUBMIT_STATUS_UNSPECIFIED: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_ACCEPTED: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_KNOWN: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_GAP: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_CONFLICT: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_BAD_SIGNATURE: _ClassVar[SubmitStatus]
    SUBMIT_STATUS_INVALID: _ClassVar[SubmitStatus]

class ExportProfile(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPORT_PROFILE_UNSPECIFIED: _ClassVar[ExportProfile]
    EXPORT_PROFILE_FLOOR: _ClassVar[ExportProfile]
    EXPORT_PROFILE_DIGEST_ONLY: _ClassVar[ExportProfile]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_STOP: _ClassVar[Outcome]
    OUTCOME_LENGTH: _ClassVar[Outcome]
    OUTCOME_CUT: _ClassVar[Outcome]
    OUTCOME_ABORT: _ClassVar[Outcome]
    OUTCOME_ERROR: _ClassVar[Outcome]
    OUTCOME_KILLED: _ClassVar[Outcome]
    OUTCOME_OTHER: _ClassVar[Outcome]
    OUTCOME_REFUSED_POLICY: _ClassVar[Outcome]
    OUTCOME_REFUSED_BUDGET: _ClassVar[Outcome]
    OUTCOME_REFUSED_LIMIT: _ClassVar[Outcome]
    OUTCOME_REFUSED_MODEL: _ClassVar[Outcome]
    OUTCOME_REFUSED_TAG: _ClassVar[Outcome]
    OUTCOME_REFUSED_KEY: _ClassVar[Outcome]
    OUTCOME_REFUSED_OTHER: _ClassVar[Outcome]

class MachineMeasure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MACHINE_MEASURE_UNSPECIFIED: _ClassVar[MachineMeasure]
    MACHINE_MEASURE_ENGINE_SECONDS: _ClassVar[MachineMeasure]
    MACHINE_MEASURE_STORAGE_MIB: _ClassVar[MachineMeasure]
SUBMIT_STATUS_UNSPECIFIED: SubmitStatus
SUBMIT_STATUS_ACCEPTED: SubmitStatus
SUBMIT_STATUS_KNOWN: SubmitStatus
SUBMIT_STATUS_GAP: SubmitStatus
SUBMIT_STATUS_CONFLICT: SubmitStatus
SUBMIT_STATUS_BAD_SIGNATURE: SubmitStatus
SUBMIT_STATUS_INVALID: SubmitStatus
EXPORT_PROFILE_UNSPECIFIED: ExportProfile
EXPORT_PROFILE_FLOOR: ExportProfile
EXPORT_PROFILE_DIGEST_ONLY: ExportProfile
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_STOP: Outcome
OUTCOME_LENGTH: Outcome
OUTCOME_CUT: Outcome
OUTCOME_ABORT: Outcome
OUTCOME_ERROR: Outcome
OUTCOME_KILLED: Outcome
OUTCOME_OTHER: Outcome
OUTCOME_REFUSED_POLICY: Outcome
OUTCOME_REFUSED_BUDGET: Outcome
OUTCOME_REFUSED_LIMIT: Outcome
OUTCOME_REFUSED_MODEL: Outcome
OUTCOME_REFUSED_TAG: Outcome
OUTCOME_REFUSED_KEY: Outcome
OUTCOME_REFUSED_OTHER: Outcome
MACHINE_MEASURE_UNSPECIFIED: MachineMeasure
MACHINE_MEASURE_ENGINE_SECONDS: MachineMeasure
MACHINE_MEASURE_STORAGE_MIB: MachineMeasure

class SubmitRequest(_message.Message):
    __slots__ = ("report", "signature")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    report: bytes
    signature: bytes
    def __init__(self, report: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("status", "next_sequence")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    status: SubmitStatus
    next_sequence: int
    def __init__(self, status: _Optional[_Union[SubmitStatus, str]] = ..., next_sequence: _Optional[int] = ...) -> None: ...

class Report(_message.Message):
    __slots__ = ("region", "sequence", "period_start", "period_end", "first_index", "next_index", "ledger_size", "ledger_root", "cells", "machines", "k", "p_permille", "profile")
    REGION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    LEDGER_SIZE_FIELD_NUMBER: _ClassVar[int]
    LEDGER_ROOT_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    MACHINES_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    P_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    region: str
    sequence: int
    period_start: int
    period_end: int
    first_index: int
    next_index: int
    ledger_size: int
    ledger_root: bytes
    cells: _containers.RepeatedCompositeFieldContainer[Cell]
    machines: _containers.RepeatedCompositeFieldContainer[MachineLine]
    k: int
    p_permille: int
    profile: ExportProfile
    def __init__(self, region: _Optional[str] = ..., sequence: _Optional[int] = ..., period_start: _Optional[int] = ..., period_end: _Optional[int] = ..., first_index: _Optional[int] = ..., next_index: _Optional[int] = ..., ledger_size: _Optional[int] = ..., ledger_root: _Optional[bytes] = ..., cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ..., machines: _Optional[_Iterable[_Union[MachineLine, _Mapping]]] = ..., k: _Optional[int] = ..., p_permille: _Optional[int] = ..., profile: _Optional[_Union[ExportProfile, str]] = ...) -> None: ...

class Cell(_message.Message):
    __slots__ = ("cost_centre", "team", "project", "product", "use_case", "model", "environment", "tier", "service", "requests", "outcomes", "refusals", "prompt_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_micro", "currency", "first_token_ms", "total_ms")
    COST_CENTRE_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    USE_CASE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_MICRO_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    cost_centre: str
    team: str
    project: str
    product: str
    use_case: str
    model: str
    environment: str
    tier: str
    service: bool
    requests: int
    outcomes: _containers.RepeatedCompositeFieldContainer[Count]
    refusals: _containers.RepeatedCompositeFieldContainer[Count]
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_micro: int
    currency: str
    first_token_ms: _containers.RepeatedScalarFieldContainer[int]
    total_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, cost_centre: _Optional[str] = ..., team: _Optional[str] = ..., project: _Optional[str] = ..., product: _Optional[str] = ..., use_case: _Optional[str] = ..., model: _Optional[str] = ..., environment: _Optional[str] = ..., tier: _Optional[str] = ..., service: _Optional[bool] = ..., requests: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., prompt_tokens: _Optional[int] = ..., cached_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., cost_micro: _Optional[int] = ..., currency: _Optional[str] = ..., first_token_ms: _Optional[_Iterable[int]] = ..., total_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("outcome", "count")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    outcome: Outcome
    count: int
    def __init__(self, outcome: _Optional[_Union[Outcome, str]] = ..., count: _Optional[int] = ...) -> None: ...

class MachineLine(_message.Message):
    __slots__ = ("measure", "model", "amount")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    measure: MachineMeasure
    model: str
    amount: int
    def __init__(self, measure: _Optional[_Union[MachineMeasure, str]] = ..., model: _Optional[str] = ..., amount: _Optional[int] = ...) -> None: ...
