"""The walk over the protocol: the committed protocol passes, and each way of breaking it is found."""

from __future__ import annotations

import hashlib

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from bailiwick.privacy.v1 import privacy_pb2
from data_plane.privacy.errors import UnannotatedError
from data_plane.privacy.walk import border_files, walk

F = descriptor_pb2.FieldDescriptorProto
C = privacy_pb2


def file_with(*fields: tuple[int, dict[str, object] | None], repeated: bool = False, klass: int | None = 2, **more):
    """A file with one message `test.M`, whose fields have a protobuf type and a rule."""
    proto = descriptor_pb2.FileDescriptorProto(name="t.proto", package="test", syntax="proto3")
    proto.dependency.append("bailiwick/privacy/v1/privacy.proto")
    message = proto.message_type.add(name="M")
    if klass is not None:
        message.options.Extensions[C.message_class] = klass  # type: ignore[misc] # the stubs type enums by alias
    for number, (kind, rule) in enumerate(fields, 1):
        field = message.field.add(name=f"f{number}", number=number, type=kind)
        field.label = F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL
        if kind in {F.TYPE_MESSAGE, F.TYPE_ENUM}:
            field.type_name = more["type_name"]
        if rule is not None:
            given = dict(rule)
            if "class" in given:
                setattr(field.options.Extensions[C.rule], "class", given.pop("class"))
            for name, value in given.items():
                setattr(field.options.Extensions[C.rule], name, value)
    name = f"test_{hashlib.sha256(proto.SerializeToString()).hexdigest()[:16]}"
    proto.name, proto.package = f"{name}.proto", name
    pool = descriptor_pool.Default()  # the extensions of the options live there
    pool.Add(proto)
    return pool.FindFileByName(proto.name)


def test_the_committed_protocol_passes() -> None:
    protocol = walk(border_files())
    assert "bailiwick.metrics.v1.Report" in protocol.rules


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (F.TYPE_UINT64, None),
        (F.TYPE_UINT64, {"class": C.FIELD_CLASS_UNSPECIFIED}),
        (F.TYPE_UINT64, {"class": C.FIELD_CLASS_NUMBER}),
        (F.TYPE_UINT64, {"class": C.FIELD_CLASS_NUMBER, "max": 2**53}),
        (F.TYPE_DOUBLE, {"class": C.FIELD_CLASS_NUMBER, "max": 5}),
        (F.TYPE_FLOAT, {"class": C.FIELD_CLASS_NUMBER, "max": 5}),
        (F.TYPE_STRING, {"class": C.FIELD_CLASS_VOCABULARY}),
        (F.TYPE_STRING, {"class": C.FIELD_CLASS_NUMBER, "max": 5}),
        (F.TYPE_BYTES, {"class": C.FIELD_CLASS_FIXED_BYTES}),
        (F.TYPE_BYTES, {"class": C.FIELD_CLASS_DOCUMENT}),
        (F.TYPE_BYTES, {"class": C.FIELD_CLASS_SERIALISED, "message": "test.M"}),
        (F.TYPE_BYTES, {"class": C.FIELD_CLASS_VOCABULARY, "vocabulary": "team"}),
        (F.TYPE_UINT64, {"class": C.FIELD_CLASS_TIME_BUCKET}),
    ],
)
def test_a_field_that_no_class_covers_is_found(kind, rule) -> None:
    with pytest.raises(UnannotatedError):
        walk([file_with((kind, rule))])


def test_a_message_without_a_class_is_found() -> None:
    with pytest.raises(UnannotatedError):
        walk([file_with(klass=None)])


def test_an_unbounded_list_is_found() -> None:
    with pytest.raises(UnannotatedError):
        walk([file_with((F.TYPE_UINT64, {"class": C.FIELD_CLASS_NUMBER, "max": 5}), repeated=True)])
    walk([file_with((F.TYPE_UINT64, {"class": C.FIELD_CLASS_NUMBER, "max": 5, "items": 3}), repeated=True)])
