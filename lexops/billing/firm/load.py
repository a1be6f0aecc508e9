"""Bulk loading: the fastest safe way of each engine, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Index, MetaData
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from lexops.billing.model import ENTITIES
from lexops.billing.schema import METADATA

Row = Sequence[Any]
"""One row, in the order of the entity's fields; days and moments as ISO text, as every engine reads them."""
Batch = tuple[str, Sequence[Row]]
"""An entity's name and some rows of it."""
Progress = Callable[[int, int], None]
"""Told how much is done of how much."""


def load(
    connection: Connection, batches: Iterable[Batch], progress: Progress | None = None, expected: int = 0
) -> dict[str, int]:
    """Write all batches and answer how many rows of each entity there were.

    `progress` counts time entries, of which about `expected` will come. References are not checked while
    loading, and indexes are built at the end where that is faster.
    """
    write = _WRITERS[connection.dialect.name]
    counts = dict.fromkeys(ENTITIES, 0)
    with _bare(connection):
        for entity, rows in batches:
            if rows:
                write(connection, entity, rows)
                counts[entity] += len(rows)
            if progress and entity == "time_entry":
                progress(min(counts[entity], expected), expected)
    if progress:
        progress(expected, expected)
    return counts


def count_for_planner(connection: Connection) -> None:
    """Let the server count what was loaded, without which it may plan joins badly; SQLite needs no counts.

    On MariaDB this ends the transaction.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(ENTITIES)}").fetchall()


@contextmanager
def _bare(connection: Connection) -> Iterator[None]:
    """Without indexes and references; MariaDB, which cannot change a table in a transaction, looks away."""
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0, unique_checks = 0")
        try:
            yield
        finally:
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 1, unique_checks = 1")
        return
    # On a copy: adding a reference later takes it out of the table's own declaration.
    copy = MetaData()
    tables = [table.to_metadata(copy) for table in METADATA.sorted_tables]
    indexes = [index for table in tables for index in sorted(table.indexes, key=_name)]
    references = [key for table in tables for key in sorted(table.foreign_key_constraints, key=_name)]
    if connection.dialect.name == "sqlite":
        references = []
    for key in references:
        connection.execute(DropConstraint(key))
    for index in indexes:
        connection.execute(DropIndex(index))
    yield
    for index in indexes:
        connection.execute(CreateIndex(index))
    for key in references:
        connection.execute(AddConstraint(key))


def _name(item: Index | ForeignKeyConstraint) -> str:
    return str(item.name)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def _insert(connection: Connection, entity: str, rows: Sequence[Row], mark: str) -> None:
    columns = ENTITIES[entity].columns
    marks = ", ".join([mark] * len(columns))
    _cursor(connection).executemany(f"INSERT INTO {entity} ({', '.join(columns)}) VALUES ({marks})", rows)


def _sqlite(connection: Connection, entity: str, rows: Sequence[Row]) -> None:
    _insert(connection, entity, rows, "?")


def _mariadb(connection: Connection, entity: str, rows: Sequence[Row]) -> None:
    # PyMySQL joins the rows of executemany into statements of about a megabyte.
    _insert(connection, entity, rows, "%s")


def _postgresql(connection: Connection, entity: str, rows: Sequence[Row]) -> None:
    columns = ", ".join(ENTITIES[entity].columns)
    with _cursor(connection).copy(f"COPY {entity} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


_WRITERS: dict[str, Callable[[Connection, str, Sequence[Row]], None]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mariadb,
    "mariadb": _mariadb,
}
