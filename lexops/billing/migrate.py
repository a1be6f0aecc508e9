"""Brings a database to the newest reference schema, all of it or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from lexops.billing.schema import VERSION_TABLE


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def atomic(engine: Engine) -> Iterator[Connection]:
    """A connection inside one write transaction, committed at the end; on SQLite it covers DDL too.

    Python's sqlite3 opens no transaction before DDL by itself, so it is opened by hand. MariaDB commits
    at every DDL statement whatever one does.
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            with connection.begin():
                yield connection
            return
        before, driver.isolation_level = driver.isolation_level, None
        try:
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        finally:
            driver.isolation_level = before


def upgrade(connection: Connection) -> None:
    """Run the revisions that are missing, in the caller's transaction (see :func:`atomic`)."""
    if not connection.in_transaction():
        raise ValueError("upgrade needs an open transaction; use atomic(engine)")
    command.upgrade(_config(connection), "head")


def current(connection: Connection) -> str | None:
    """The revision the database is at; None where the schema was never made."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def newest() -> str:
    """The revision that :func:`upgrade` leads to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head
