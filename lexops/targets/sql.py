"""What the databases we look at share: one connection, one read-only transaction for each query.

A session is over after an abort or a lost connection; it never reconnects by itself.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lexops.errors import LexOpsError, QueryFailed, TimedOut, Unreachable
from lexops.targets.memory import Memory
from lexops.targets.model import Kind, Target, Version
from lexops.targets.session import watchdog
from lexops.targets.sqlfile import SqlFolder
from lexops.text import one_line

MAX_ROWS = 10_000
"""Rows that a query may give; one more is fetched, so that whoever asks sees that there are more."""

STATEMENT_SECONDS = 10.0
"""What a statement may take as long as nobody has said otherwise."""

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(\w*)", re.DOTALL)
_READING = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "PRAGMA"})


class Database(ABC):
    """A connection to a database, for reading only. Making one connects; raises Unreachable."""

    kind: ClassVar[Kind]
    target: Target
    version: Version
    """As numbers: `(15, 18)`, `(10, 11, 19)`, `(3, 40, 1)`."""
    connect_seconds: float
    """How long connecting and authenticating took."""
    memory: Memory
    """What the check that looks now has kept from its last look."""
    sql: SqlFolder | None
    """The folder of the SQL that `query` runs."""

    def __init__(self, target: Target, engine: Engine, connect_timeout: float) -> None:
        self.target = target
        self.memory = Memory()
        self.sql = None
        self.connect_seconds = 0.0
        self._engine = engine
        self._seconds = STATEMENT_SECONDS
        self._over: LexOpsError | None = None
        self._started = time.perf_counter()
        event.listen(engine, "connect", self._on_connect, insert=True)
        self._connection = self._connected(connect_timeout)
        self.version = self._server_version()

    def _connected(self, seconds: float) -> Connection:
        try:
            with watchdog(2 * seconds, self.abort):
                return self._engine.connect()
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else None
            reason, grant = self._refusal(cause) if cause else (str(error), "")
            failure, said = TimedOut if self._over else Unreachable, self._cleaned(reason)
            raise failure(f"{self.target.name}: cannot connect: {said}", hint=grant) from None

    def _on_connect(self, driver: Any, _record: object) -> None:
        self.connect_seconds = time.perf_counter() - self._started
        self._wire(driver)

    # What the kinds of database differ in.

    @abstractmethod
    def _wire(self, driver: Any) -> None:
        """Prepare the driver's new connection, before anything is asked over it."""

    @abstractmethod
    def _begin(self) -> Sequence[str]:
        """The statements that open a read-only transaction under the allowed time."""

    @abstractmethod
    def _stop(self) -> None:
        """Cancel on the server and make the waiting call return; from any thread, at once."""

    @abstractmethod
    def _failure(self, error: Any) -> type[LexOpsError]:
        """What kind of error the driver's `error` is."""

    def _message(self, error: Any) -> str:
        return str(error).partition("\n")[0]

    def _mend(self, error: Any) -> str:
        """The statement that shows what is hidden, where that is known better than by who asked."""
        return ""

    def _refusal(self, error: Any) -> tuple[str, str]:
        """Why there is no connection, and the grant that is missing, where it is one."""
        return str(error), ""

    def _server_version(self) -> Version:
        return tuple(part for part in self._engine.dialect.server_version_info or () if isinstance(part, int))

    _end: ClassVar[str] = "ROLLBACK"

    # Asking.

    def allow(self, seconds: float) -> None:
        """Let each statement from now on take `seconds` on the server, and waiting for a lock less."""
        self._seconds = seconds

    @property
    def seconds(self) -> float:
        """What each statement may take now."""
        return self._seconds

    @property
    def _lock_seconds(self) -> float:
        return min(1.0, self._seconds / 2)

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """What the SELECT `sql` gives, at most 10,001 rows; `:name` in it is the parameter `name`.

        A colon before a word that is none is written as `\\:`, in comments and literals too. PostgreSQL
        takes no SHOW here; its settings are `current_setting('…')` or rows of `pg_settings`.

        Raises TimedOut, Denied, QueryFailed, or Unreachable when the connection is lost.
        """
        word = _first_word(sql)
        if word not in _READING:
            raise QueryFailed(f"{self.target.name}: only reading is allowed, not {word or 'an empty query'}")
        with (
            self._transaction() as connection,
            connection.execute(text(sql), params, execution_options={"stream_results": True}) as result,
        ):
            return [dict(row) for row in result.mappings().fetchmany(MAX_ROWS + 1)]

    def row(self, sql: str, **params: object) -> dict[str, Any]:
        """The first row of `sql`; raises QueryFailed when there is none."""
        return _first(self.rows(sql, **params))

    def scalar(self, sql: str, **params: object) -> Any:
        """The first value of the first row of `sql`; raises QueryFailed when there is none."""
        return next(iter(self.row(sql, **params).values()))

    def query(self, name: str, **params: object) -> list[dict[str, Any]]:
        """Like :meth:`rows`, with the SQL file `name` of the folder `sql` that fits the server's version."""
        if self.sql is None:
            raise QueryFailed(f"there is no folder to take the SQL {name!r} from")
        try:
            sql = self.sql.pick(name, self.version)
        except KeyError as error:
            raise QueryFailed(str(error.args[0])) from None
        return self.rows(sql, **params)

    def query_row(self, name: str, **params: object) -> dict[str, Any]:
        """The first row of :meth:`query`; raises QueryFailed when there is none."""
        return _first(self.query(name, **params))

    def ping(self) -> float:
        """Seconds that `SELECT 1` takes, there and back."""
        with self._transaction() as connection:
            started = time.perf_counter()
            connection.exec_driver_sql("SELECT 1").scalar_one()
            return time.perf_counter() - started

    def is_alive(self) -> bool:
        """Whether the session can still be used; asks the server."""
        try:
            self.ping()
        except LexOpsError:
            return False
        return True

    # Ending.

    def abort(self) -> None:
        self._over = self._over or TimedOut(f"{self.target.name}: ended because it took too long")
        self._stop()

    def close(self) -> None:
        self._over = self._over or Unreachable(f"{self.target.name}: the session is closed")
        with suppress(SQLAlchemyError):
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._over is not None:
            raise self._over.with_traceback(None)
        try:
            for statement in self._begin():
                self._connection.exec_driver_sql(statement)
            yield self._connection
        except SQLAlchemyError as error:
            raise self._explained(error) from None
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._end and self._over is None:
            try:
                self._connection.exec_driver_sql(self._end)
            except SQLAlchemyError as error:
                self._over = Unreachable(f"{self.target.name}: {self._cleaned(error)}")

    def _explained(self, error: SQLAlchemyError) -> LexOpsError:
        if self._over is not None:
            return self._over
        if not isinstance(error, DBAPIError) or error.orig is None:
            return QueryFailed(f"{self.target.name}: {self._cleaned(str(error).partition(chr(10))[0])}")
        message = f"{self.target.name}: {self._cleaned(self._message(error.orig))}"
        if error.connection_invalidated:
            failure = self._failure(error.orig)
            self._over = failure(message) if issubclass(failure, Unreachable) else Unreachable(message)
            return self._over
        return self._failure(error.orig)(message, hint=self._mend(error.orig))

    def _cleaned(self, message: object) -> str:
        said = str(message)
        if self._engine.url.password:
            said = said.replace(self._engine.url.password, "…")
        return one_line(_CREDENTIALS.sub("", said))


def _first_word(sql: str) -> str:
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise QueryFailed("the query gave no row")
    return rows[0]
