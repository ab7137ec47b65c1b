"""Key files of the centre: PEM (PKCS#8), mode 0600, in directories of mode 0700. Never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class KeyFileError(Exception):
    """A key file is missing or not what it should be; the text names the file and what to do."""


def private_directory(path: Path, mode: int = 0o700) -> bool:
    """Make a directory, by default for its owner only; returns whether it was made now."""
    if path.is_dir():
        return False
    path.mkdir(parents=True, mode=mode)
    path.chmod(mode)
    return True


def write_once(path: Path, body: bytes, mode: int = 0o600) -> bool:
    """Write a file that is not there yet, durably; returns whether it was written now."""
    if path.exists():
        return False
    replace(path, body, mode)
    return True


def replace(path: Path, body: bytes, mode: int = 0o600) -> None:
    """Put a file in place of an earlier one, in one step: whenever it is read, it is the one or the other, whole."""
    partial = path.with_name(f".{path.name}.new")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as PKCS#8 in PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def ed25519(path: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 key."""
    key = _load(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds no Ed25519 key")
    return key


def p256(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read an ECDSA P-256 key."""
    key = _load(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path} holds no ECDSA key")
    return key


def certificate(path: Path) -> x509.Certificate:
    """Read the first certificate of a PEM file."""
    return x509.load_pem_x509_certificate(read(path))


def _load(path: Path) -> object:
    try:
        return load_pem_private_key(read(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is no unencrypted private key in PEM") from error


def read(path: Path) -> bytes:
    """Read a file of the centre; raises `KeyFileError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read ({error.strerror}): run `python -m control_plane init`") from error
