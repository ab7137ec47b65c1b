"""Set-up: everything that a machine needs before a federation can run on it."""
