"""Addresses of the database with the passwords of `keys/db-<role>.pw`."""

from __future__ import annotations

from pathlib import Path

from control_plane.settings import CentreSettings, SettingsError


def password_file(settings: CentreSettings, role: str) -> Path:
    """Where a role's password is."""
    return settings.keys / f"db-{role}.pw"


def dsn(settings: CentreSettings, role: str) -> str:
    """The database's address for a role. Raises `SettingsError` where its password is missing."""
    path = password_file(settings, role)
    try:
        password = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): run `python -m control_plane init`") from error
    return settings.dsn(role, password)
