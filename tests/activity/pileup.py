"""A real pile-up: one session that has locked a row and does nothing, and others that want it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.waiting import PATIENCE

WAITERS = 6
SECRET = "Erika Mustermann 4711"
"""A client's name in the statements, which nobody may ever see."""


@dataclass
class PileUp:
    """The sessions, and what became of those that waited."""

    root: int
    """Number of the session at the root."""
    threads: list[threading.Thread] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def resolved(self) -> bool:
        """Whether nobody waits any more."""
        for thread in self.threads:
            thread.join(PATIENCE)
        return not any(thread.is_alive() for thread in self.threads)


@contextmanager
def postgresql_pile_up(url: str) -> Iterator[PileUp]:
    import psycopg

    address = url.replace("+psycopg", "")

    def connect() -> Any:
        return psycopg.connect(address, application_name="billing portal")

    with psycopg.connect(address, autocommit=True) as setup:
        setup.execute("CREATE TABLE matter (id int PRIMARY KEY, title text)")
        setup.execute("INSERT INTO matter VALUES (1, 'first'), (2, 'second')")
    yield from _piled(connect, lambda root: int(root.info.backend_pid), psycopg.Error)


@contextmanager
def mariadb_pile_up(url: str) -> Iterator[PileUp]:
    import pymysql
    from sqlalchemy import make_url

    address = make_url(url)

    def connect() -> Any:
        return pymysql.connect(
            host=address.host,
            port=address.port or 3306,
            user=address.username,
            database=address.database,
            password=address.password or "",
        )

    with connect() as setup, setup.cursor() as cursor:
        cursor.execute("CREATE TABLE matter (id int PRIMARY KEY, title text) ENGINE=InnoDB")
        cursor.execute("INSERT INTO matter VALUES (1, 'first'), (2, 'second')")
        setup.commit()
    yield from _piled(connect, lambda root: int(root.thread_id()), pymysql.Error)


def _piled(
    connect: Callable[[], Any], number: Callable[[Any], int], error: type[Exception]
) -> Iterator[PileUp]:
    root = connect()
    root.cursor().execute("UPDATE matter SET title = 'held' WHERE id = 1")
    pile = PileUp(number(root))

    def wait() -> None:
        waiting = connect()
        try:
            waiting.cursor().execute(f"UPDATE matter SET title = '{SECRET}' WHERE id = 1")
            waiting.commit()
            pile.outcomes.append("done")
        except error as failure:
            pile.outcomes.append(f"failed: {failure}")
        finally:
            waiting.close()

    pile.threads = [threading.Thread(target=wait, daemon=True) for _ in range(WAITERS)]
    for thread in pile.threads:
        thread.start()
    try:
        yield pile
    finally:
        try:
            root.close()
        except error:
            pass  # it was terminated
        pile.resolved()
