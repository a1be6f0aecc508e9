"""Where the durable engine keeps its runs, and what must hold before it is started there.

The engine is DBOS 3.4. Its own defaults are for trying it out: pickled values, a rollback journal, a version
that changes with every release, settings taken from the environment. Here they are made safe.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text

from lexops.config import Settings
from lexops.errors import ConfigError, StoreError

SCHEMA = "dbos"
"""The engine's schema on PostgreSQL."""
POOL = 10
"""Connections of the engine: as many as runs at the same time, and its own watching."""
OLD_SQLITE = (3, 42)
"""`unixepoch('subsec')`, which DBOS uses from Python 3.12 on, is NULL before this SQLite."""
NEWER_SQLITE = "pysqlite3"
"""The module of the package pysqlite3-binary: the standard one with a newer library inside."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database for the engine."""

    url: URL

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The file of an SQLite place."""
        return Path(self.url.database or "")


def place(settings: Settings, folder: Path) -> Place:
    """Where the runs are kept: as `[worker] engine` says, else beside the store or in its database.

    Raises ConfigError when several workers could not share it.
    """
    given, store = settings.worker.engine, make_url(settings.store.url)
    if given is None and store.get_backend_name() == "sqlite":
        file = folder / (store.database or "")
        return _file(file.with_name(f"{file.stem}-runs{file.suffix}"))
    url = make_url(given or settings.store.url)
    if url.get_backend_name() == "sqlite":
        if store.get_backend_name() != "sqlite":
            raise ConfigError(
                "[worker] engine: a PostgreSQL store may have several workers, so its runs belong on one too",
                hint="leave engine out: the runs are then kept in the store's database",
            )
        return _file(folder / (url.database or ""))
    secret = settings.worker.engine_password if given else settings.store.password
    return Place(url.set(drivername="postgresql+psycopg", password=secret.read() if secret else None))


def _file(path: Path) -> Place:
    return Place(URL.create("sqlite", database=str(path)))


def traps(environment: Iterable[str]) -> list[str]:
    """The environment's variables that would change what the engine does, or make it send something out."""
    return sorted(name for name in environment if name.startswith(("DBOS_", "OTEL_")))


def sqlite_module(python: tuple[int, ...], sqlite: tuple[int, ...], has_newer: bool) -> str:
    """The module that carries an SQLite on which the engine works. Raises StoreError when there is none."""
    if python < (3, 12) or sqlite >= OLD_SQLITE:
        return "sqlite3"
    if has_newer:
        return NEWER_SQLITE
    version = ".".join(map(str, sqlite))
    raise StoreError(
        f"durable runs need SQLite 3.42 or newer with this Python; this one brings {version}",
        hint="install pysqlite3-binary, or use Python 3.11, or a PostgreSQL store",
    )


def connect(place: Place) -> Engine:
    """The engine's connections. Raises StoreError when its SQLite is too old or its file cannot be made."""
    if not place.is_sqlite:
        arguments = {"connect_timeout": 5, "application_name": "lexops runs"}
        return create_engine(
            place.url, pool_size=POOL, max_overflow=0, pool_pre_ping=True, connect_args=arguments
        )
    has_newer = find_spec(NEWER_SQLITE) is not None
    name = sqlite_module(sys.version_info[:3], sqlite3.sqlite_version_info, has_newer)
    return _sqlite(place.file, import_module(name))


def _sqlite(file: Path, module: ModuleType) -> Engine:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"the runs' database {file} cannot be made: {error.strerror}") from None
    engine = create_engine(f"sqlite:///{file}", module=module, pool_size=POOL, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # IMMEDIATE: a transaction that reads before it writes must not lose against another writer.
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def shut(engine: Engine) -> None:
    """Close the connections and let none be opened again, so that a thread that is still there ends."""

    @event.listens_for(engine, "do_connect")
    def _refuse(*_: object) -> None:
        raise StoreError("the engine is closed")

    engine.dispose()


def has_unfinished(place: Place) -> bool:
    """Whether runs wait there that have not ended; asked without starting the engine."""
    if place.is_sqlite and not place.file.exists():
        return False
    engine = connect(place)
    table = "workflow_status" if place.is_sqlite else f"{SCHEMA}.workflow_status"
    known = (
        "SELECT 1 FROM sqlite_master WHERE name = 'workflow_status'"
        if place.is_sqlite
        else f"SELECT to_regclass('{table}')"
    )
    try:
        with engine.connect() as connection:
            if connection.scalar(text(known)) is None:
                return False
            waiting = text(f"SELECT 1 FROM {table} WHERE status IN ('ENQUEUED', 'PENDING') LIMIT 1")
            return connection.scalar(waiting) is not None
    finally:
        engine.dispose()


class Json:
    """Values of the engine as plain JSON.

    Pickle, its default, lets whoever can write its database run code here. Of an exception only the type is
    kept: its text may quote data.
    """

    def name(self) -> str:
        return "lexops_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data, object_hook=_revived)


def _plain(value: object) -> object:
    if isinstance(value, BaseException):
        return {"__error__": type(value).__name__}
    raise TypeError(f"a {type(value).__name__} is no plain value")


def _revived(found: dict[str, Any]) -> Any:
    return RuntimeError(found["__error__"]) if found.keys() == {"__error__"} else found
