"""The ledger's entries and head, pots, admissions, people of a day, workers; and the functions that move money."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
FILES = ("0001_tables.sql", "0001_settle.sql", "0001_admit.sql", "0001_meter.sql", "0001_grants.sql")


def upgrade() -> None:
    for name in FILES:
        op.get_bind().exec_driver_sql((SQL / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    raise NotImplementedError("a ledger is not taken back; restore a copy instead")
