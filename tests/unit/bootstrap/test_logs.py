"""No secret, no person and no content reaches a log, whatever a caller hands over."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from data_plane.bootstrap.logs import FORBIDDEN, MASK, configure, redact

PLANTED = (
    "bw_4f2a_c2VjcmV0LXNlY3JldA",
    "bwi_eyJ2IjoxfQ0123456789",
    "Bearer abc.def",
    "ada.lovelace@example.org",
    "postgresql://bw_gateway:hunter22@127.0.0.1/bailiwick",
    "AGE-SECRET-KEY-1QQPQRSTUVWXYZ",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA",
)
SECRETS = ("c2VjcmV0", "eyJ2Ijox", "abc.def", "lovelace", "hunter22", "QQPQRST", "MC4CAQ")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_an_event_is_one_json_line_with_constant_name_and_fields(stream: io.StringIO) -> None:
    configure("ledger", "eu-de", stream).info("checkpoint_sealed", size=5)
    line = json.loads(stream.getvalue())
    assert {key: line[key] for key in ("event", "process", "region", "size", "level")} == {
        "event": "checkpoint_sealed",
        "process": "ledger",
        "region": "eu-de",
        "size": 5,
        "level": "info",
    }
    assert line["at"].endswith("Z")


def test_third_party_loggers_are_masked_too(stream: io.StringIO) -> None:
    configure("ledger", "eu-de", stream)
    for planted in PLANTED:
        logging.getLogger("asyncpg").warning("failed for %s", planted)
    text = stream.getvalue()
    assert len(text.splitlines()) == len(PLANTED)
    assert not [secret for secret in SECRETS if secret in text]


def test_exceptions_are_masked(stream: io.StringIO) -> None:
    log = configure("ledger", "eu-de", stream)
    try:
        int("postgresql://bw_gateway:hunter22@h/d")
    except ValueError:
        log.exception("process_failed")
    assert "hunter22" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


@given(st.sampled_from(sorted(FORBIDDEN)), st.text() | st.binary() | st.lists(st.text()))
def test_a_field_about_content_or_people_is_never_written(name: str, value: object) -> None:
    assert redact(None, "info", {"event": "e", name: value})[name] == MASK


@given(st.lists(st.sampled_from(PLANTED)), st.text())
def test_planted_secrets_are_masked_in_any_surroundings(planted: list[str], around: str) -> None:
    written = str(redact(None, "info", {"event": "e", "detail": [around, *planted]}))
    assert not [secret for secret in SECRETS if secret in written and secret not in around]
