"""The read model of rollouts, answers to repeated requests, and a bell for whoever shows them.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERVICES = "bw_api, bw_console, bw_worker"
# Pages that show one of these read again when it changes; the channel is named after the topic.
SHOWN = {"rollout": "rollout", "rollout_region": "rollout", "release": "release", "report": "report", "link": "region"}


def upgrade() -> None:
    """Apply."""
    _tables()
    op.execute(
        """
        CREATE FUNCTION shown() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('shown', TG_ARGV[0]);
          RETURN NULL;
        END $$
        """
    )
    for table, topic in SHOWN.items():
        events = "UPDATE OF connected, session" if table == "link" else "INSERT OR UPDATE"
        op.execute(f"CREATE TRIGGER shown AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION shown({topic})")
    op.execute("CREATE SEQUENCE rollout_number")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON rollout, rollout_region, idempotency TO {SERVICES}")
    op.execute(f"GRANT DELETE ON idempotency TO {SERVICES}")
    op.execute(f"GRANT SELECT, INSERT ON rollout_event TO {SERVICES}")
    op.execute(f"GRANT USAGE ON SEQUENCE rollout_number, rollout_event_id_seq TO {SERVICES}")


def downgrade() -> None:
    """Take back."""
    for table in SHOWN:
        op.execute(f"DROP TRIGGER shown ON {table}")
    op.execute("DROP FUNCTION shown()")
    op.execute("DROP SEQUENCE rollout_number")
    for table in ("idempotency", "rollout_event", "rollout_region", "rollout"):
        op.drop_table(table)


def _tables() -> None:
    op.create_table(
        "rollout",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", postgresql.JSONB(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rollout_region",
        sa.Column("rollout", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("view", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("rollout", "region", "mode"),
    )
    op.create_table(
        "rollout_event",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("rollout", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happening", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("rollout_event_rollout", "rollout_event", ["rollout", "at"])
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key"),
    )
