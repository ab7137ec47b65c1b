"""The single module that makes what leaves the region.

A message is never forwarded. `Rebuilder.build` takes plain values by field name and makes a new message of them, value
by value, each checked against the privacy class of its field:

1. numbers are integers (or booleans) within their bound;
2. enums are declared and closed;
3. strings are registered vocabulary ids;
4. times are rounded down to their bucket;
5. bytes have the stated length (or are absent);
6. documents are parsed and written anew by the parser that is registered for the field;
7. serialised bytes parse as the named message, every value in it is checked as above, and writing it again gives the
   same bytes;
8. lists keep to their length.

Anything else is a ForbiddenValueError that names the field and never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from bailiwick.privacy.v1 import privacy_pb2
from data_plane.privacy.errors import ForbiddenValueError, UnannotatedError
from data_plane.privacy.vocabulary import Vocabularies
from data_plane.privacy.walk import Protocol, Rule, enum_values, message_name

Value: TypeAlias = "int | str | bytes | Mapping[str, Value] | Sequence[Value]"
Values: TypeAlias = Mapping[str, Value]
DocumentParser: TypeAlias = Callable[[bytes], bytes]
LEAVING = frozenset(
    {privacy_pb2.MESSAGE_CLASS_CONTENT, privacy_pb2.MESSAGE_CLASS_CONTROL, privacy_pb2.MESSAGE_CLASS_ENROLMENT}
)


@dataclass(frozen=True)
class Outgoing:
    """A rebuilt message, its exact bytes, and how it is accounted for. Only `Rebuilder` makes one."""

    message: Any  # the stub's own type, which the call that sends it names
    body: bytes
    klass: int

    @property
    def type_name(self) -> str:
        """Full protobuf name."""
        return str(self.message.DESCRIPTOR.full_name)


class Rebuilder:
    """Makes outgoing messages from allowed values.

    Args:
        protocol: the walked protocol.
        vocabularies: the registered ids.
        documents: for each document field that may leave, by full name, the function that parses it and writes it anew.
    """

    def __init__(self, protocol: Protocol, vocabularies: Vocabularies, documents: Mapping[str, DocumentParser]) -> None:
        self._protocol = protocol
        self._vocabularies = vocabularies
        self._documents = documents
        self._checks: Mapping[int, Callable[[Rule, Value], object]] = {
            privacy_pb2.FIELD_CLASS_NUMBER: _number,
            privacy_pb2.FIELD_CLASS_ENUM: _enum,
            privacy_pb2.FIELD_CLASS_VOCABULARY: self._word,
            privacy_pb2.FIELD_CLASS_TIME_BUCKET: _bucket,
            privacy_pb2.FIELD_CLASS_FIXED_BYTES: _fixed,
            privacy_pb2.FIELD_CLASS_MESSAGE: self._message,
            privacy_pb2.FIELD_CLASS_SERIALISED: self._serialised,
            privacy_pb2.FIELD_CLASS_DOCUMENT: self._document,
        }
        _require_parsers(protocol, documents)

    def with_vocabularies(self, vocabularies: Vocabularies) -> Rebuilder:
        """The same rules over other vocabularies."""
        return Rebuilder(self._protocol, vocabularies, self._documents)

    def build(self, type_name: str, values: Values) -> Outgoing:
        """Makes the message `type_name` of `values`.

        Raises:
            ForbiddenValueError: a value does not fit, or the message is not one that leaves.
        """
        klass = self._protocol.classes.get(type_name)
        if klass not in LEAVING:
            raise ForbiddenValueError(f"{type_name} is not a message that leaves")
        message = self._make(type_name, values)
        return Outgoing(message, message.SerializeToString(deterministic=True), klass)

    def _make(self, type_name: str, values: Values) -> Message:
        rules = self._protocol.rules[type_name]
        unknown = values.keys() - rules.keys()
        if unknown:
            raise ForbiddenValueError(f"{type_name} has no field {min(unknown)}")
        clean = {name: self._field(rules[name], value) for name, value in values.items()}
        return GetMessageClass(self._protocol.descriptors[type_name])(**clean)

    def _field(self, rule: Rule, value: Value) -> object:
        check = self._checks[rule.klass]
        if not rule.field.is_repeated:
            return check(rule, value)
        if isinstance(value, str | bytes | int | Mapping):
            raise _refused(rule)
        if len(value) > rule.items:
            raise _refused(rule)
        return [check(rule, item) for item in value]

    def _word(self, rule: Rule, value: Value) -> str:
        if not isinstance(value, str) or not self._vocabularies.holds(rule.vocabulary, value):
            raise _refused(rule)
        return value

    def _message(self, rule: Rule, value: Value) -> Message:
        if not isinstance(value, Mapping):
            raise _refused(rule)
        return self._make(message_name(rule.field), value)

    def _document(self, rule: Rule, value: Value) -> str | bytes:
        if not isinstance(value, bytes) or len(value) > rule.largest:
            raise _refused(rule)
        if not value:
            return value
        anew = self._documents[rule.field.full_name](value)
        if len(anew) > rule.largest:
            raise _refused(rule)
        return anew

    def _serialised(self, rule: Rule, value: Value) -> bytes:
        if not isinstance(value, bytes) or len(value) > rule.largest:
            raise _refused(rule)
        descriptor = self._protocol.descriptors[rule.message]
        try:
            parsed = GetMessageClass(descriptor).FromString(value)
        except DecodeError as error:
            raise _refused(rule) from error
        anew = self._make(rule.message, plain(parsed)).SerializeToString(deterministic=True)
        if anew != value:
            raise _refused(rule)
        return anew


def plain(message: Message) -> dict[str, Value]:
    """The values of a message by field name; unknown fields are not among them."""
    values: dict[str, Value] = {}
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            values[field.name] = list(value) if field.is_repeated else value
        elif field.is_repeated:
            values[field.name] = [plain(item) for item in value]
        else:
            values[field.name] = plain(value)
    return values


def _number(rule: Rule, value: Value) -> int:
    if not isinstance(value, int) or not 0 <= value <= rule.largest:
        raise _refused(rule)
    return bool(value) if rule.field.type == FieldDescriptor.TYPE_BOOL else int(value)


def _enum(rule: Rule, value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in enum_values(rule.field):
        raise _refused(rule)
    return int(value)


def _bucket(rule: Rule, value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise _refused(rule)
    return value - value % rule.largest


def _fixed(rule: Rule, value: Value) -> bytes:
    if not isinstance(value, bytes) or len(value) not in {0, rule.length}:
        raise _refused(rule)
    return value


def _refused(rule: Rule) -> ForbiddenValueError:
    return ForbiddenValueError(f"{rule.field.full_name}: the value does not fit the field's privacy class")


def _require_parsers(protocol: Protocol, documents: Iterable[str]) -> None:
    """A document field that leaves without a parser would be text of anyone's choice."""
    known = frozenset(documents)
    for name, rules in protocol.rules.items():
        if protocol.classes[name] not in LEAVING:
            continue
        for rule in rules.values():
            if rule.klass == privacy_pb2.FIELD_CLASS_DOCUMENT and rule.field.full_name not in known:
                raise UnannotatedError(f"{rule.field.full_name} is a document that nothing parses")
