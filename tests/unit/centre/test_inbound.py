"""No field of any message that a region sends can carry an e-mail address, a name or a sentence into the centre."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from bailiwick.agent.v1 import agent_pb2, enrolment_pb2
from bailiwick.artifacts.v1 import artifacts_pb2
from bailiwick.metrics.v1 import metrics_pb2
from bailiwick.privacy.v1 import privacy_pb2
from bailiwick.witness.v1 import witness_pb2
from control_plane.api.inbound import AnnotationError, InboundCheck
from control_plane.api.report_wire import MOST_BYTES, ReportDecoder
from control_plane.domain.reports import ReportInvalidError
from control_plane.domain.words import Vocabulary
from tests.fixtures.reports import cell, report

PLANTED = "erika.mustermann@example.org"
CHECK = InboundCheck(Vocabulary())
SENT = (
    agent_pb2.SessionRequest,
    enrolment_pb2.EnrolRequest,
    enrolment_pb2.RenewRequest,
    metrics_pb2.SubmitRequest,
    metrics_pb2.Report,
    witness_pb2.AddCheckpointRequest,
    witness_pb2.StateRequest,
    artifacts_pb2.FetchRequest,
)
# These hold documents of the protocol, each with a strict parser of its own: CSR, checkpoint, statement, report.
DOCUMENTS = {privacy_pb2.FIELD_CLASS_DOCUMENT, privacy_pb2.FIELD_CLASS_SERIALISED}


def text_fields(message: Message) -> Iterator[tuple[Message, FieldDescriptor]]:
    """Every text or bytes field below a message, with an instance to put it in."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None:
            inner = getattr(message, field.name)
            inner = inner.add() if field.is_repeated else inner
            if not field.is_repeated:
                inner.SetInParent()
            yield from text_fields(inner)
        elif field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
            yield message, cast("FieldDescriptor", field)


def cases() -> Iterator[tuple[str, str]]:
    for kind in SENT:
        for _, field in text_fields(kind()):
            if getattr(field.GetOptions().Extensions[privacy_pb2.rule], "class") not in DOCUMENTS:
                yield kind.DESCRIPTOR.full_name, field.full_name


@pytest.mark.parametrize(("kind", "name"), sorted(set(cases())))
@pytest.mark.parametrize("planted", [PLANTED, "Dr. Erika Mustermann", "+49 170 1234567", "a" * 65, "é"])
def test_planted_text_is_refused_in_every_field(kind: str, name: str, planted: str) -> None:
    message = next(found for found in SENT if found.DESCRIPTOR.full_name == kind)()
    holder, field = next((h, f) for h, f in text_fields(message) if f.full_name == name)
    value = planted if field.type == FieldDescriptor.TYPE_STRING else planted.encode()
    if field.is_repeated:
        getattr(holder, field.name).append(value)
    else:
        setattr(holder, field.name, value)
    with pytest.raises(AnnotationError) as caught:
        CHECK.check(message)
    assert PLANTED not in str(caught.value)


def test_unknown_fields_are_refused_at_any_depth() -> None:
    planted = bytes([0xA2, 0x06, len(PLANTED)]) + PLANTED.encode()  # field 100
    inner = metrics_pb2.Cell.FromString(cell().SerializeToString() + planted)
    for message in (metrics_pb2.Report(cells=[inner]), metrics_pb2.Report.FromString(planted)):
        with pytest.raises(AnnotationError):
            CHECK.check(message)


def test_registered_words_are_the_only_ones_once_there_are_any() -> None:
    vocabulary = Vocabulary({"team": frozenset({"payments"})})
    assert all(vocabulary.allows("team", word) for word in ("payments", "*", "unknown"))
    assert not vocabulary.allows("team", "erika.mustermann")
    assert vocabulary.allows("project", "erika.mustermann")  # a dimension without registered words checks the form
    assert not vocabulary.allows("project", PLANTED)


@pytest.mark.parametrize(
    "change",
    [
        {"cells": [cell(outcomes=[])]},
        {"cells": [cell(requests=11)]},
        {"cells": [cell(refusals=[metrics_pb2.Count(outcome=metrics_pb2.OUTCOME_STOP, count=1)])]},
        {"cells": [cell(outcomes=[metrics_pb2.Count(outcome=metrics_pb2.OUTCOME_STOP, count=6)] * 2)]},
        {"cells": [cell(team="")]},
        {"cells": [cell(currency="")]},
        {"cells": [cell(cost_micro=2**53)]},
        {"cells": [cell(first_token_ms=[1] * 17)]},
        {"k": 0},
        {"profile": metrics_pb2.EXPORT_PROFILE_UNSPECIFIED},
        {"profile": 7},
        {"ledger_root": b""},
        {"sequence": 0},
        {"period_end": 2**60},
    ],
)
def test_reports_that_contradict_themselves_are_refused(change: dict[str, Any]) -> None:
    values = {"sequence": 1, **change}
    sequence = values.pop("sequence")
    body = report("eu-de", sequence or 1, **values)
    if not sequence:
        message = metrics_pb2.Report.FromString(body)
        message.sequence = 0
        body = message.SerializeToString(deterministic=True)
    with pytest.raises(ReportInvalidError):
        ReportDecoder(CHECK)(body)


def test_a_report_is_read_only_from_its_one_encoding() -> None:
    body = report("eu-de", 1)
    assert ReportDecoder(CHECK)(body).cells[0].refused == 2
    message = metrics_pb2.Report.FromString(body)
    head = metrics_pb2.Report(region="eu-de").SerializeToString()
    message.ClearField("region")
    for other in (message.SerializeToString() + head, body + head, body[:-1], b"", b"\0" * (MOST_BYTES + 1)):
        with pytest.raises(ReportInvalidError):
            ReportDecoder(CHECK)(other)
