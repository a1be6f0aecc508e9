"""Alembic's environment for LexOps' own store; it works inside the connection it is given."""

from __future__ import annotations

from alembic import context

from lexops.store.migrate import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
