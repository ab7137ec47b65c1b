from bailiwick.privacy.v1 import privacy_pb2 as _privacy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolmentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENROLMENT_STATE_UNSPECIFIED: _ClassVar[EnrolmentState]
    ENROLMENT_STATE_AWAITING_APPROVAL: _ClassVar[EnrolmentState]
    ENROLMENT_STATE_ISSUED: _ClassVar[EnrolmentState]
    ENROLMENT_STATE_REVOKED: _ClassVar[EnrolmentState]
ENROLMENT_STATE_UNSPECIFIED: EnrolmentState
ENROLMENT_STATE_AWAITING_APPROVAL: EnrolmentState
ENROLMENT_STATE_ISSUED: EnrolmentState
ENROLMENT_STATE_REVOKED: EnrolmentState

class EnrolRequest(_message.Message):
    __slots__ = ("invitation_id", "invitation_secret", "csr", "enrolment_key", "ledger_key", "report_key", "evidence_key", "officer_keys", "officer_threshold")
    INVITATION_ID_FIELD_NUMBER: _ClassVar[int]
    INVITATION_SECRET_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    ENROLMENT_KEY_FIELD_NUMBER: _ClassVar[int]
    LEDGER_KEY_FIELD_NUMBER: _ClassVar[int]
    REPORT_KEY_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_KEY_FIELD_NUMBER: _ClassVar[int]
    OFFICER_KEYS_FIELD_NUMBER: _ClassVar[int]
    OFFICER_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    invitation_id: bytes
    invitation_secret: bytes
    csr: bytes
    enrolment_key: bytes
    ledger_key: bytes
    report_key: bytes
    evidence_key: bytes
    officer_keys: _containers.RepeatedScalarFieldContainer[bytes]
    officer_threshold: int
    def __init__(self, invitation_id: _Optional[bytes] = ..., invitation_secret: _Optional[bytes] = ..., csr: _Optional[bytes] = ..., enrolment_key: _Optional[bytes] = ..., ledger_key: _Optional[bytes] = ..., report_key: _Optional[bytes] = ..., evidence_key: _Optional[bytes] = ..., officer_keys: _Optional[_Iterable[bytes]] = ..., officer_threshold: _Optional[int] = ...) -> None: ...

class EnrolResponse(_message.Message):
    __slots__ = ("ca", "tuf_root")
    CA_FIELD_NUMBER: _ClassVar[int]
    TUF_ROOT_FIELD_NUMBER: _ClassVar[int]
    ca: bytes
    tuf_root: bytes
    def __init__(self, ca: _Optional[bytes] = ..., tuf_root: _Optional[bytes] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("csr", "enrolment_key", "proof", "unix_time")
    CSR_FIELD_NUMBER: _ClassVar[int]
    ENROLMENT_KEY_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    UNIX_TIME_FIELD_NUMBER: _ClassVar[int]
    csr: bytes
    enrolment_key: bytes
    proof: bytes
    unix_time: int
    def __init__(self, csr: _Optional[bytes] = ..., enrolment_key: _Optional[bytes] = ..., proof: _Optional[bytes] = ..., unix_time: _Optional[int] = ...) -> None: ...

class RenewResponse(_message.Message):
    __slots__ = ("state", "certificate")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    state: EnrolmentState
    certificate: bytes
    def __init__(self, state: _Optional[_Union[EnrolmentState, str]] = ..., certificate: _Optional[bytes] = ...) -> None: ...
