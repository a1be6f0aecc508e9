"""The store's schema: migrations and declarations agree; newer stores are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from lexops import app
from lexops.errors import StoreError
from lexops.store import migrate
from lexops.store.database import Store, open_engine
from tests.servers import DatabaseServer, site_url


def test_all_migrations_add_up_to_the_declared_tables(store: Store) -> None:
    with store.read() as connection:
        options = {"version_table": migrate.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, app.store_metadata()) == []


def test_the_known_head_is_the_newest_migration(store: Store) -> None:
    with store.read() as connection:
        assert migrate.version(connection) == migrate.HEAD == max(migrate._known())


def test_opening_again_changes_nothing(store: Store) -> None:
    migrate.bring_up_to_date(store)
    with store.read() as connection:
        assert migrate.version(connection) == migrate.HEAD


def test_a_newer_store_is_refused_with_a_clear_line(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer LexOps") as refused:
        migrate.bring_up_to_date(store)
    assert "update LexOps" in refused.value.hint


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(open_engine("sqlite:///x.db", tmp_path))
    real = migrate.upgrade

    def fails_at_the_end(connection: object, to: str = "head") -> None:
        real(connection, to)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrate, "upgrade", fails_at_the_end)
    with pytest.raises(RuntimeError):
        migrate.bring_up_to_date(store)
    with store.read() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_store_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, but long enough to be read as a header of one" * 50)
    with pytest.raises(StoreError, match="file is not a database"):
        migrate.bring_up_to_date(Store(open_engine("sqlite:///x.db", tmp_path)))


def test_two_programs_may_open_an_empty_store_at_the_same_time(
    tmp_path: Path, postgresql: DatabaseServer
) -> None:
    url = site_url(postgresql.database())
    stores = [Store(open_engine(url, tmp_path)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.bring_up_to_date, stores))
    for store in stores:
        store.close()


def test_a_store_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        open_engine("sqlite:///file/x.db", tmp_path)


def test_a_postgresql_store_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    store = Store(open_engine("postgresql://nobody@127.0.0.1:1/x", tmp_path))
    with pytest.raises(StoreError, match="the store does not work"):
        migrate.bring_up_to_date(store)


def test_the_store_is_private(tmp_path: Path) -> None:
    open_engine("sqlite:///x.db", tmp_path)
    assert (tmp_path / "x.db").stat().st_mode & 0o077 == 0
