"""The migrated database is the one that the models describe."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from control_plane.registry.migrate import migrate, needed_revision, present_revision, sqlalchemy_address
from control_plane.registry.tables import METADATA
from tests.fixtures.postgres import Database

pytestmark = pytest.mark.integration


def test_models_and_database_agree_and_a_second_run_changes_nothing(fresh_database: Database) -> None:
    assert migrate(fresh_database.dsn("bw_owner")) == needed_revision()
    assert migrate(fresh_database.dsn("bw_owner")) == needed_revision()
    engine = create_engine(sqlalchemy_address(fresh_database.dsn("bw_owner")))
    with engine.connect() as connection:
        assert present_revision(connection) == needed_revision()
        known = {table.name for table in METADATA.sorted_tables}
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in known}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


@pytest.mark.parametrize("role", ["bw_api", "bw_console", "bw_worker"])
def test_services_own_nothing_and_cannot_rewrite_history(fresh_database: Database, role: str) -> None:
    migrate(fresh_database.dsn("bw_owner"))
    engine = create_engine(sqlalchemy_address(fresh_database.dsn(role)))
    with engine.connect() as connection:
        owned = connection.execute(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")).scalar()
        bypass = connection.execute(text("SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user")).scalar()
        assert (owned, bypass) == (0, False)
        for table in ("log_entry", "report", "report_cell", "tuf_metadata", "blob"):
            for privilege in ("UPDATE", "DELETE", "TRUNCATE"):
                asked = text("SELECT has_table_privilege(:table, :privilege)")
                allowed = connection.execute(asked, {"table": table, "privilege": privilege}).scalar()
                assert allowed is False, (table, privilege)
    engine.dispose()
