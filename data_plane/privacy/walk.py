"""The walk over the protocol's descriptors that must pass before anything may leave.

Rules, for every message in the files walked:

1. It carries a message class.
2. Every field carries exactly one field class, from the closed list.
3. The field's protobuf type fits its class: numbers are integers or booleans with a bound, enums are enums, strings
   are vocabulary ids with a named vocabulary or public documents with a cap, bytes have a fixed length, are documents
   with a cap, or are serialised bytes of a named, annotated message.
4. No field is a float, a double, a map, a group or an extension range; a repeated field bounds its items.
5. A message that leaves holds only messages that leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor

from bailiwick.agent.v1 import agent_pb2, enrolment_pb2
from bailiwick.artifacts.v1 import artifacts_pb2
from bailiwick.metrics.v1 import metrics_pb2
from bailiwick.privacy.v1 import privacy_pb2
from bailiwick.witness.v1 import witness_pb2
from data_plane.privacy.errors import UnannotatedError

INTEGERS = frozenset(
    {
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_BOOL,
    }
)
TYPES: Mapping[int, frozenset[int]] = {
    privacy_pb2.FIELD_CLASS_NUMBER: INTEGERS,
    privacy_pb2.FIELD_CLASS_TIME_BUCKET: frozenset({FieldDescriptor.TYPE_UINT64}),
    privacy_pb2.FIELD_CLASS_ENUM: frozenset({FieldDescriptor.TYPE_ENUM}),
    privacy_pb2.FIELD_CLASS_VOCABULARY: frozenset({FieldDescriptor.TYPE_STRING}),
    privacy_pb2.FIELD_CLASS_FIXED_BYTES: frozenset({FieldDescriptor.TYPE_BYTES}),
    privacy_pb2.FIELD_CLASS_MESSAGE: frozenset({FieldDescriptor.TYPE_MESSAGE}),
    privacy_pb2.FIELD_CLASS_SERIALISED: frozenset({FieldDescriptor.TYPE_BYTES}),
    privacy_pb2.FIELD_CLASS_DOCUMENT: frozenset({FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING}),
}
LARGEST_NUMBER = 2**53 - 1


@dataclass(frozen=True)
class Rule:
    """What one field may hold."""

    field: FieldDescriptor
    klass: int
    largest: int
    length: int
    vocabulary: str
    message: str
    items: int


@dataclass(frozen=True)
class Protocol:
    """Every message that may cross the border, with the rules of its fields by name."""

    rules: Mapping[str, Mapping[str, Rule]]
    classes: Mapping[str, int]
    descriptors: Mapping[str, Descriptor]


def border_files() -> tuple[FileDescriptor, ...]:
    """The files that together are the treaty's wire."""
    modules = (agent_pb2, enrolment_pb2, artifacts_pb2, metrics_pb2, witness_pb2)
    return tuple(module.DESCRIPTOR for module in modules)


def walk(files: Iterable[FileDescriptor]) -> Protocol:
    """Checks every message of `files` against the rules of this module.

    Raises:
        UnannotatedError: a rule is broken; the message names the field.
    """
    rules: dict[str, Mapping[str, Rule]] = {}
    classes: dict[str, int] = {}
    descriptors: dict[str, Descriptor] = {}
    for file in files:
        for descriptor in _messages(file.message_types_by_name.values()):
            descriptors[descriptor.full_name] = descriptor
            classes[descriptor.full_name] = _message_class(descriptor)
            rules[descriptor.full_name] = {field.name: _rule(field) for field in descriptor.fields}
    protocol = Protocol(rules, classes, descriptors)
    for name in rules:
        _check_references(name, protocol)
    return protocol


def _messages(found: Iterable[Descriptor]) -> Iterable[Descriptor]:
    for descriptor in found:
        yield descriptor
        yield from _messages(descriptor.nested_types)


def _message_class(descriptor: Descriptor) -> int:
    klass = int(descriptor.GetOptions().Extensions[privacy_pb2.message_class])
    if klass not in privacy_pb2.MessageClass.values() or klass == privacy_pb2.MESSAGE_CLASS_UNSPECIFIED:
        raise UnannotatedError(f"{descriptor.full_name} has no message class")
    if descriptor.extension_ranges or descriptor.GetOptions().map_entry:
        raise UnannotatedError(f"{descriptor.full_name} is open: maps and extensions may not cross the border")
    return klass


def _rule(field: FieldDescriptor) -> Rule:
    options = field.GetOptions()
    if not options.HasExtension(privacy_pb2.rule):
        raise UnannotatedError(f"{field.full_name} has no privacy class")
    given = options.Extensions[privacy_pb2.rule]
    klass = int(getattr(given, "class"))
    if klass not in TYPES:
        raise UnannotatedError(f"{field.full_name} has an unknown privacy class")
    if field.type not in TYPES[klass]:
        raise UnannotatedError(f"{field.full_name} has a type that its privacy class does not allow")
    rule = Rule(field, klass, given.max, given.length, given.vocabulary, given.message, given.items)
    missing = _missing(rule)
    if missing:
        raise UnannotatedError(f"{field.full_name} states no {missing}")
    return rule


def _missing(rule: Rule) -> str | None:
    if rule.field.is_repeated and not rule.items:
        return "number of items"
    if rule.klass == privacy_pb2.FIELD_CLASS_NUMBER and not 0 < rule.largest <= LARGEST_NUMBER:
        return "usable bound"
    needs: Mapping[int, tuple[object, str]] = {
        privacy_pb2.FIELD_CLASS_TIME_BUCKET: (rule.largest, "bucket"),
        privacy_pb2.FIELD_CLASS_VOCABULARY: (rule.vocabulary, "vocabulary"),
        privacy_pb2.FIELD_CLASS_FIXED_BYTES: (rule.length, "length"),
        privacy_pb2.FIELD_CLASS_SERIALISED: (rule.message and rule.largest, "message and cap"),
        privacy_pb2.FIELD_CLASS_DOCUMENT: (rule.largest, "cap"),
    }
    value, what = needs.get(rule.klass, (True, ""))
    return None if value else what


def _check_references(name: str, protocol: Protocol) -> None:
    inbound = privacy_pb2.MESSAGE_CLASS_INBOUND
    for rule in protocol.rules[name].values():
        target = _target(rule)
        if target is None:
            continue
        if target not in protocol.rules:
            raise UnannotatedError(f"{rule.field.full_name} refers to {target}, which was not walked")
        if protocol.classes[name] != inbound and protocol.classes[target] == inbound:
            raise UnannotatedError(f"{rule.field.full_name} would carry an inbound message out")


def _target(rule: Rule) -> str | None:
    if rule.klass == privacy_pb2.FIELD_CLASS_MESSAGE:
        return message_name(rule.field)
    return rule.message or None


def message_name(field: FieldDescriptor) -> str:
    """Full name of a message field's type."""
    found = field.message_type
    return "" if found is None else str(found.full_name)


def enum_values(field: FieldDescriptor) -> frozenset[int]:
    """The declared values of an enum field."""
    found = field.enum_type
    return frozenset() if found is None else frozenset(value.number for value in found.values)
