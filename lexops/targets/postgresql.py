"""PostgreSQL through psycopg."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import ExceptionContext, NullPool, create_engine, event, make_url

from lexops.errors import Damaged, Denied, LexOpsError, Locked, QueryFailed, TimedOut, Unreachable
from lexops.targets.model import Kind, Target
from lexops.targets.session import Line, in_background, later
from lexops.targets.sql import Database

CANCEL_GRACE = 0.3
"""Seconds that a cancelled query has for ending by itself."""

CANCEL_SECONDS = 5.0
"""What a cancel request may take, over a connection of its own."""

_OPTIONS = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "60000",
    "client_min_messages": "error",
    "row_security": "off",  # an error where a policy would hide rows, which would look like nothing to find
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_FAILURES: dict[str, type[LexOpsError]] = {
    "57014": TimedOut,  # query_canceled: statement_timeout or a cancel request
    "55P03": Locked,  # lock_not_available: lock_timeout
    "42501": Denied,
    "XX001": Damaged,  # data_corrupted
    "XX002": Damaged,  # index_corrupted
    "57P01": Unreachable,
    "57P02": Unreachable,
    "57P03": Unreachable,
}

_MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"')"""


class PostgreSQL(Database):
    """A PostgreSQL database."""

    kind = Kind.POSTGRESQL
    _end = "ROLLBACK TO look; COMMIT"
    """Undoes what a look may have set, and does not count as a transaction that was rolled back."""

    def __init__(
        self, target: Target, url: str, password: str | None = None, connect_timeout: float = 5.0
    ) -> None:
        address = make_url(url).set(drivername="postgresql+psycopg")
        self._line: Line | None = None
        engine = create_engine(
            address if password is None else address.set(password=password),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            connect_args={
                "application_name": "lexops",
                "connect_timeout": max(2, round(connect_timeout)),
                "options": " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
                "keepalives_idle": 15,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 10_000,
            },
        )
        event.listen(engine, "handle_error", _close_lost_cursor)
        super().__init__(target, engine, connect_timeout)

    def _wire(self, driver: Any) -> None:
        self._driver = driver
        driver.server_cursor_factory = _cursor
        _read_any_text(driver)
        self._line = Line(driver.fileno())

    def _begin(self) -> tuple[str]:
        """In one round trip. Rows come through a cursor, which bounds them and admits only a single SELECT.

        Cursors are planned for their first tenth otherwise; ours are read to the end.
        """
        return (
            "BEGIN READ ONLY; SAVEPOINT look;"
            f" SET LOCAL statement_timeout = {max(1, round(self._seconds * 1000))};"
            f" SET LOCAL lock_timeout = {max(1, round(self._lock_seconds * 1000))};"
            " SET LOCAL cursor_tuple_fraction = 1",
        )

    def _stop(self) -> None:
        """The cancel request needs the connection's own data, so the line is cut a moment after it."""
        if self._line is not None:
            in_background(self._cancel)
            later(CANCEL_GRACE, self._line.cut)

    def _cancel(self) -> None:
        from psycopg import capabilities

        # Before libpq 17 the request blocks the whole process on a half-open network; there the server's
        # own time limit has to do.
        if capabilities.has_cancel_safe():
            self._driver.cancel_safe(timeout=CANCEL_SECONDS)

    def _failure(self, error: Any) -> type[LexOpsError]:
        return _FAILURES.get(getattr(error, "sqlstate", None) or "", QueryFailed)

    def _message(self, error: Any) -> str:
        said = getattr(error.diag, "message_primary", None) or super()._message(error)
        # Data exceptions (class 22) quote the value they could not take, which may be a client's.
        return said.partition(":")[0] if (error.sqlstate or "").startswith("22") else said

    def _mend(self, error: Any) -> str:
        hides_rows = error.diag.source_function == "check_enable_rls"
        return f"ALTER ROLE {_quoted(self._engine.url.username)} BYPASSRLS" if hides_rows else ""

    def _refusal(self, error: Any) -> tuple[str, str]:
        said, url = str(error), self._engine.url
        if "permission denied for database" not in said:
            return said, ""
        return said, f"GRANT CONNECT ON DATABASE {_quoted(url.database)} TO {_quoted(url.username)}"

    # The only two acts on a server: each compares the identity of the session and signals in one statement.

    def cancel(self, pid: int, started: str, statement: str) -> bool:
        """Cancel the statement begun at `statement` of the client session `pid` begun at `started`.

        Moments as `2026-11-22T04:30:12.000001Z`. False when there is no such one. Raises Denied.
        """
        same = f"{_MOMENT.format('query_start')} = :statement"
        return self._signal("pg_cancel_backend", same, pid, started, statement=statement)

    def terminate(self, pid: int, started: str) -> bool:
        """End the client session `pid` begun at `started`; False when there is no such one. Raises Denied."""
        return self._signal("pg_terminate_backend", "true", pid, started)

    def _signal(self, act: str, condition: str, pid: int, started: str, **more: str) -> bool:
        rows = self.rows(
            f"SELECT {act}(pid) AS done FROM pg_stat_activity WHERE pid = :pid AND"
            f" backend_type = 'client backend' AND {_MOMENT.format('backend_start')} = :started"
            f" AND {condition}",
            pid=pid,
            started=started,
            **more,
        )
        return any(row["done"] for row in rows)

    def close(self) -> None:
        super().close()
        if self._line is not None:
            self._line.close()


def _quoted(name: str | None) -> str:
    return '"' + (name or "").replace('"', '""') + '"'


def _read_any_text(driver: Any) -> None:
    """Let every text be read, in whatever encoding it is: a sign that is none of this one is shown as `�`.

    A database in SQL_ASCII holds any bytes, and pg_stat_activity shows the statements of other databases as
    they came. The server is not asked to convert, for it would refuse such text.
    """
    from psycopg.adapt import Buffer, Loader

    encoding = driver.info.encoding
    if encoding == "ascii":  # psycopg's word for SQL_ASCII
        encoding = "utf-8"

    class AnyText(Loader):
        def load(self, data: Buffer) -> str:
            return bytes(data).decode(encoding, "replace")

    for name in (0, "text", "varchar", "bpchar", "name", '"char"'):  # 0: every type without a loader
        driver.adapters.register_loader(name, AnyText)


def _cursor(connection: Any, name: str, **options: Any) -> Any:
    """A cursor that is always called the same: another name is another statement to pg_stat_statements."""
    from psycopg import ServerCursor

    return ServerCursor(connection, "lexops", **options)


def _close_lost_cursor(context: ExceptionContext) -> None:
    """SQLAlchemy leaves the cursor of a lost connection open, and psycopg warns about that."""
    cursor = getattr(context.execution_context, "cursor", None)
    if context.is_disconnect and cursor is not None:
        with suppress(Exception):
            cursor.close()
