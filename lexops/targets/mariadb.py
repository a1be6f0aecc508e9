"""MariaDB and MySQL through PyMySQL."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from lexops.errors import Denied, LexOpsError, Locked, QueryFailed, TimedOut, Unreachable
from lexops.targets.model import Kind, Target
from lexops.targets.session import Line, in_background
from lexops.targets.sql import MAX_ROWS, Database

KILL_SECONDS = 2
"""What each phase of the second connection that ends a query may take."""

SOCKET_GRACE = 5.0
"""Seconds that the socket waits longer than the server may take."""

# https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's ER_QUERY_TIMEOUT
_LOCKED = 1205
_TIMED_OUT = frozenset({1317, 1969, 3024})
_DENIED = frozenset({1044, 1045, 1095, 1142, 1143, 1227, 1370, 1979})
_GONE = frozenset({1094, 1957})
"""There is no such connection or statement."""
_LOST = frozenset({1053, 1927, 2006, 2013, 2014, 2055})
_NO_DATABASE = re.compile(r"for user ('.*'@'.*') to database")
_QUOTING = frozenset({1292, 1366, 1411, 1525, 1690})
"""Errors that quote the value they could not take, which may be a client's."""


class MariaDB(Database):
    """A MariaDB or MySQL database."""

    kind = Kind.MARIADB

    def __init__(
        self, target: Target, url: str, password: str | None = None, connect_timeout: float = 5.0
    ) -> None:
        address = make_url(url).set(drivername="mysql+pymysql")
        self._line: Line | None = None
        self._limits = {
            "connect_timeout": max(1, round(connect_timeout)),
            "read_timeout": connect_timeout,
            "write_timeout": connect_timeout,
        }
        engine = create_engine(
            address if password is None else address.set(password=password),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                **self._limits,
                "program_name": "lexops",
                "init_command": "SET SESSION TRANSACTION READ ONLY",
            },
        )
        super().__init__(target, engine, connect_timeout)

    @property
    def is_mysql(self) -> bool:
        """Whether the server is MySQL and not MariaDB."""
        return not getattr(self._engine.dialect, "is_mariadb", False)

    def check_table(self, schema: str, name: str) -> list[str]:
        """What CHECK TABLE … QUICK has against an InnoDB table; nothing when it is sound. It blocks nobody.

        Raises like :meth:`rows`; QueryFailed, too, when the table is locked or not there.
        """
        place = ".".join(f"`{part.replace('`', '``')}`" for part in (schema, name))
        with self._transaction() as connection:
            answers = connection.exec_driver_sql(f"CHECK TABLE {place.replace('%', '%%')} QUICK").mappings()
            *said, end = [str(row["Msg_text"]) for row in answers]
        if end == "OK":
            return []
        if end != "Corrupt":
            raise QueryFailed(f"{self.target.name}: {schema}.{name}: {(said or [end])[0]}")
        return said or [end]

    def _wire(self, driver: Any) -> None:
        self._driver = driver
        self._line = Line(driver._sock.fileno())  # there is no public way to it

    def _begin(self) -> tuple[str, str]:
        self._driver._read_timeout = self._seconds + SOCKET_GRACE
        lock = max(1, int(self._lock_seconds))
        limit = (
            # MySQL tells numbers of tables as they were up to a day ago, unless told not to.
            f"max_execution_time = {max(1, round(self._seconds * 1000))}, information_schema_stats_expiry = 0"
            if self.is_mysql
            else f"max_statement_time = {self._seconds:.3f}"
        )
        return (
            f"SET SESSION {limit}, lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock},"
            f" sql_select_limit = {MAX_ROWS + 1}",
            "START TRANSACTION READ ONLY",
        )

    def _stop(self) -> None:
        if self._line is not None:
            in_background(self._kill)
            self._line.cut()

    def _kill(self) -> None:
        """End our connection on the server through a second one, which any account may do to its own."""
        dialect = self._engine.dialect
        positional, named = dialect.create_connect_args(self._engine.url)
        limits = dict.fromkeys(self._limits, KILL_SECONDS)
        with closing(dialect.connect(*positional, **named, **limits)) as second:
            second.cursor().execute(f"KILL {self._driver.thread_id()}")

    # The only two acts on a server. Connections are numbered anew only when the server starts, and statements
    # never; whoever calls has looked whose number it is.

    def cancel(self, id: int, _started: str, statement: str) -> bool:
        """Cancel the statement `statement` of connection `id`; False when it is over. Raises Denied."""
        return self._end_on_server(f"QUERY {int(id)}" if self.is_mysql else f"QUERY ID {int(statement)}")

    def terminate(self, id: int, _started: str) -> bool:
        """End the connection `id`; False when there is none. Raises Denied."""
        return self._end_on_server(f"CONNECTION {int(id)}")

    def _end_on_server(self, what: str) -> bool:
        with self._transaction() as connection:
            try:
                connection.exec_driver_sql(f"KILL {what}")
            except DBAPIError as error:
                if error.orig is not None and error.orig.args[0] in _GONE:
                    return False
                raise
        return True

    def _failure(self, error: Any) -> type[LexOpsError]:
        code = error.args[0] if error.args else 0
        if code == _LOCKED:
            return Locked
        if code in _TIMED_OUT or isinstance(error.__cause__, TimeoutError):
            return TimedOut
        if code in _DENIED:
            return Denied
        return Unreachable if code in _LOST else QueryFailed

    def _message(self, error: Any) -> str:
        said = str(error.args[1]) if len(error.args) > 1 else super()._message(error)
        return said.partition("'")[0].rstrip(": ") if error.args[0] in _QUOTING else said

    def _refusal(self, error: Any) -> tuple[str, str]:
        said = self._message(error)
        account = _NO_DATABASE.search(said)
        # As in the shipped role: it lets an account in, and see of what tables are made, but no row.
        return said, f"GRANT REFERENCES ON *.* TO {account[1]}" if account else ""

    def close(self) -> None:
        super().close()
        if self._line is not None:
            self._line.close()
