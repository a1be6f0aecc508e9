"""A worker's proof of life on PostgreSQL: an advisory lock on its name, held by a connection of its own.

The server drops the lock with the connection, and its keepalives find a half-open network within about ten
seconds. The holder's own side is stricter, so it knows first.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import URL

from lexops.errors import StoreError

SERVER_KEEPALIVES = "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
"""The server gives a silent connection up after 4 + 2 × 3 seconds."""
CLIENT_KEEPALIVES: Mapping[str, Any] = {
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "connect_timeout": 5,
}
"""The holder after 5: it must have stopped before another begins."""
PATIENCE = 5.0
"""Seconds that the server may take to answer."""
_NUMBER = "hashtextextended('lexops worker ' || %s, 0)"


class PostgreSQLLease:
    """One of several workers."""

    def __init__(self, url: URL, worker: str) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._worker = worker
        self._connection: psycopg.Connection | None = None
        self._lock = threading.Lock()

    def hold(self) -> bool:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._taken()
                elif not _answers(self._connection):
                    self._drop()
            except psycopg.Error:
                self._drop()
            return self._connection is not None

    def _taken(self) -> psycopg.Connection | None:
        connection = self._connect(f"lexops worker {self._worker}"[:63])
        if self._try(connection, self._worker):
            return connection
        connection.close()
        return None

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(
            self._url, autocommit=True, application_name=name, options=SERVER_KEEPALIVES, **CLIENT_KEEPALIVES
        )

    @staticmethod
    def _try(connection: psycopg.Connection, worker: str) -> bool:
        row = connection.execute(f"SELECT pg_try_advisory_lock({_NUMBER})", (worker,)).fetchone()
        return row is not None and bool(row[0])

    @contextmanager
    def gone(self, workers: Iterable[str]) -> Iterator[set[str]]:
        others = set(workers) - {self._worker}
        if not others or not self.hold():
            yield set()
            return
        try:
            connection = self._connect("lexops worker probe")
        except psycopg.Error as error:
            raise StoreError(f"the store does not work: {type(error).__name__}") from error
        with connection:
            # A lock that is ours proves that nobody else has it, and keeps it so until the end.
            yield {worker for worker in sorted(others) if self._try(connection, worker)}

    def release(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _answers(connection: psycopg.Connection) -> bool:
    """Whether the server answers in time. Raises psycopg.Error when the connection is known to be broken.

    An ordinary query would wait for ever where a firewall has forgotten the connection.
    """
    end = time.monotonic() + PATIENCE
    line, poll = connection.pgconn, select.poll()
    poll.register(line.socket, select.POLLIN)
    line.send_query(b"SELECT 1")
    line.flush()
    while line.is_busy():
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            return False
        line.consume_input()
    while line.get_result():
        pass
    return True
