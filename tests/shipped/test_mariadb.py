"""Each MariaDB check: a fault makes it fire, the mend clears it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pymysql
import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops_checks.mariadb.server import weak_settings
from tests.servers import DatabaseServer, site_url
from tests.shipped.looking import FAMILIES, SHIPPED, Eye, eventually, shipped, told

SECRET = "Whistleblower v. Acme"
Connection = pymysql.Connection
Client = Callable[[], "Connection"]
UPDATE = f"UPDATE time_entry SET narrative = '{SECRET}' WHERE id = 1"


@pytest.fixture(scope="module")
def name(mariadb: DatabaseServer) -> str:
    """A billing database with time entries in it."""
    url = mariadb.database()
    mariadb.execute(
        "CREATE TABLE time_entry (id int AUTO_INCREMENT PRIMARY KEY, narrative varchar(200))",
        "INSERT INTO time_entry (narrative) SELECT 'advice' FROM seq_1_to_20",
        url=url,
    )
    return url.rpartition("/")[2]


@pytest.fixture
def eye(mariadb: DatabaseServer, name: str) -> Eye:
    return Eye("mariadb", url=site_url(mariadb.url(name)))


@pytest.fixture
def client(mariadb: DatabaseServer, name: str) -> Iterator[Client]:
    """Connections of the billing application."""
    with ExitStack() as stack:

        def connect() -> Connection:
            connection = pymysql.connect(host=mariadb.host, port=mariadb.port, user="root", database=name)
            stack.callback(_close, connection)
            return connection

        yield connect


def _close(connection: Connection) -> None:
    if connection.open:
        connection.close()


def _id(connection: Connection) -> str:
    """How evidence names a connection."""
    return f"id {connection.thread_id()}"  # type: ignore[no-untyped-call]


@pytest.fixture
def stranger(mariadb: DatabaseServer) -> Iterator[Eye]:
    """Looks with an account that may log in and nothing else."""
    mariadb.execute("CREATE USER stranger@'%%'")
    yield Eye("mariadb", url=site_url(mariadb.url("information_schema", "stranger")))
    mariadb.execute("DROP USER stranger@'%%'")


def test_a_sound_database_has_no_problem(eye: Eye) -> None:
    for check in FAMILIES["mariadb"]:
        if check.check.id != "mariadb.durability":
            verdict = eye.look(check.check.id)
            assert not verdict.status.is_problem, f"{check.check.id}: {verdict.summary}"


def test_a_lost_connection_is_critical_until_there_is_a_new_one(eye: Eye, mariadb: DatabaseServer) -> None:
    session = eye.session()
    mariadb.execute(f"KILL {session.scalar('SELECT connection_id()')}")
    lost = observe(shipped("mariadb.availability"), session)
    session.close()
    assert (lost.status, lost.unreachable) == (Status.CRITICAL, True)
    found = eye.look("mariadb.availability")
    assert found.status is Status.OK
    assert {metric.name for metric in found.metrics} == {"connect", "ping", "uptime"}


def test_connections_fill_up_and_are_given_back(eye: Eye, client: Client) -> None:
    now = eye.look("mariadb.connections").metrics[0]
    assert now.limit == 151
    few = str(now.value + 3)
    held = [client() for _ in range(6)]
    assert eye.look("mariadb.connections", warn=few).status is Status.WARNING
    assert eye.look("mariadb.connections", crit="3%").status is Status.CRITICAL
    for connection in held:
        connection.close()
    eventually(Status.OK, lambda: eye.look("mariadb.connections", warn=few))


def test_a_confirmed_change_that_a_crash_loses_is_told_until_it_is_safe(
    eye: Eye, mariadb: DatabaseServer
) -> None:
    weak = eye.look("mariadb.durability")
    assert weak.status is Status.WARNING
    assert weak.summary.startswith("innodb_flush_log_at_trx_commit is 0")
    try:
        mariadb.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        assert eye.look("mariadb.durability").status is Status.OK
    finally:
        mariadb.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 0")


@pytest.mark.parametrize(
    ("setting", "value", "found"),
    [
        pytest.param("innodb_doublewrite", "OFF", {"doublewrite": Status.CRITICAL}, id="torn pages"),
        pytest.param("sync_binlog", "0", {"binlog": Status.WARNING}, id="binary log not flushed"),
        pytest.param("innodb_flush_log_at_trx_commit", "2", {"flush": Status.WARNING}, id="lost second"),
        pytest.param("innodb_doublewrite", "fast", {}, id="another safe way"),
    ],
)
def test_each_weak_setting_has_its_own_finding(setting: str, value: str, found: dict[str, Status]) -> None:
    safe = {
        "innodb_flush_log_at_trx_commit": "1",
        "log_bin": "ON",
        "sync_binlog": "1",
        "innodb_doublewrite": "ON",
    }
    assert {f.key: f.status for f in weak_settings(safe | {setting: value})} == found


def test_an_old_transaction_is_named_until_it_ends(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.longest-transaction", warn="0", crit="60m")

    worker = client()
    worker.begin()
    worker.cursor().execute(UPDATE)
    fired = eventually(Status.WARNING, look)
    assert f"{_id(worker)}: root, Sleep: open for" in told(fired)
    assert SECRET not in told(fired)
    worker.rollback()
    eventually(Status.OK, look)


def test_the_age_of_a_transaction_does_not_depend_on_the_server_s_time_zone(
    eye: Eye, client: Client, mariadb: DatabaseServer
) -> None:
    worker = client()
    worker.begin()
    worker.cursor().execute(UPDATE)
    try:
        mariadb.execute("SET GLOBAL time_zone = '+05:30'")
        assert eye.look("mariadb.longest-transaction").status is Status.OK
        mariadb.execute("SET GLOBAL time_zone = '-05:30'")
        eventually(Status.WARNING, lambda: eye.look("mariadb.longest-transaction", warn="0"))
    finally:
        mariadb.execute("SET GLOBAL time_zone = '+00:00'")


@pytest.fixture
def jam(client: Client, eye: Eye) -> Iterator[tuple[Connection, Connection]]:
    """One holds a row for which another waits."""
    holder, waiter = client(), client()
    holder.begin()
    holder.cursor().execute(UPDATE)
    thread = threading.Thread(target=_quietly, args=(waiter,))
    thread.start()
    eventually(Status.WARNING, lambda: eye.look("mariadb.lock-waits", warn="0"))
    yield holder, waiter
    holder.rollback()
    thread.join(10)


def _quietly(connection: Connection) -> None:
    with suppress(pymysql.Error):
        connection.cursor().execute(UPDATE)
        connection.rollback()


def test_who_waits_for_whom_is_told_without_what_they_say(
    eye: Eye, jam: tuple[Connection, Connection]
) -> None:
    holder, waiter = jam
    fired = eye.look("mariadb.lock-waits", warn="0", crit="40s")
    assert fired.status is Status.WARNING
    [note] = fired.notes
    assert note.label == _id(waiter)
    assert note.text.endswith(f"for {_id(holder)}")
    assert SECRET not in told(fired)
    holder.rollback()
    eventually(Status.OK, lambda: eye.look("mariadb.lock-waits", warn="0"))


def test_the_query_for_mysql_tells_the_same_lock_wait(eye: Eye, jam: tuple[Connection, Connection]) -> None:
    session = eye.session()
    folder = shipped("mariadb.lock-waits").sql
    assert folder is not None
    [mysql] = session.rows(folder.pick("lock-waits", (8, 4)))
    [mariadb] = session.rows(folder.pick("lock-waits", (10, 11)))
    session.close()
    assert {**mysql, "seconds": 0} == {**mariadb, "seconds": 0}


def test_history_piles_up_behind_an_open_transaction_and_is_purged_after_it(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.history-length", warn="150", crit="1000000")

    eventually(Status.OK, look)
    report, application = client(), client()
    report.cursor().execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    application.autocommit(True)
    for number in range(200):
        application.cursor().execute(f"UPDATE time_entry SET narrative = 'v{number}' WHERE id = 2")
    eventually(Status.WARNING, look)
    report.rollback()
    eventually(Status.OK, look)


def test_a_number_that_runs_out_is_told_until_its_column_is_wider(
    eye: Eye, mariadb: DatabaseServer, name: str
) -> None:
    url = mariadb.url(name)
    mariadb.execute(
        "CREATE TABLE invoice_line (id int unsigned AUTO_INCREMENT PRIMARY KEY)",
        "INSERT INTO invoice_line VALUES (4000000000)",
        url=url,
    )
    try:
        nearly = eye.look("mariadb.auto-increment")
        assert nearly.status is Status.CRITICAL
        assert f"{name}.invoice_line.id: used 4,000,000,000 of 4,294,967,29" in nearly.summary
        mariadb.execute("ALTER TABLE invoice_line MODIFY id bigint unsigned AUTO_INCREMENT", url=url)
        assert eye.look("mariadb.auto-increment").status is Status.OK
    finally:
        mariadb.execute("DROP TABLE invoice_line", url=url)


def test_a_table_without_a_key_is_named_until_it_has_one(
    eye: Eye, mariadb: DatabaseServer, name: str
) -> None:
    url = mariadb.url(name)
    mariadb.execute("CREATE TABLE payment (id int)", url=url)
    try:
        fired = eye.look("mariadb.tables-without-primary-key")
        assert (fired.status, fired.summary) == (Status.WARNING, f"{name}.payment has no primary key")
        mariadb.execute("ALTER TABLE payment ADD PRIMARY KEY (id)", url=url)
        assert eye.look("mariadb.tables-without-primary-key").status is Status.OK
    finally:
        mariadb.execute("DROP TABLE payment", url=url)


# What may be seen.

NEED_PROCESS = {
    "mariadb.longest-transaction",
    "mariadb.lock-waits",
    "mariadb.history-length",
    "mariadb.auto-increment",
    "mariadb.tables-without-primary-key",
}


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["mariadb"]])
def test_an_account_without_rights_gets_the_truth_or_unknown(
    eye: Eye, stranger: Eye, jam: tuple[Connection, Connection], check: str
) -> None:
    tight = "0" if SHIPPED[check].check.levels.warn else None
    seen, truth = stranger.look(check, warn=tight), eye.look(check, warn=tight)
    if check in NEED_PROCESS:
        assert seen.status is Status.UNKNOWN
        assert "GRANT PROCESS ON *.* TO lexops" in seen.hint
    else:
        assert seen.status is truth.status
        assert [f.key for f in seen.findings] == [f.key for f in truth.findings]


def test_tables_that_cannot_be_seen_are_never_fine(stranger: Eye, mariadb: DatabaseServer, name: str) -> None:
    check = "mariadb.tables-without-primary-key"
    url = mariadb.url(name)
    mariadb.execute(
        "CREATE TABLE `odd-name` (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
        "CREATE TABLE searched (id int PRIMARY KEY, narrative text, FULLTEXT (narrative))",
        "CREATE SEQUENCE invoice_number",
        "GRANT PROCESS ON *.* TO stranger@'%%'",
        url=url,
    )
    try:
        none = stranger.look(check)
        assert (none.status, none.hint) == (Status.UNKNOWN, "GRANT SELECT ON *.* TO lexops")
        mariadb.execute(f"GRANT SELECT ON {name}.time_entry TO stranger@'%%'")
        some = stranger.look(check)
        assert some.status is Status.UNKNOWN
        assert "tables cannot be seen by this account; GRANT SELECT" in some.summary
        assert stranger.look("mariadb.auto-increment").status is Status.UNKNOWN
        mariadb.execute("GRANT SELECT ON *.* TO stranger@'%%'")
        assert stranger.look(check).status is Status.OK
    finally:
        mariadb.execute("DROP SEQUENCE invoice_number", "DROP TABLE `odd-name`, searched", url=url)


def test_the_right_that_is_asked_for_is_enough(
    stranger: Eye, mariadb: DatabaseServer, jam: tuple[Connection, Connection]
) -> None:
    mariadb.execute("GRANT PROCESS ON *.* TO stranger@'%%'")
    assert stranger.look("mariadb.lock-waits", warn="0").status is Status.WARNING
    assert stranger.look("mariadb.longest-transaction").status is Status.OK
    assert stranger.look("mariadb.history-length").status is Status.OK


def test_looking_changes_nothing(eye: Eye, mariadb: DatabaseServer, name: str) -> None:
    def everything() -> list[Any]:
        return [
            *mariadb.execute("SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE 'gtid%%'"),
            *mariadb.execute(
                "SELECT TABLE_NAME, CREATE_TIME FROM information_schema.TABLES WHERE ENGINE = 'InnoDB'"
            ),
            *mariadb.execute("CHECKSUM TABLE time_entry", url=mariadb.url(name)),
        ]

    before = everything()
    session = eye.session()
    for check in FAMILIES["mariadb"]:
        observe(check, session)
    session.close()
    assert everything() == before
