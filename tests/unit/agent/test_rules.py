"""The agent's rules without I/O: states, gates, the durable record, the mailbox, what may be built where."""

from __future__ import annotations

import ast
import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadError

from bailiwick.agent.v1 import agent_pb2
from data_plane.agent.certificate import Held
from data_plane.agent.gate import Evidence, Question, judge
from data_plane.agent.mailbox import Mailbox
from data_plane.agent.notes import engine_state, reason_code, release_phase
from data_plane.agent.repository import MetadataFile, TargetBlob, wanted
from data_plane.agent.states import Facts
from data_plane.agent.states import judge as judge_state
from data_plane.privacy.accounts import period_of
from data_plane.releases.errors import RecordError, Refusal
from data_plane.releases.record import RecordFile, Step
from data_plane.releases.store_offers import OfferState

QUIET = Facts(True, True, True, False, False, None, None)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "connected"),
        ({"conflict": "other-digest", "connected": False}, "conflict-paused"),
        ({"connected": False}, "disconnected"),
        ({"connected": False, "contacted": False}, "stale"),
        ({"connected": False, "contacted": False, "running": False}, "disconnected"),
        ({"connected": False, "certificate_expired": True}, "expired"),
        ({"metadata_expired": True}, "stale"),
        ({"wish": "awaiting-consent"}, "awaiting-consent"),
        ({"wish": "vetoed"}, "vetoed"),
    ],
)
def test_one_word_for_the_facts(changes, state) -> None:
    values = {name: getattr(QUIET, name) for name in QUIET.__dataclass_fields__}
    assert judge_state(Facts(**{**values, **changes}))[0] == state


ASKED = Question(b"\x00" * 16, "sha256:" + "0" * 64, timedelta(hours=1), 10, 50)


@pytest.mark.parametrize(
    ("known", "verdict", "reason"),
    [
        (Evidence(True, False, 100, 0), "PASS", "GATE_OK"),
        (Evidence(True, False, 100, 5), "PASS", "GATE_OK"),
        (Evidence(True, False, 100, 6), "FAIL", "GATE_ERRORS"),
        (Evidence(True, False, 9, 0), "INCONCLUSIVE", "GATE_TOO_LITTLE_DATA"),
        (Evidence(True, True, 100, 0), "FAIL", "GATE_ENGINES"),
        (Evidence(False, False, 100, 0), "INCONCLUSIVE", "GATE_TOO_LITTLE_DATA"),
    ],
)
def test_a_gate_answers_with_one_word(known, verdict, reason) -> None:
    said: Any = judge(ASKED, known)
    assert agent_pb2.Verdict.Name(said.verdict) == f"VERDICT_{verdict}"
    assert agent_pb2.ReasonCode.Name(said.reason) == f"REASON_CODE_{reason}"


steps = st.builds(Step, st.sampled_from(["sha256:" + c * 64 for c in "abc"]), st.integers(1, 9), st.integers(1, 99))


@given(st.lists(st.tuples(steps, st.sampled_from(["switch", "abandon", "settle", "fail"])), max_size=12))
def test_the_record_survives_the_disk_and_never_lowers_its_floor(tmp_path_factory, moves) -> None:
    file = RecordFile(tmp_path_factory.mktemp("record") / "state.json")
    record = file.load()
    for step, move in moves:
        highest = record.highest
        record = record.intend(step)
        record = record.abandoned() if move == "abandon" else record.switched()
        if move == "settle":
            record = record.settled()
        if move == "fail":
            record = record.condemned(step.generation)
            assert not record.may_try(step.manifest, step.generation)
            assert record.may_try(step.manifest, step.generation + 1)
        file.save(record)
        assert file.load() == record
        assert record.highest == max(highest, step.version)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"v":1}', b"[]", b'{"v":2,"watching":false}'])
def test_a_record_that_cannot_be_read_is_not_guessed(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "state.json").write_bytes(body)
    with pytest.raises(RecordError):
        RecordFile(tmp_path / "state.json").load()


async def test_the_mailbox_keeps_the_newest_of_each_subject_and_a_bound() -> None:
    box: Mailbox[int] = Mailbox(3)
    for n in range(10):
        box.put("state", n)
    box.put("gate", 1)
    assert [await box.take(), await box.take()] == [("state", 9), ("gate", 1)]
    for n in range(5):
        box.put(str(n), n)
    assert len(box) == 3
    box.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(box.take(), 0.01)


@given(st.floats(-1, 1))
def test_certificates_renew_around_half_life(spread) -> None:
    issued = datetime(2026, 1, 1, tzinfo=UTC)
    held = Held(b"", issued, issued + timedelta(hours=24))
    assert timedelta(hours=9.5) <= held.renew_at(spread) - issued <= timedelta(hours=14.5)


def test_every_word_of_the_region_has_one_on_the_wire() -> None:
    assert all(release_phase(state) for state in OfferState)
    assert all(reason_code(reason) for reason in Refusal)
    assert reason_code("LEGAL-BASIS-MISSING") == agent_pb2.REASON_CODE_VETO_LEGAL_BASIS_MISSING
    assert reason_code("a free text") == agent_pb2.REASON_CODE_UNSPECIFIED
    assert engine_state("ready") == agent_pb2.ENGINE_STATE_READY
    assert engine_state("what") == agent_pb2.ENGINE_STATE_FAILED


def test_names_of_the_repository() -> None:
    assert wanted("metadata:/3.root.json") == MetadataFile(1, 3)
    assert wanted("metadata:/timestamp.json") == MetadataFile(2, 0)
    assert wanted("targets:/blobs/" + "ab" * 32) == TargetBlob(b"\xab" * 32)
    for name in ("metadata:/../keys.json", "targets:/blobs/x", "file:///etc/passwd", "metadata:/1.evil.json"):
        with pytest.raises(DownloadError):
            wanted(name)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.sampled_from([15, 60, 3600]))  # noqa: DTZ001
def test_periods_start_at_multiples_of_their_length(moment, seconds) -> None:
    period = period_of(moment.replace(tzinfo=UTC), seconds)
    assert period.start <= moment.replace(tzinfo=UTC) < period.end
    assert period.start.timestamp() % seconds == 0


def test_only_the_privacy_package_makes_messages_of_the_wire() -> None:
    """A message that leaves is built by `data_plane.privacy` alone; elsewhere stubs are read and sent, never filled."""
    root = Path(__file__).parents[3] / "data_plane"
    leaving = {"SessionRequest", "EnrolRequest", "RenewRequest", "FetchRequest", "SubmitRequest", "Report", "Cell"}
    leaving |= {"AddCheckpointRequest", "StateRequest", "Heartbeat", "Observed", "ReleaseState", "GateVerdict"}
    found = []
    for path in root.rglob("*.py"):
        if path.is_relative_to(root / "privacy"):
            continue
        found += [
            f"{path.relative_to(root)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in leaving
        ]
    assert found == []
