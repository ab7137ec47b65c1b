"""One region: the OpenAI endpoint, its ledger, its officers' pages, and the agent that dials the centre."""
