"""Names of the log events of the ledger."""

LEADING = "sequencer_leading"
WAITING = "sequencer_waiting_for_leadership"
LOST = "sequencer_lost_database"
SEALED = "checkpoint_sealed"
REFUSED = "tree_refused"
REBUILT = "tiles_rebuilt"
CAUGHT_UP = "tiles_caught_up"
