"""Runs the migrations under an advisory lock, and tells which revision the code needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

_LOCK = 0x62616C77  # one migration at a time, whatever starts it
_SCRIPTS = Path(__file__).parent / "migrations"


def needed_revision() -> str:
    """The newest revision that this code knows."""
    head = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    return head or ""


def present_revision(connection: Connection) -> str | None:
    """The revision of the database behind a connection."""
    return MigrationContext.configure(connection).get_current_revision()


def sqlalchemy_address(dsn: str) -> str:
    """A libpq address for SQLAlchemy's psycopg dialect."""
    _, _, rest = dsn.partition("://")
    return f"postgresql+psycopg://{rest}"


def migrate(dsn: str) -> str:
    """Bring the database up to the needed revision as its owner; returns that revision. Safe to run at any time."""
    engine = create_engine(sqlalchemy_address(dsn))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
            connection.commit()
            try:
                _upgrade(connection)
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
                connection.commit()
    finally:
        engine.dispose()
    return needed_revision()


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS))
    command.upgrade(config, "head")
    connection.commit()
