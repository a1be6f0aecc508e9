"""SQLite through the standard library; the file is opened read-only and never made."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine

from lexops.errors import Damaged, Denied, LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets.model import Kind, Target, Version
from lexops.targets.sql import Database

STEPS = 10_000
"""Virtual machine steps between two looks at the clock: some hundred microseconds."""

# https://www.sqlite.org/rescode.html, primary result codes
_FAILURES: dict[int, type[LexOpsError]] = {
    sqlite3.SQLITE_INTERRUPT: TimedOut,
    sqlite3.SQLITE_BUSY: TimedOut,
    sqlite3.SQLITE_LOCKED: TimedOut,
    sqlite3.SQLITE_PERM: Denied,
    sqlite3.SQLITE_AUTH: Denied,
    sqlite3.SQLITE_CORRUPT: Damaged,
    sqlite3.SQLITE_NOTADB: Damaged,
    sqlite3.SQLITE_CANTOPEN: Unreachable,
    sqlite3.SQLITE_IOERR: Unreachable,
}

_UNUSED_WAL = frozenset({sqlite3.SQLITE_READONLY_DIRECTORY, sqlite3.SQLITE_READONLY_CANTINIT})


class SQLite(Database):
    """A SQLite file. A single statement is its own read transaction there, so none is opened."""

    kind = Kind.SQLITE
    _end = ""

    def __init__(self, target: Target, path: Path, connect_timeout: float = 5.0, backups: str = "") -> None:
        self.path = path
        self.backups = backups
        """The pattern of its backups' names; empty when the site names none."""
        self._deadline = float("inf")
        self._driver: sqlite3.Connection | None = None
        _demand(target, path)
        uri = f"{path.absolute().as_uri()}?mode=ro"
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(
                uri, uri=True, timeout=connect_timeout, isolation_level=None, check_same_thread=False
            ),
            poolclass=NullPool,
        )
        super().__init__(target, engine, connect_timeout)

    def pragma(self, name: str, argument: int | str | None = None) -> list[dict[str, Any]]:
        """The rows of a PRAGMA; an integrity check over a badly damaged file raises Damaged."""
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no PRAGMA")
        return self.rows(f"PRAGMA {name}" if argument is None else f"PRAGMA {name}({argument})")

    def file(self, suffix: str = "") -> os.stat_result | None:
        """Size, mode and owner of the file itself, or of its `-wal` or `-shm`; None where there is none."""
        with suppress(OSError):
            return os.stat(f"{self.path}{suffix}")
        return None

    def _wire(self, driver: sqlite3.Connection) -> None:
        self._driver = driver
        # Text that is no UTF-8 would end the query with an error that quotes it, and it may be a client's.
        driver.text_factory = partial(str, encoding="utf-8", errors="replace")
        driver.execute("PRAGMA query_only = ON")
        driver.set_progress_handler(self._is_late, STEPS)

    def _is_late(self) -> bool:
        return self._over is not None or time.monotonic() > self._deadline

    def _begin(self) -> tuple[str]:
        self._deadline = time.monotonic() + self._seconds
        return (f"PRAGMA busy_timeout = {round(self._lock_seconds * 1000)}",)

    def _stop(self) -> None:
        if self._driver is not None:
            with suppress(sqlite3.ProgrammingError):
                self._driver.interrupt()

    def _failure(self, error: Any) -> type[LexOpsError]:
        code = getattr(error, "sqlite_errorcode", 0)
        return Denied if code in _UNUSED_WAL else _FAILURES.get(code & 0xFF, QueryFailed)

    def _message(self, error: Any) -> str:
        if getattr(error, "sqlite_errorcode", 0) in _UNUSED_WAL:
            return (
                f"{self.path}: in WAL mode and used by nobody, so reading it needs write access to its folder"
            )
        return super()._message(error)

    def _server_version(self) -> Version:
        return sqlite3.sqlite_version_info


def _demand(target: Target, path: Path) -> None:
    """Raises Unreachable with a plain reason where SQLite only says that it cannot open.

    The file is not opened for it: closing it again would drop every lock that this process has on it
    (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
    """
    try:
        reason = "" if stat.S_ISREG(path.stat().st_mode) else "is not a file"
    except OSError as error:
        reason = error.strerror or "cannot be opened"
    if not reason and not os.access(path, os.R_OK):
        reason = "Permission denied"
    if reason:
        raise Unreachable(f"{target.name}: cannot connect: {path}: {reason}")
