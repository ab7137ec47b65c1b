"""Alembic's entry: migrates over the connection that the `migrate` step hands in, never one of its own.

Migrations say what they do in SQL and import no model; a test compares the models with the result.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
