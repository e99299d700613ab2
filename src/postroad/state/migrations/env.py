"""Alembic's entry: runs migrations in the transaction that `migrate.upgrade` was given."""

from __future__ import annotations

from alembic import context

from postroad.state.base import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
