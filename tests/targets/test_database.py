"""Every kind of database answers the same questions in the same way, and only reads."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lexops.errors import Denied, Locked, QueryFailed, TimedOut, Unreachable
from lexops.targets.database import MAX_ROWS, Database, MariaDB, PostgreSQL
from lexops.targets.model import Kind, Target
from lexops.targets.sqlfile import SqlFolder
from tests.servers import DatabaseServer
from tests.servers.databases import site_url
from tests.targets.conftest import SLOW, Site
from tests.waiting import PATIENCE

NUMBERS = {
    Kind.SQLITE: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 11000) SELECT i FROM n",
    Kind.POSTGRESQL: "SELECT i FROM generate_series(1, 20000) i",
    Kind.MARIADB: "SELECT seq AS i FROM seq_1_to_20000",
}


def test_rows_come_with_names_and_parameters_are_bound(db: Database) -> None:
    rows = db.rows(
        "SELECT id, note FROM invoice WHERE note LIKE :like OR id = :id ORDER BY id", like="50%", id=1
    )
    assert rows == [{"id": 1, "note": "paid"}, {"id": 2, "note": "50% at 12:30"}]


def test_percent_signs_and_times_in_literals_are_left_alone(db: Database) -> None:
    assert db.row("SELECT id FROM invoice WHERE note LIKE '50% at 12:30'") == {"id": 2}


def test_a_row_that_is_not_there_is_an_error(db: Database) -> None:
    with pytest.raises(QueryFailed, match="no row"):
        db.row("SELECT id FROM invoice WHERE id = 0")


def test_the_version_is_known_as_numbers(db: Database) -> None:
    assert len(db.version) >= 2
    assert all(isinstance(part, int) for part in db.version)
    assert db.version > (3, 30)
    assert db.connect_seconds > 0


def test_a_ping_takes_a_moment(db: Database) -> None:
    assert 0 < db.ping() < PATIENCE
    assert db.is_alive()


def test_no_more_rows_are_fetched_than_one_beyond_the_limit(db: Database) -> None:
    assert len(db.rows(NUMBERS[db.kind])) == MAX_ROWS + 1
    assert db.scalar("SELECT count(*) FROM invoice") == 2


def test_sql_beside_the_check_is_run_in_the_variant_for_the_version(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "count.sql").write_text(
        "-- Invoices; count.\nSELECT count(*) AS n, 'old' AS variant FROM invoice;\n"
    )
    (folder / f"count.{db.version[0]}.sql").write_text("SELECT count(*) AS n, 'new' AS variant FROM invoice")
    (folder / "count.99.sql").write_text("SELECT nothing")
    db.sql = SqlFolder(folder)
    assert db.query_row("count") == {"n": 2, "variant": "new"}
    with pytest.raises(QueryFailed, match="no SQL 'absent'"):
        db.query("absent")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO invoice VALUES (3, 'x')",
        "UPDATE invoice SET note = 'x'",
        "DELETE FROM invoice",
        "CREATE TABLE other (id INTEGER)",
        "DROP TABLE invoice",
        "/* SELECT */ -- SELECT\n DELETE FROM invoice",
        "COMMIT",
        "",
    ],
)
def test_only_reading_is_let_through(db: Database, statement: str) -> None:
    with pytest.raises(QueryFailed):
        db.rows(statement)
    assert db.scalar("SELECT count(*) FROM invoice") == 2


@pytest.mark.parametrize(
    "statement", ["INSERT INTO invoice VALUES (3, 'x')", "CREATE TABLE other (id INTEGER)"]
)
def test_the_server_itself_refuses_to_write(db: Database, statement: str) -> None:
    """Even without the look at the statement's first word."""
    with pytest.raises(QueryFailed, match=r"(?i)read.?only"), db._transaction() as connection:
        connection.exec_driver_sql(statement)
    assert db.scalar("SELECT count(*) FROM invoice") == 2


def test_several_statements_in_one_are_refused(db: Database) -> None:
    with pytest.raises(QueryFailed):
        db.rows("SELECT 1; COMMIT")
    assert db.is_alive()


def test_an_error_is_one_line_and_the_session_goes_on(db: Database) -> None:
    with pytest.raises(QueryFailed) as caught:
        db.rows("SELECT *\nFROM nothing_like_that")
    assert "nothing_like_that" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert db.scalar("SELECT 1") == 1


QUOTED = {
    Kind.SQLITE: "SELECT abs(-9223372036854775807 - 1) FROM (SELECT 'Müller' AS client) x WHERE client <> ''",
    Kind.POSTGRESQL: "SELECT client::int FROM (SELECT 'Müller'::text AS client) x",
    Kind.MARIADB: "SELECT 9223372036854775807 + LENGTH(client) FROM (SELECT 'Müller' AS client) x",
}
"""Queries that fail on a value of a row."""


def test_an_error_does_not_quote_the_value_it_failed_on(db: Database) -> None:
    with pytest.raises(QueryFailed) as failed:
        db.rows(QUOTED[db.kind])
    assert "Müller" not in str(failed.value)
    assert "9223372036854775807" not in str(failed.value)


def test_text_that_fits_no_encoding_is_read_with_a_sign_in_its_place(
    postgresql: DatabaseServer, session: Callable[[Kind, str], Database]
) -> None:
    made = [
        (encoding, f"enc_{encoding.lower()}_{secrets.token_hex(3)}")
        for encoding in ("SQL_ASCII", "LATIN1", "UTF8")
    ]
    for encoding, name in made:
        postgresql.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    statement = "SELECT 'Gebühr'"
    theirs = site_url(postgresql.url(made[1][1]))  # a session that speaks and keeps LATIN1
    with psycopg.connect(theirs, client_encoding="LATIN1") as other:
        other.execute(statement)
        seen = {
            encoding: session(Kind.POSTGRESQL, postgresql.url(name)).scalar(
                "SELECT query FROM pg_stat_activity WHERE pid = :pid", pid=other.info.backend_pid
            )
            for encoding, name in made
        }
    garbled = statement.replace("ü", "\ufffd")
    assert seen == {"SQL_ASCII": garbled, "LATIN1": statement, "UTF8": garbled}


def test_a_missing_parameter_is_an_error_of_the_query(db: Database) -> None:
    with pytest.raises(QueryFailed, match="note"):
        db.rows("SELECT id FROM invoice WHERE note = :note")
    assert db.scalar("SELECT 1") == 1


def test_a_statement_ends_when_its_time_is_up_and_the_session_goes_on(db: Database) -> None:
    db.allow(0.3)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        db.rows(SLOW[db.kind])
    assert 0.2 < time.monotonic() - started < PATIENCE
    db.allow(60)
    assert db.scalar("SELECT 1") == 1


def test_a_closed_session_stays_closed(db: Database) -> None:
    db.close()
    db.close()
    assert not db.is_alive()
    with pytest.raises(Unreachable, match="closed"):
        db.rows("SELECT 1")


LOCK = {
    Kind.POSTGRESQL: "BEGIN; LOCK TABLE invoice IN ACCESS EXCLUSIVE MODE",
    Kind.MARIADB: "LOCK TABLES invoice WRITE",
}


def test_waiting_for_a_lock_ends_before_the_statement_does(server_site: Site) -> None:
    from sqlalchemy import create_engine

    db, engine = server_site.open(), create_engine(server_site.url)
    db.allow(60)
    with engine.connect() as holder:
        holder.exec_driver_sql(LOCK[server_site.kind])
        started = time.monotonic()
        with pytest.raises(Locked, match=r"(?i)lock"):
            db.rows("SELECT id FROM invoice")
        assert time.monotonic() - started < PATIENCE
    engine.dispose()


GRANTS = {
    Kind.POSTGRESQL: ("CREATE ROLE {user} LOGIN",),
    Kind.MARIADB: ("CREATE USER {user}@'%%'", "GRANT CREATE VIEW ON {database}.* TO {user}@'%%'"),
}


def test_a_missing_grant_is_denied_and_names_the_object(server_site: Site) -> None:
    assert server_site.server is not None
    database = server_site.url.rpartition("/")[2]
    user = f"reader_{database}"
    server_site.server.execute(
        *(grant.format(user=user, database=database) for grant in GRANTS[server_site.kind])
    )
    db = server_site.open(server_site.server.url(database, user))
    with pytest.raises(Denied, match="invoice"):
        db.rows("SELECT id FROM invoice")
    assert db.is_alive()


def test_a_session_does_not_reconnect_after_the_server_went_away(server_site: Site) -> None:
    db, server = server_site.open(), server_site.server
    assert server is not None
    server.stop()
    try:
        with pytest.raises(Unreachable):
            db.scalar("SELECT 1")
        with pytest.raises(Unreachable, match="cannot connect") as caught:
            server_site.open()
        assert "\n" not in str(caught.value)
    finally:
        server.start()
    with pytest.raises(Unreachable):
        db.scalar("SELECT 1")
    assert server_site.open().scalar("SELECT count(*) FROM invoice") == 2


@pytest.mark.parametrize(
    ("kind", "url"),
    [(PostgreSQL, "postgresql://lex@127.0.0.1:1/billing"), (MariaDB, "mariadb://lex@127.0.0.1:1/billing")],
)
def test_nobody_listening_is_unreachable_and_the_password_stays_unsaid(kind: type, url: str) -> None:
    with pytest.raises(Unreachable, match="cannot connect") as caught:
        kind(Target("billing", kind.kind), url, "s3cret-billing")
    assert "s3cret" not in str(caught.value)


def test_a_silent_server_is_given_up_in_time(half_open_proxy, server_site: Site) -> None:  # type: ignore[no-untyped-def]
    assert server_site.server is not None
    proxy = half_open_proxy(server_site.server.port)
    proxy.freeze()
    kind = PostgreSQL if server_site.kind is Kind.POSTGRESQL else MariaDB
    started = time.monotonic()
    with pytest.raises(Unreachable):
        kind(
            Target("billing", server_site.kind),
            server_site.url.replace(f":{server_site.server.port}/", f":{proxy.port}/"),
            connect_timeout=1,
        )
    assert time.monotonic() - started < PATIENCE


def test_a_time_limit_holds_for_its_own_session_only(server_site: Site) -> None:
    hurried, calm = server_site.open(), server_site.open()
    hurried.allow(0.2)
    sleep = "SELECT pg_sleep(0.4)" if server_site.kind is Kind.POSTGRESQL else "SELECT SLEEP(0.4)"
    with pytest.raises(TimedOut):
        hurried.rows(sleep)
    calm.rows(sleep)
    hurried.allow(60)
    hurried.rows(sleep)


def test_looking_at_the_classes_loads_no_driver() -> None:
    drivers = {"psycopg", "pymysql", "paramiko", "cryptography", "psutil"}
    program = f"import sys, lexops.targets.connect; print(sorted({drivers!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
