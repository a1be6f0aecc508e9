"""A backup of a whole store, and putting it back, as an administrator does after a loss."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text

from lexops.app import store_metadata
from lexops.store.database import Store

AUDIT = ("entry", "tile", "checkpoint", "epoch", "cosignature")


class Backup:
    """A copy made now: SQLite's backup API; on PostgreSQL all rows, as a dump has them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._file = folder / "backup.db"
        self._rows: dict[str, list[dict[str, Any]]] = {}
        if store.engine.dialect.name == "sqlite":
            _copy(Path(str(store.engine.url.database)), self._file)
        else:
            with store.read() as connection:
                for table in store_metadata().sorted_tables:
                    self._rows[table.name] = [dict(row._mapping) for row in connection.execute(select(table))]

    def put_back(self) -> None:
        """Make the store what it was."""
        if self._store.engine.dialect.name == "sqlite":
            _copy(self._file, Path(str(self._store.engine.url.database)))
            return
        tables = store_metadata().sorted_tables
        with self._store.begin() as connection:
            for name in AUDIT:
                connection.execute(text(f"ALTER TABLE audit_{name} DISABLE TRIGGER USER"))
            for table in reversed(tables):
                connection.execute(delete(table))
            for table in tables:
                if self._rows[table.name]:
                    connection.execute(insert(table), self._rows[table.name])
            for name in AUDIT:
                connection.execute(text(f"ALTER TABLE audit_{name} ENABLE TRIGGER USER"))


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
