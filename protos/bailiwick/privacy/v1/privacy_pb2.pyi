from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class MessageClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_CLASS_UNSPECIFIED: _ClassVar[MessageClass]
    MESSAGE_CLASS_CONTENT: _ClassVar[MessageClass]
    MESSAGE_CLASS_CONTROL: _ClassVar[MessageClass]
    MESSAGE_CLASS_ENROLMENT: _ClassVar[MessageClass]
    MESSAGE_CLASS_INBOUND: _ClassVar[MessageClass]

class FieldClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FIELD_CLASS_UNSPECIFIED: _ClassVar[FieldClass]
    FIELD_CLASS_NUMBER: _ClassVar[FieldClass]
    FIELD_CLASS_ENUM: _ClassVar[FieldClass]
    FIELD_CLASS_VOCABULARY: _ClassVar[FieldClass]
    FIELD_CLASS_TIME_BUCKET: _ClassVar[FieldClass]
    FIELD_CLASS_FIXED_BYTES: _ClassVar[FieldClass]
    FIELD_CLASS_MESSAGE: _ClassVar[FieldClass]
    FIELD_CLASS_SERIALISED: _ClassVar[FieldClass]
    FIELD_CLASS_DOCUMENT: _ClassVar[FieldClass]
MESSAGE_CLASS_UNSPECIFIED: MessageClass
MESSAGE_CLASS_CONTENT: MessageClass
MESSAGE_CLASS_CONTROL: MessageClass
MESSAGE_CLASS_ENROLMENT: MessageClass
MESSAGE_CLASS_INBOUND: MessageClass
FIELD_CLASS_UNSPECIFIED: FieldClass
FIELD_CLASS_NUMBER: FieldClass
FIELD_CLASS_ENUM: FieldClass
FIELD_CLASS_VOCABULARY: FieldClass
FIELD_CLASS_TIME_BUCKET: FieldClass
FIELD_CLASS_FIXED_BYTES: FieldClass
FIELD_CLASS_MESSAGE: FieldClass
FIELD_CLASS_SERIALISED: FieldClass
FIELD_CLASS_DOCUMENT: FieldClass
RULE_FIELD_NUMBER: _ClassVar[int]
rule: _descriptor.FieldDescriptor
MESSAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
message_class: _descriptor.FieldDescriptor

class FieldRule(_message.Message):
    __slots__ = ("max", "length", "vocabulary", "message", "items")
    CLASS_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    VOCABULARY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    max: int
    length: int
    vocabulary: str
    message: str
    items: int
    def __init__(self, max: _Optional[int] = ..., length: _Optional[int] = ..., vocabulary: _Optional[str] = ..., message: _Optional[str] = ..., items: _Optional[int] = ..., **kwargs) -> None: ...
