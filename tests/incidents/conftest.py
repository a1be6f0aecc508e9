"""A field for the tests of this room: most rules are tried on SQLite, what the database decides on both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexops.store.database import Store, open_engine
from tests.incidents.field import Field, site_file
from tests.stores import sqlite_store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store on SQLite, brought up to date once and copied for each test."""
    folder = tmp_path_factory.mktemp("migrated")
    sqlite_store(folder).close()
    return folder / "lexops.db"


@pytest.fixture
def quick(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    """A store of one's own on SQLite."""
    shutil.copy(migrated, tmp_path / "lexops.db")
    made = Store(open_engine("sqlite:///lexops.db", tmp_path))
    yield made
    made.close()


@pytest.fixture
def plain(quick: Store, tmp_path: Path) -> Field:
    """Checks and incidents with the usual settings, on SQLite."""
    return Field(quick, site_file(tmp_path))


@pytest.fixture
def either(store: Store, tmp_path: Path) -> Field:
    """The same, once on SQLite and once on PostgreSQL."""
    return Field(store, site_file(tmp_path))
