"""Read tokens and evidence grants.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE read_token (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    scope text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE evidence_grant (
    id text PRIMARY KEY,
    request text NOT NULL,
    recipient text NOT NULL,
    first_idx bigint NOT NULL,
    next_idx bigint NOT NULL CHECK (next_idx >= first_idx),
    checkpoint_size bigint NOT NULL CHECK (checkpoint_size >= next_idx),
    state text NOT NULL CHECK (state IN ('built', 'downloaded', 'expired')),
    path text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    granted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    downloaded_at timestamptz
);
"""

GRANTS = """
GRANT SELECT, INSERT, DELETE ON read_token TO bw_console;
GRANT SELECT, INSERT ON evidence_grant TO bw_console;
GRANT UPDATE (state, downloaded_at) ON evidence_grant TO bw_console;
GRANT SELECT ON evidence_grant TO bw_agent;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TABLE read_token, evidence_grant")
