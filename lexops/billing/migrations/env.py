"""Alembic's entry: runs the revisions on the connection it is given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from lexops.billing.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
