"""One session with each kind of database, made for a single test."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lexops.targets.database import Database, MariaDB, PostgreSQL, SQLite
from lexops.targets.model import Kind, Target
from tests.servers import DatabaseServer

KINDS = [Kind.SQLITE, Kind.POSTGRESQL, Kind.MARIADB]
SERVERS = [Kind.POSTGRESQL, Kind.MARIADB]

SLOW = {
    Kind.SQLITE: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    Kind.POSTGRESQL: "SELECT pg_sleep(120)",
    Kind.MARIADB: "SELECT SLEEP(120)",
}
"""Queries that do not end by themselves within a test."""

SLEEPERS = {
    Kind.POSTGRESQL: "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    Kind.MARIADB: "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(%'",
}
"""What finds those queries on the server."""


@dataclass
class Site:
    """A database of one kind with the table `invoice` of two rows, and what a test needs around it."""

    kind: Kind
    url: str
    server: DatabaseServer | None
    session: Callable[..., Any]

    def open(self, url: str | None = None) -> Database:
        made: Database = self.session(self.kind, url or self.url)
        return made


@pytest.fixture
def session() -> Iterator[Callable[[Kind, str], Database]]:
    """Opens a session that is closed after the test."""
    with ExitStack() as stack:

        def opened(kind: Kind, url: str) -> Database:
            target = Target("billing", kind)
            made: Database
            if kind is Kind.SQLITE:
                made = SQLite(target, Path(url))
            else:
                made = (PostgreSQL if kind is Kind.POSTGRESQL else MariaDB)(target, url)
            stack.callback(made.close)
            return made

        yield opened


INVOICES = (
    "CREATE TABLE invoice (id INTEGER PRIMARY KEY, note VARCHAR(50))",
    "INSERT INTO invoice VALUES (1, 'paid'), (2, '50% at 12:30')",
)


def _site(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path, session: Any) -> Site:
    if kind is Kind.SQLITE:
        path = tmp_path / "billing.db"
        with sqlite3.connect(path) as connection:
            for statement in INVOICES:
                connection.execute(statement)
        connection.close()
        return Site(kind, str(path), None, session)
    server: DatabaseServer = request.getfixturevalue(kind.value)
    url = server.database()
    server.execute(*(statement.replace("%", "%%") for statement in INVOICES), url=url)
    return Site(kind, url, server, session)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path: Path, session: Any) -> Site:
    return _site(request.param, request, tmp_path, session)


@pytest.fixture(params=SERVERS)
def server_site(request: pytest.FixtureRequest, tmp_path: Path, session: Any) -> Site:
    return _site(request.param, request, tmp_path, session)


@pytest.fixture
def db(site: Site) -> Database:
    return site.open()
