"""The store's connections and transactions. SQLite (WAL) by default, PostgreSQL for several machines."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Engine,
    Insert,
    MetaData,
    NullPool,
    QueuePool,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from lexops.errors import ConfigError, StoreError
from lexops.text import one_line

T = TypeVar("T", int, str)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every room declares its tables here; migrations compare with the sum of them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
BATCH = 500
"""Values that one statement takes as parameters: every database takes so many."""
BUSY_SECONDS = 15
"""How long a writer waits for another before it gives up."""


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970 UTC: exact, sortable, the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """The values sorted, each once, in lists that one statement can take."""
    known = sorted(set(values))
    return (known[start : start + BATCH] for start in range(0, len(known), BATCH))


def added(connection: Connection, statement: Insert) -> int:
    """Write one row; answers the number that it has now."""
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


class Store:
    """LexOps' own database. Reads see one snapshot; writes are all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(lexops_write=True)
        self._reading = engine
        if engine.dialect.name == "postgresql":
            self._reading = engine.execution_options(postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction; writing in it is an error. Raises StoreError."""
        with _explained(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction, committed at the end and rolled back on an error. Raises StoreError."""
        with _explained(), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        first = _first(error)
        raise StoreError(f"the store does not work: {one_line(first.orig, 200)}") from first
    except DBAPIError as error:
        if error.orig.__class__.__name__ == "DatabaseError":
            raise StoreError(f"the store does not work: {one_line(error.orig, 200)}") from error
        # The text of the others may quote what was to be written.
        code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", "")
        raise StoreError(f"the store does not work: {type(error.orig).__name__} {code}".rstrip()) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store does not work: {type(error).__name__}") from error


def _first(error: OperationalError) -> OperationalError:
    """What went wrong first: a full disk ends SQLite's transaction, and going back within it fails then."""
    first, found = error, error.__context__
    while found is not None and not isinstance(found, StoreError):
        first = found if isinstance(found, OperationalError) else first
        found = found.__context__
    return first


def open_engine(url: str, folder: Path, password: str | None = None) -> Engine:
    """An engine for the store at `url`; a relative SQLite file lies in `folder`. Nothing is read yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigError("[store] url: the store needs a file, for example sqlite:///lexops.db")
        return _sqlite(folder / parsed.database)
    parsed = parsed.set(drivername="postgresql+psycopg", password=password)
    return create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "lexops store",
            "options": "-c lock_timeout=15s",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )


def _sqlite(file: Path) -> Engine:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        hint = "give [store] url a file that this account may write"
        raise StoreError(f"the store {file} cannot be made: {error.strerror}", hint=hint) from None
    there = f"{file.absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        """Never makes the file: one that was moved away meanwhile would be replaced by an empty one."""
        return sqlite3.connect(there, timeout=BUSY_SECONDS, uri=True)

    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool, creator=connect)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: it would leave DDL outside of them.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("lexops_write", False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
