-- Services own nothing. Nobody but the owner may delete or change an entry; only the sequencer may give it an index.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO bw_gateway, bw_ledger, bw_console, bw_agent;
GRANT SELECT ON alembic_version TO bw_gateway, bw_ledger, bw_console, bw_agent;
GRANT SELECT ON ledger_entry, ledger_head, checkpoint, boundary, pot, admission_counter, open_admission, worker
    TO bw_gateway, bw_ledger, bw_console, bw_agent;
GRANT EXECUTE ON FUNCTION bw_append TO bw_gateway, bw_ledger, bw_console, bw_agent;

GRANT EXECUTE ON FUNCTION bw_meter, bw_roll TO bw_gateway;
GRANT INSERT, UPDATE ON pot TO bw_gateway;
GRANT UPDATE ON admission_counter TO bw_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON worker TO bw_gateway;

GRANT INSERT, UPDATE (idx) ON ledger_entry TO bw_ledger;
GRANT UPDATE ON ledger_head TO bw_ledger;
GRANT INSERT ON checkpoint TO bw_ledger;
GRANT UPDATE (size) ON boundary TO bw_ledger;
GRANT USAGE ON SEQUENCE ledger_entry_row_seq TO bw_ledger;

GRANT INSERT ON boundary TO bw_agent;
GRANT USAGE ON SEQUENCE boundary_id_seq TO bw_agent;
GRANT UPDATE (cosigned) ON checkpoint TO bw_agent;

-- Erasure: the console deletes what links, and never what is counted.
GRANT SELECT, DELETE ON person TO bw_console;
GRANT SELECT, INSERT, DELETE ON salt TO bw_console, bw_agent;
