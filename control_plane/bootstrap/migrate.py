"""`python -m control_plane migrate`: brings the database up to this code, then takes the first TUF repository in."""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy.exc import SQLAlchemyError

from control_plane.authority.keyfiles import KeyFileError
from control_plane.authority.tuf import ROLES
from control_plane.bootstrap.compose import compose
from control_plane.bootstrap.passwords import dsn
from control_plane.registry.engine import open_engine
from control_plane.registry.migrate import migrate
from control_plane.settings import OWNER_ROLE, CentreSettings, SettingsError


def main(settings: CentreSettings) -> int:
    """Run the migrations as the owner; returns the exit code."""
    try:
        migrate(dsn(settings, OWNER_ROLE))
        asyncio.run(_seed(settings))
    except (SettingsError, KeyFileError) as error:
        print(f"control_plane migrate: {error}", file=sys.stderr)  # noqa: T201 - a set-up step, not a service
        return 1
    except SQLAlchemyError as error:
        reason = type(error).__name__
        print(f"control_plane migrate: the database refused: {reason}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    return 0


async def _seed(settings: CentreSettings) -> None:
    directory = settings.data / "tuf"
    if not (directory / "timestamp.json").exists():
        return  # made elsewhere, in a ceremony, and imported by hand
    first = {role: (directory / f"{role}.json").read_bytes() for role in ROLES}
    engine = open_engine(dsn(settings, OWNER_ROLE), 1)
    try:
        await compose(settings, engine).releases.seed(first)
    finally:
        await engine.dispose()
