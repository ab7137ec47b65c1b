-- The ledger. `idx` is given by the sequencer alone, after commit: ids drawn by writers commit out of order.
CREATE TABLE ledger_entry (
    "row"  bigserial PRIMARY KEY,
    idx    bigint,
    kind   text NOT NULL,
    number bigint,
    body   bytea NOT NULL,
    at     timestamptz NOT NULL
);
-- Canonical bytes are short and are hashed as they are: compression would only cost time.
ALTER TABLE ledger_entry ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX ledger_entry_idx ON ledger_entry (idx) WHERE idx IS NOT NULL;
CREATE INDEX ledger_entry_pending ON ledger_entry ("row") WHERE idx IS NULL;
-- One admission and one settlement per number, whatever the code above believes.
CREATE UNIQUE INDEX ledger_entry_number ON ledger_entry (number, kind) WHERE number IS NOT NULL;

CREATE TABLE ledger_head (
    id       integer PRIMARY KEY CHECK (id = 1),
    size     bigint NOT NULL,
    root     bytea NOT NULL,
    frontier bytea NOT NULL,
    halted   text
);
-- The empty tree: SHA-256 of nothing (RFC 6962, 2.1).
INSERT INTO ledger_head (id, size, root, frontier)
VALUES (1, 0, sha256(''::bytea), ''::bytea);

CREATE TABLE checkpoint (
    size     bigint PRIMARY KEY,
    root     bytea NOT NULL,
    note     bytea NOT NULL,
    at       timestamptz NOT NULL,
    cosigned bytea
);

CREATE TABLE boundary (
    id           bigserial PRIMARY KEY,
    multiple     integer NOT NULL CHECK (multiple BETWEEN 1 AND 65536),
    requested_at timestamptz NOT NULL,
    size         bigint
);
CREATE INDEX boundary_open ON boundary (id) WHERE size IS NULL;

CREATE TABLE salt (
    commit bytea PRIMARY KEY,
    salt   bytea NOT NULL,
    value  text NOT NULL
);

-- Metering. Hot rows keep free space on their page, so that their updates never touch an index.
CREATE TABLE pot (
    id           text PRIMARY KEY CHECK (id !~ '\s'),
    match        jsonb NOT NULL,
    "window"     text NOT NULL,
    thresholds   jsonb NOT NULL,
    limit_micro  bigint CHECK (limit_micro >= 0),
    stop_micro   bigint CHECK (stop_micro >= 0),
    reserved     bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    settled      bigint NOT NULL DEFAULT 0 CHECK (settled >= 0),
    lifetime     bigint NOT NULL DEFAULT 0 CHECK (lifetime >= 0),
    window_start timestamptz NOT NULL,
    resets_at    timestamptz,
    active       boolean NOT NULL DEFAULT true
) WITH (fillfactor = 20);

CREATE TABLE admission_counter (
    id           integer PRIMARY KEY CHECK (id = 1),
    last         bigint NOT NULL,
    pot_revision bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO admission_counter (id, last, pot_revision) VALUES (1, 0, 0);

CREATE TABLE open_admission (
    number  bigint PRIMARY KEY,
    worker  text NOT NULL,
    request uuid NOT NULL,
    amount  bigint NOT NULL CHECK (amount >= 0),
    pots    text NOT NULL,
    person  bytea NOT NULL,
    day     date NOT NULL,
    service boolean NOT NULL,
    tags    text NOT NULL,
    tier    text NOT NULL,
    at      timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE person (
    subject bytea NOT NULL,
    day     date NOT NULL,
    tag     bytea NOT NULL,
    PRIMARY KEY (subject, day)
);

CREATE TABLE worker (
    id       text PRIMARY KEY,
    pid      integer NOT NULL,
    started  timestamptz NOT NULL,
    seen     timestamptz NOT NULL,
    manifest text,
    config   text,
    policy   text,
    state    text NOT NULL DEFAULT 'starting',
    batch    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
