"""What a region's `keys/` holds, and making what is missing."""

from __future__ import annotations

from pathlib import Path

from data_plane.keys.files import make_password, make_secret, make_signing_key

SIGNING = ("ledger.pem", "evidence.pem", "report.pem", "enrolment.pem")
SECRETS = ("person.key", "apikey.key")


def make_missing(directory: Path, roles: tuple[str, ...]) -> list[str]:
    """Makes every key and database password that is not there; gives the names of those made, in order."""
    made = [name for name in SIGNING if make_signing_key(directory / name)]
    made += [name for name in SECRETS if make_secret(directory / name)]
    passwords = [f"db-{role}.pw" for role in roles]
    return made + [name for name in passwords if make_password(directory / name)]
