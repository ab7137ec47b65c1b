"""The `bailiwick` command: one host, to which each installed part contributes its verbs."""
