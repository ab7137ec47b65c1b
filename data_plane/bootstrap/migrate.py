"""`python -m data_plane migrate`: brings the schema to this code's revision, as the role that owns it."""

from __future__ import annotations

import time

import sqlalchemy.exc

from data_plane.bootstrap.logs import configure
from data_plane.database.migrate import upgrade
from data_plane.settings import DATABASE_OWNER, RegionSettings, SettingsError

MIGRATED = "schema_migrated"
CURRENT = "schema_is_current"
FAILED = "schema_migration_failed"
UNREACHABLE = "database_unreachable"
PATIENCE_SECONDS = 30.0


def main(settings: RegionSettings) -> int:
    """Migrates; waits a while for a database that is still starting."""
    log = configure("migrate", settings.region.id)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            before, after = upgrade(settings.dsn(DATABASE_OWNER))
        except sqlalchemy.exc.OperationalError as error:
            if time.monotonic() > deadline:
                log.error(UNREACHABLE, reason=str(error.orig))  # noqa: TRY400 -- the reason is the message
                return 1
            time.sleep(0.25)
        except (SettingsError, sqlalchemy.exc.SQLAlchemyError) as error:
            log.error(FAILED, reason=str(error))  # noqa: TRY400 -- the reason is the message
            return 1
        else:
            log.info(CURRENT if before == after else MIGRATED, before=before, after=after)
            return 0
