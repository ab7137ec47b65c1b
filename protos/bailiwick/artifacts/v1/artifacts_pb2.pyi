from bailiwick.privacy.v1 import privacy_pb2 as _privacy_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_ROOT: _ClassVar[Role]
    ROLE_TIMESTAMP: _ClassVar[Role]
    ROLE_SNAPSHOT: _ClassVar[Role]
    ROLE_TARGETS: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
ROLE_ROOT: Role
ROLE_TIMESTAMP: Role
ROLE_SNAPSHOT: Role
ROLE_TARGETS: Role

class FetchRequest(_message.Message):
    __slots__ = ("metadata", "target")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    metadata: Metadata
    target: bytes
    def __init__(self, metadata: _Optional[_Union[Metadata, _Mapping]] = ..., target: _Optional[bytes] = ...) -> None: ...

class Metadata(_message.Message):
    __slots__ = ("role", "version")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    role: Role
    version: int
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., version: _Optional[int] = ...) -> None: ...

class FetchResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...
