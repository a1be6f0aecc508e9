"""The reference schema and its revisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from lexops.billing import migrate
from lexops.billing.schema import METADATA, VERSION_TABLE
from lexops.targets.model import Kind


def test_the_revisions_add_up_to_the_schema(empty: Callable[[], Engine]) -> None:
    engine = empty()
    with migrate.atomic(engine) as connection:
        migrate.upgrade(connection)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
        assert migrate.current(connection) == migrate.newest()


def test_upgrading_twice_changes_nothing(empty: Callable[[], Engine]) -> None:
    engine = empty()
    for _ in range(2):
        with migrate.atomic(engine) as connection:
            migrate.upgrade(connection)
    assert len(inspect(engine).get_table_names()) == len(METADATA.tables) + 1


def test_a_failed_upgrade_leaves_nothing_behind(kind: Kind, empty: Callable[[], Engine]) -> None:
    if kind is Kind.MARIADB:
        pytest.skip("MariaDB commits at every DDL statement")
    engine = empty()
    with pytest.raises(RuntimeError), migrate.atomic(engine) as connection:
        migrate.upgrade(connection)
        raise RuntimeError
    assert inspect(engine).get_table_names() == []


def test_an_upgrade_outside_a_transaction_is_refused(empty: Callable[[], Engine]) -> None:
    with empty().connect() as connection, pytest.raises(ValueError, match="atomic"):
        migrate.upgrade(connection)


def test_an_empty_database_is_at_no_revision(empty: Callable[[], Engine]) -> None:
    with empty().connect() as connection:
        assert migrate.current(connection) is None


def test_two_invoices_may_have_one_number() -> None:
    assert not any(index.unique for index in METADATA.tables["invoice"].indexes)
