"""Composition roots: one module per process; only these read the environment, open sockets and build adapters."""
