"""The region's schema: what the models say is what the migrations make, twice is once, services own nothing."""

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from data_plane.database.metadata import load_metadata
from data_plane.database.migrate import upgrade
from data_plane.database.revision import migrations, needed_revision
from data_plane.settings import DATABASE_OWNER, DATABASE_ROLES
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


def test_the_models_are_what_the_migrations_make(region_database: Database) -> None:
    address = sqlalchemy.make_url(region_database.dsn(DATABASE_OWNER)).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, load_metadata()) == []
    engine.dispose()


def test_the_newest_revision_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    assert ScriptDirectory.from_config(config).get_heads() == [needed_revision()]


def test_migrating_twice_changes_nothing(fresh_database: Database) -> None:
    dsn = fresh_database.dsn(DATABASE_OWNER)
    assert upgrade(dsn) == (None, needed_revision())
    assert upgrade(dsn) == (needed_revision(), needed_revision())


@pytest.mark.parametrize("role", DATABASE_ROLES)
def test_no_service_can_rewrite_an_entry(region_database: Database, role: str) -> None:
    with psycopg.connect(region_database.dsn(role), autocommit=True) as connection:
        for statement in (
            "UPDATE ledger_entry SET body = ''",
            "DELETE FROM ledger_entry",
            "TRUNCATE ledger_entry",
            "SELECT bw_append('settlement', '', now())",
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
                connection.execute(statement)
        owned = connection.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = relowner WHERE rolname = %s", [role]
        )
        assert owned.fetchone() == (0,)
