"""Alembic's environment: the connection comes from whoever runs the migration."""

from __future__ import annotations

from alembic import context

from control_plane.registry.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
