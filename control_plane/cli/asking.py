"""How the centre's commands ask: one client, keys for repeatable writes, money and times as people read them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import httpx

from bailiwick.cli import places

API = "/api/v1"
SHORT = 12

Document = dict[str, Any]


def client(as_user: str | None, home: Path | None, timeout: float = 60) -> httpx.Client:
    """A client for the centre's REST interface."""
    return places.centre_client(as_user, home, timeout)


def get(asked: httpx.Client, path: str, **query: str | int | None) -> Document:
    """Read."""
    present = {name: value for name, value in query.items() if value is not None}
    document: Document = asked.get(API + path, params=present).json()
    return document


def post(asked: httpx.Client, path: str, body: object | None = None) -> Document:
    """Write, once: the key makes a repetition by the network harmless."""
    headers = {"Idempotency-Key": secrets.token_hex(16)}
    document: Document = asked.post(API + path, json=body if body is not None else {}, headers=headers).json()
    return document


def short(digest: object) -> str:
    """The first digits of a digest, for tables."""
    return str(digest).removeprefix("sha256:")[:SHORT] if digest else "-"


def money(micro: int, currency: str) -> str:
    """An amount with all its decimals that matter: `EUR 0.004300`."""
    sign = "-" if micro < 0 else ""
    whole, rest = divmod(abs(micro), 1_000_000)
    return f"{currency} {sign}{whole:,}.{rest:06d}"


def clock(text: object) -> str:
    """A time to the second."""
    return str(text)[:19].replace("T", " ") if text else "-"
