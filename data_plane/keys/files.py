"""Reading and making key files: Ed25519 as PKCS#8 PEM, symmetric keys as 64 hex digits, passwords as text; mode 0600.

A key is written under another name, made durable, and then linked into place: it exists whole or not at all, and
a key that is already there is never replaced.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from data_plane.keys.errors import KeyFileError

MAKE = "Run `python -m data_plane init --config FILE`; if it existed before, restore it from the region's backup."


def make_signing_key(path: Path) -> bool:
    """Makes an Ed25519 key at `path`; false when one is there already."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return write_secret(path, pem)


def make_secret(path: Path) -> bool:
    """Makes 32 random bytes, as hex, at `path`; false when there is something already."""
    return write_secret(path, secrets.token_hex(32).encode("ascii") + b"\n")


def make_password(path: Path) -> bool:
    """Makes a password of 192 random bits at `path`; false when there is one already."""
    return write_secret(path, secrets.token_urlsafe(24).encode("ascii") + b"\n")


def write_secret(path: Path, data: bytes) -> bool:
    """Writes `data` durably with mode 0600 unless `path` exists; tells whether it wrote."""
    if path.exists():
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key at `path`.

    Raises:
        KeyFileError: it is missing, open to others, or something else.
    """
    try:
        key = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} holds no unencrypted PKCS#8 key. {MAKE}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key of another kind than Ed25519. {MAKE}")
    return key


def load_secret(path: Path) -> bytes:
    """The 32 bytes of a symmetric key.

    Raises:
        KeyFileError: it is missing, open to others, or something else.
    """
    try:
        secret = bytes.fromhex(read_private(path).decode("ascii").strip())
    except ValueError as error:
        raise KeyFileError(f"{path} does not hold 64 hex digits. {MAKE}") from error
    if len(secret) != 32:
        raise KeyFileError(f"{path} does not hold 64 hex digits. {MAKE}")
    return secret


def read_private(path: Path) -> bytes:
    """The bytes of a private file.

    Raises:
        KeyFileError: it is missing or open to others.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise KeyFileError(
                f"{path} is open to other users (mode {stat.S_IMODE(mode):04o}). Run `chmod 600 {path}`."
            )
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read ({error.strerror}). {MAKE}") from error
