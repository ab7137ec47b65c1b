"""The one step that changes the schema: as `bw_owner`, under an advisory lock, all or nothing per revision."""

from __future__ import annotations

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from data_plane.database.revision import migrations

LOCK = 0x6277_0001


def upgrade(dsn: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Migrates the database to `revision`; gives the revision before and after. Safe to run at the same time twice."""
    address = sqlalchemy.make_url(dsn).set(drivername="postgresql+psycopg")
    engine = create_engine(address, poolclass=sqlalchemy.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            connection.commit()
            before = _present(connection)
            config = Config()
            config.set_main_option("script_location", str(migrations()))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
            after = _present(connection)
            connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
            connection.commit()
            return before, after
    finally:
        engine.dispose()


def _present(connection: sqlalchemy.Connection) -> str | None:
    exists = connection.execute(sqlalchemy.text("SELECT to_regclass('alembic_version')")).scalar()
    found = None
    if exists is not None:
        found = connection.execute(sqlalchemy.text("SELECT max(version_num) FROM alembic_version")).scalar()
    connection.commit()
    return found
