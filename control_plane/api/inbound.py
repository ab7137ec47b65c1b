"""Nothing comes in that its privacy annotations do not allow: the region's rules, checked again at the centre.

A region that is broken, old or taken over must not be able to put personal text into the centre either. Every message
is walked by the annotations of its own descriptor:

1. No unknown fields, at any depth.
2. A number keeps to its bound, an enum to its words, fixed bytes to their length, a time to its bucket, a document to
   its size, a repeated field to its count.
3. A word is registered in its vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from bailiwick.privacy.v1 import privacy_pb2
from control_plane.domain.errors import InvalidError
from control_plane.domain.words import Vocabulary

_LATEST_SECOND = 253_402_300_799


class AnnotationError(InvalidError):
    """A message does not keep to its annotations. Names the field, never its value."""

    def __init__(self, field: str) -> None:
        super().__init__("annotation", f"The field {field} does not keep to its privacy class.")


class InboundCheck:
    """Checks messages by their annotations and the registered words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def check(self, message: Message) -> None:
        """Raise `AnnotationError` unless the whole message keeps to its annotations."""
        if len(UnknownFieldSet(message)):
            raise AnnotationError(f"{message.DESCRIPTOR.full_name} (unknown)")
        for field, value in message.ListFields():
            self._field(field, value)

    def _field(self, field: FieldDescriptor, value: Any) -> None:  # noqa: ANN401 - whatever protobuf holds
        rule = field.GetOptions().Extensions[privacy_pb2.rule]
        values: Sequence[Any] = value if field.is_repeated else (value,)
        if field.is_repeated and len(values) > rule.items:
            raise AnnotationError(field.full_name)
        for item in values:
            if not self._allowed(field, rule, item):
                raise AnnotationError(field.full_name)

    def _allowed(self, field: FieldDescriptor, rule: privacy_pb2.FieldRule, value: Any) -> bool:  # noqa: ANN401 - same
        kind = getattr(rule, "class")
        if kind == privacy_pb2.FIELD_CLASS_NUMBER:
            return bool(0 <= int(value) <= rule.max)
        if kind == privacy_pb2.FIELD_CLASS_ENUM:
            return field.enum_type is not None and value in field.enum_type.values_by_number
        if kind == privacy_pb2.FIELD_CLASS_VOCABULARY:
            return self._vocabulary.allows(rule.vocabulary, value)
        if kind == privacy_pb2.FIELD_CLASS_TIME_BUCKET:
            return bool(0 <= value <= _LATEST_SECOND and value % max(1, rule.max) == 0)
        if kind == privacy_pb2.FIELD_CLASS_FIXED_BYTES:
            return bool(len(value) == rule.length)
        if kind == privacy_pb2.FIELD_CLASS_MESSAGE:
            self.check(value)
            return True
        if kind in {privacy_pb2.FIELD_CLASS_SERIALISED, privacy_pb2.FIELD_CLASS_DOCUMENT}:
            return bool(len(value) <= rule.max)
        return False
