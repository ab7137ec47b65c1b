"""Sessions and form tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.console.web.pages.door import target
from control_plane.console.web.session import LIFE, Sessions

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
SESSIONS = Sessions(b"k" * 32)


def test_a_session_is_read_until_it_ends() -> None:
    cookie = SESSIONS.issue("jonas", NOW)
    found = SESSIONS.read(cookie, NOW + LIFE - timedelta(seconds=1))
    assert found is not None
    assert found.user == "jonas"
    assert SESSIONS.read(cookie, NOW + LIFE) is None


def test_another_key_knows_no_session() -> None:
    assert Sessions(b"o" * 32).read(SESSIONS.issue("jonas", NOW), NOW) is None
    with pytest.raises(ValueError, match="32 bytes"):
        Sessions(b"short")


@given(st.data())
def test_an_altered_cookie_is_none(data: st.DataObject) -> None:
    cookie = SESSIONS.issue("jonas", NOW)
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.=\u00e9"))
    altered = cookie[:place] + letter + cookie[place + 1 :]
    assert altered == cookie or SESSIONS.read(altered, NOW) is None


@given(st.text(max_size=80))
def test_no_text_is_a_session(text: str) -> None:
    assert SESSIONS.read(text, NOW) is None


def test_a_form_token_belongs_to_one_session() -> None:
    one, other = (SESSIONS.read(SESSIONS.issue("jonas", NOW), NOW) for _ in range(2))
    assert one is not None
    assert other is not None
    assert SESSIONS.token_matches(one, SESSIONS.token(one))
    assert not SESSIONS.token_matches(one, SESSIONS.token(other))
    assert not SESSIONS.token_matches(one, "\u00e9")


@pytest.mark.parametrize(
    ("asked", "given_"),
    [
        ("/spend", "/spend"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/login?token=x", "/"),
        ('/x"onload', "/"),
        ("/a;url=//b", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(asked: str, given_: str) -> None:
    assert target(asked) == given_
