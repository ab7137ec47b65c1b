"""Every field of every message of the treaty carries a privacy class that fits its type; nothing free-form leaves."""

import importlib
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bailiwick.privacy.v1 import privacy_pb2 as privacy
from tests.architecture.tree import ROOT

NUMBERS = frozenset(
    {
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_BOOL,
    }
)
FITTING = {
    privacy.FIELD_CLASS_NUMBER: NUMBERS,
    privacy.FIELD_CLASS_ENUM: frozenset({FieldDescriptor.TYPE_ENUM}),
    privacy.FIELD_CLASS_VOCABULARY: frozenset({FieldDescriptor.TYPE_STRING}),
    privacy.FIELD_CLASS_TIME_BUCKET: frozenset({FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64}),
    privacy.FIELD_CLASS_FIXED_BYTES: frozenset({FieldDescriptor.TYPE_BYTES}),
    privacy.FIELD_CLASS_MESSAGE: frozenset({FieldDescriptor.TYPE_MESSAGE}),
    privacy.FIELD_CLASS_SERIALISED: frozenset({FieldDescriptor.TYPE_BYTES}),
    privacy.FIELD_CLASS_DOCUMENT: frozenset({FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING}),
}
NEEDED = {
    privacy.FIELD_CLASS_NUMBER: "max",
    privacy.FIELD_CLASS_VOCABULARY: "vocabulary",
    privacy.FIELD_CLASS_TIME_BUCKET: "max",
    privacy.FIELD_CLASS_FIXED_BYTES: "length",
    privacy.FIELD_CLASS_SERIALISED: "message",
    privacy.FIELD_CLASS_DOCUMENT: "max",
}


def _messages() -> Iterator[Descriptor]:
    for path in sorted((ROOT / "protos").glob("bailiwick/*/v1/*.proto")):
        if path.parts[-3] == "privacy":
            continue
        name = ".".join(path.relative_to(ROOT / "protos").with_suffix("").parts)
        module = importlib.import_module(f"{name}_pb2")
        waiting = list(module.DESCRIPTOR.message_types_by_name.values())
        while waiting:
            message = waiting.pop()
            yield message
            waiting.extend(message.nested_types)


def _findings(field: FieldDescriptor) -> Iterator[str]:
    rule = field.GetOptions().Extensions[privacy.rule]
    if getattr(rule, "class") not in FITTING:
        yield "has no class"
        return
    kind = getattr(rule, "class")
    if field.type not in FITTING[kind]:
        yield "has a type that its class does not allow"
    needed = NEEDED.get(kind)
    if needed is not None and not getattr(rule, needed):
        yield f"states no {needed}"
    if field.is_repeated and not rule.items:
        yield "is repeated and states no items"
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        yield "is a map"


@pytest.mark.parametrize("message", tuple(_messages()), ids=lambda message: message.full_name)
def test_every_field_carries_a_class_that_fits(message):
    assert message.GetOptions().Extensions[privacy.message_class] != privacy.MESSAGE_CLASS_UNSPECIFIED
    assert [f"{field.name} {finding}" for field in message.fields for finding in _findings(field)] == []


@pytest.mark.parametrize("message", tuple(_messages()), ids=lambda message: message.full_name)
def test_what_leaves_holds_only_what_may_leave(message):
    classes = {f.message_type.GetOptions().Extensions[privacy.message_class] for f in message.fields if f.message_type}
    if message.GetOptions().Extensions[privacy.message_class] != privacy.MESSAGE_CLASS_INBOUND:
        assert privacy.MESSAGE_CLASS_INBOUND not in classes
