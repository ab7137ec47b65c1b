"""Tables of the centre, what services may do with them, and the bell for the regions' sessions.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERVICES = "bw_api, bw_console, bw_worker"
# Kept for ever as written.
APPEND_ONLY = ("report", "report_cell", "machine_line", "log_entry", "link_event", "blob", "tuf_metadata", "approval")
# A change in one of these is something that a region said: whoever waits for it hears it on channel `region`.
SAID = ("observation", "release_state", "gate", "evidence_request", "region")
# A change in one of these concerns the session of the region in its column `region`.
CONCERNS = ("desired_state", "gate", "evidence_request", "certificate", "link")


def upgrade() -> None:
    """Apply."""
    _regions()
    _links()
    _releases()
    _states()
    _reports()
    _ledgers()
    _people()
    _bell()
    _grants()


def downgrade() -> None:
    """Take back everything, in one sweep: this is the first revision."""
    op.execute("DROP SCHEMA public CASCADE")
    op.execute("CREATE SCHEMA public")


def _regions() -> None:
    op.create_table(
        "region",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conflict_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ledger_origin", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "region_key",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("enrolment", sa.LargeBinary(), nullable=False),
        sa.Column("ledger", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("officers", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("officer_threshold", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("region_key_enrolment", "region_key", ["enrolment"], unique=False)
    op.create_index(
        "region_key_present", "region_key", ["region"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "certificate",
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("certificate_region", "certificate", ["region", "not_after"], unique=False)


def _links() -> None:
    op.create_table(
        "link",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region"),
    )
    op.create_table(
        "link_event",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("link_event_region", "link_event", ["region", "id"], unique=False)
    op.create_table(
        "observation",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("policy", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("healthy", sa.Boolean(), nullable=False),
        sa.Column("engines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region"),
    )
    op.create_table(
        "received",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region", "kind", "hour"),
    )
    op.create_table(
        "fleet_mark",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("region"),
    )


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("built_by", sa.Text(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "release_region",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", "region"),
    )
    op.create_index("release_region_region", "release_region", ["region", "version"], unique=False)
    op.create_table(
        "blob",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "release_signing",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "release_signature",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("keyid", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", "keyid"),
    )
    op.create_table(
        "tuf_metadata",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("role", "version"),
    )


def _states() -> None:
    op.create_table(
        "desired_state",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("rollback", sa.Boolean(), nullable=False),
        sa.Column("rollout", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region"),
    )
    op.create_table(
        "release_state",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region", "manifest"),
    )
    op.create_table(
        "gate",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("min_requests", sa.Integer(), nullable=False),
        sa.Column("max_error_permille", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rollout", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gate_region", "gate", ["region", "requested_at"], unique=False)
    op.create_table(
        "evidence_request",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("built_first", sa.BigInteger(), nullable=False),
        sa.Column("built_next", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_request_region", "evidence_request", ["region", "requested_at"], unique=False)


def _reports() -> None:
    op.create_table(
        "report",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.Column("ledger_size", sa.BigInteger(), nullable=False),
        sa.Column("ledger_root", sa.LargeBinary(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("p_permille", sa.Integer(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region", "sequence"),
    )
    op.create_table(
        "report_cell",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cost_centre", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("use_case", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("outcomes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refusals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("first_token_ms", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("total_ms", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("region", "sequence", "position"),
    )
    op.create_index("report_cell_period", "report_cell", ["period_start"], unique=False)
    op.create_table(
        "machine_line",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("region", "sequence", "position"),
    )


def _ledgers() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("cosignature", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["region.id"]),
        sa.PrimaryKeyConstraint("region", "size"),
    )
    op.create_table(
        "log_entry",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("idx"),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hashes", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _people() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "user_secret",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["user_account.id"]),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("approval_subject", "approval", ["kind", "subject"], unique=False)


def _bell() -> None:
    """Ring `fleet` and count, so that a process which missed the bell finds out by polling."""
    op.execute(
        """
        CREATE FUNCTION fleet_ring(which text) RETURNS void LANGUAGE sql AS $$
          INSERT INTO fleet_mark (region, changes) VALUES (which, 1)
          ON CONFLICT (region) DO UPDATE SET changes = fleet_mark.changes + 1;
          SELECT pg_notify('fleet', which);
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION fleet_concerns() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM fleet_ring(NEW.region);
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION fleet_release() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM fleet_ring(region) FROM release_region WHERE version = NEW.version ORDER BY region;
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION region_said() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('region', to_jsonb(NEW) ->> TG_ARGV[0]);
          RETURN NULL;
        END $$
        """
    )
    for table in SAID:
        column = "id" if table == "region" else "region"
        op.execute(
            f"CREATE TRIGGER region_said AFTER INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION region_said({column})"
        )
    for table in CONCERNS:
        when = "WHEN (OLD.session IS DISTINCT FROM NEW.session)" if table == "link" else ""
        events = "UPDATE" if table == "link" else "INSERT OR UPDATE"
        op.execute(
            f"CREATE TRIGGER fleet_bell AFTER {events} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION fleet_concerns()"
        )
    op.execute(
        "CREATE TRIGGER fleet_bell AFTER UPDATE OF stage ON release FOR EACH ROW EXECUTE FUNCTION fleet_release()"
    )


def _grants() -> None:
    """Services read and write rows, own nothing, and cannot change or delete what is kept for ever."""
    op.execute(f"GRANT USAGE ON SCHEMA public TO {SERVICES}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {SERVICES}")
    op.execute(f"GRANT DELETE ON release_signature, user_secret TO {SERVICES}")
    op.execute(f"REVOKE UPDATE ON {', '.join(APPEND_ONLY)} FROM {SERVICES}")
    op.execute(f"REVOKE INSERT, UPDATE ON alembic_version FROM {SERVICES}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SERVICES}")
    op.execute("INSERT INTO log_head (id, size, hashes) VALUES (1, 0, '{}')")
