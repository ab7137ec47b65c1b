"""Signed sessions and tokens against cross-site requests. Stateless: the cookie names the user, the key proves it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

COOKIE = "bailiwick_session"
LIFE = timedelta(hours=12)
MAX_COOKIE = 512


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, a random id, and until when."""

    user: str
    id: str
    ends: datetime


class Sessions:
    """Issues and reads session cookies.

    1. A cookie is `base64url(JSON) . base64url(HMAC-SHA256)`; any other form is no session.
    2. The session ends at a fixed time; it is not prolonged by use.
    3. The form token is derived from the session's id, so it dies with the session.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            message = "the session key must have at least 32 bytes"
            raise ValueError(message)
        self._key = key

    def issue(self, user: str, now: datetime) -> str:
        """A cookie value for a user who just signed in."""
        body = {"u": user, "i": secrets.token_hex(8), "e": int((now + LIFE).timestamp())}
        text = _encode(json.dumps(body, separators=(",", ":")).encode())
        return f"{text}.{_encode(self._mac(b'session', text.encode()))}"

    def read(self, cookie: str | None, now: datetime) -> Session | None:
        """The session of a cookie, None when absent, altered or over."""
        if not cookie or len(cookie) > MAX_COOKIE or not cookie.isascii():
            return None
        text, dot, mac = cookie.partition(".")
        if not dot or not hmac.compare_digest(_encode(self._mac(b"session", text.encode())), mac):
            return None
        try:
            body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            session = Session(str(body["u"]), str(body["i"]), datetime.fromtimestamp(int(body["e"]), UTC))
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None
        return session if now < session.ends else None

    def token(self, session: Session) -> str:
        """What each form of this session carries."""
        return _encode(self._mac(b"form", session.id.encode()))

    def token_matches(self, session: Session, token: str) -> bool:
        """Whether a posted token belongs to the session."""
        return hmac.compare_digest(self.token(session).encode(), token.encode())

    def _mac(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.new(self._key, purpose + b"\0" + data, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
