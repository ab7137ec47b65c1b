"""Alembic's environment and the versions, which run in the `migrate` step only."""
