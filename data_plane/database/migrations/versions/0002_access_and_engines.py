"""API keys, and the state of the engines.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE api_key (
    id text PRIMARY KEY,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    name text NOT NULL,
    tags jsonb NOT NULL,
    service boolean NOT NULL,
    premium boolean NOT NULL,
    key_commit text NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    revoked_at timestamptz,
    expires_at timestamptz
);
CREATE TABLE engine_state (
    model text PRIMARY KEY,
    kind text NOT NULL,
    url text NOT NULL,
    state text NOT NULL CHECK (state IN ('loading', 'ready', 'failed', 'asleep')),
    reason text NOT NULL DEFAULT '',
    restarts integer NOT NULL DEFAULT 0,
    since timestamptz NOT NULL,
    seen timestamptz NOT NULL
);
"""

NOTICES = """
CREATE FUNCTION bw_api_key_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    IF TG_OP = 'UPDATE' THEN
        NEW.revision := OLD.revision + 1;
    END IF;
    PERFORM pg_notify('api_key', '');
    RETURN NEW;
END $$;
CREATE TRIGGER api_key_stamp BEFORE INSERT OR UPDATE ON api_key
    FOR EACH ROW EXECUTE FUNCTION bw_api_key_stamp();
"""

GRANTS = """
GRANT SELECT ON api_key TO bw_gateway;
GRANT SELECT, INSERT, UPDATE ON api_key TO bw_console;
GRANT SELECT, INSERT, UPDATE, DELETE ON engine_state TO bw_gateway;
GRANT SELECT ON engine_state TO bw_agent, bw_console;
"""


def upgrade() -> None:
    for part in (TABLES, NOTICES, GRANTS):
        op.execute(part)


def downgrade() -> None:
    op.execute("DROP TABLE api_key, engine_state")
    op.execute("DROP FUNCTION bw_api_key_stamp()")
