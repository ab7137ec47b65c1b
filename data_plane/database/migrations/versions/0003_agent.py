"""The agent's tables: releases, statements, reports, the account of what left, the link.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE active_release (
    id integer PRIMARY KEY CHECK (id = 1),
    manifest text NOT NULL,
    version bigint NOT NULL,
    config text NOT NULL,
    policy text NOT NULL,
    code text,
    models text,
    generation bigint NOT NULL,
    applied_at timestamptz NOT NULL
);
CREATE TABLE offer (
    manifest text PRIMARY KEY,
    version bigint NOT NULL,
    state text NOT NULL,
    reason text,
    gated jsonb NOT NULL,
    manifest_body bytea,
    seen_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE statement (
    sequence bigint PRIMARY KEY,
    manifest text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('consent', 'veto')),
    reason text,
    envelope bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ix_statement_manifest ON statement (manifest);
CREATE TABLE report (
    sequence bigint PRIMARY KEY CHECK (sequence > 0),
    first_idx bigint NOT NULL,
    next_idx bigint NOT NULL CHECK (next_idx >= first_idx),
    carried jsonb NOT NULL,
    checkpoint_size bigint NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    body bytea NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    signature bytea NOT NULL CHECK (length(signature) = 64),
    made_at timestamptz NOT NULL,
    acked_at timestamptz
);
CREATE TABLE report_carry (idx bigint PRIMARY KEY);
CREATE TABLE egress_object (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    type text NOT NULL,
    bytes bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE control_period (
    class text NOT NULL,
    type text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    count bigint NOT NULL,
    bytes bigint NOT NULL,
    rolling bytea NOT NULL CHECK (length(rolling) = 32),
    closed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (class, type, period_start)
);
CREATE INDEX control_period_open ON control_period (period_end) WHERE NOT closed;
CREATE TABLE link_state (
    id integer PRIMARY KEY CHECK (id = 1),
    state text NOT NULL,
    code text,
    since timestamptz NOT NULL,
    connected boolean NOT NULL,
    enrolment text NOT NULL,
    last_contact timestamptz,
    certificate_expires timestamptz,
    generation bigint NOT NULL,
    desired text,
    rollback boolean NOT NULL,
    conflict text,
    centre_sequence bigint,
    resume text
);
CREATE TABLE evidence_request (
    id text PRIMARY KEY,
    first_idx bigint NOT NULL,
    next_idx bigint NOT NULL,
    recipient text NOT NULL,
    expires timestamptz NOT NULL,
    phase text NOT NULL,
    bundle bytea,
    bundle_first bigint,
    bundle_next bigint,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
INSERT INTO link_state (id, state, since, connected, enrolment, generation, rollback)
VALUES (1, 'disconnected', now(), false, 'none', 0, false);
"""

# Per row, not per statement: an UPDATE that finds nothing must wake nobody.
NOTICES = """
CREATE FUNCTION bw_notice() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$;
CREATE TRIGGER active_release_notice AFTER INSERT OR UPDATE ON active_release
    FOR EACH ROW EXECUTE FUNCTION bw_notice('active_release');
CREATE TRIGGER statement_notice AFTER INSERT ON statement
    FOR EACH ROW EXECUTE FUNCTION bw_notice('statement');
CREATE TRIGGER offer_notice AFTER INSERT OR UPDATE ON offer
    FOR EACH ROW EXECUTE FUNCTION bw_notice('offer');
CREATE TRIGGER evidence_notice AFTER INSERT OR UPDATE ON evidence_request
    FOR EACH ROW EXECUTE FUNCTION bw_notice('evidence');
CREATE TRIGGER resume_notice AFTER UPDATE OF resume ON link_state
    FOR EACH ROW EXECUTE FUNCTION bw_notice('resume');
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE ON active_release, offer, control_period, link_state, report TO bw_agent;
GRANT SELECT, INSERT ON statement, egress_object TO bw_agent;
GRANT SELECT, INSERT, DELETE ON report_carry TO bw_agent;
GRANT SELECT, INSERT, UPDATE ON evidence_request TO bw_agent;
GRANT SELECT ON active_release TO bw_gateway;
GRANT SELECT ON active_release, offer, statement, report, report_carry, egress_object, control_period, link_state,
    evidence_request TO bw_console;
GRANT INSERT ON statement TO bw_console;
GRANT UPDATE (state, reason, updated_at) ON offer TO bw_console;
GRANT UPDATE (resume) ON link_state TO bw_console;
GRANT UPDATE (phase, bundle, bundle_first, bundle_next, updated_at) ON evidence_request TO bw_console;
"""


def upgrade() -> None:
    for part in (TABLES, NOTICES, GRANTS):
        op.execute(part)


def downgrade() -> None:
    op.execute(
        "DROP TABLE active_release, offer, statement, report, report_carry, egress_object, control_period, link_state,"
        " evidence_request"
    )
    op.execute("DROP FUNCTION bw_notice()")
