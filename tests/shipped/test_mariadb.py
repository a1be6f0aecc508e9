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
from lexops_checks.mariadb.settings import lax_settings, weak_settings
from lexops_checks.mariadb.transactions import blocking_tree
from tests.servers import DatabaseServer, site_url
from tests.servers.databases import BLIND, give_blind_mariadb_role, give_mariadb_role
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
    """Looks with the account that the shipped file makes."""
    return Eye("mariadb", url=site_url(give_mariadb_role(mariadb, name)))


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
    yield Eye("mariadb", url=site_url(give_blind_mariadb_role(mariadb)))
    mariadb.execute(f"DROP USER {BLIND}@'%%'")


BAD_HERE = {"mariadb.durability", "mariadb.binary-log"}
"""Checks that find something in every server of these tests, which is kept fast."""
YOUNG = "mariadb.restarted"
"""Tells of a start for ten minutes: whether they are over depends on the machine."""


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["mariadb"]])
def test_a_sound_server_has_no_problem_and_nothing_is_hidden_from_the_monitoring_account(
    eye: Eye, check: str
) -> None:
    verdict = eye.follow(check)
    if verdict.status is Status.PENDING:
        verdict = eye.follow(check)
    expected = {Status.WARNING} if check in BAD_HERE else {Status.OK, Status.NOT_APPLICABLE}
    if check == YOUNG:
        expected = {Status.OK, Status.WARNING}
    assert verdict.status in expected, verdict.summary


def test_the_account_s_file_can_be_run_again(eye: Eye, mariadb: DatabaseServer, name: str) -> None:
    grants = mariadb.execute("SHOW GRANTS FOR lexops_monitor@'%%'")
    give_mariadb_role(mariadb, name)
    assert mariadb.execute("SHOW GRANTS FOR lexops_monitor@'%%'") == grants
    assert "MAX_USER_CONNECTIONS 5" in grants[0][0]
    with pytest.raises(Exception, match="SELECT command denied"):
        mariadb.execute(f"SELECT * FROM {name}.time_entry", url=mariadb.url(name, "lexops_monitor"))


@pytest.mark.fires("mariadb.availability")
def test_a_lost_connection_is_critical_until_there_is_a_new_one(eye: Eye, mariadb: DatabaseServer) -> None:
    session = eye.session()
    mariadb.execute(f"KILL {session.scalar('SELECT connection_id()')}")
    lost = observe(shipped("mariadb.availability"), session)
    session.close()
    assert (lost.status, lost.unreachable) == (Status.CRITICAL, True)
    found = eye.look("mariadb.availability")
    assert found.status is Status.OK
    assert {metric.name for metric in found.metrics} == {"connect", "ping", "uptime"}


@pytest.mark.fires("mariadb.connections")
def test_connections_fill_up_and_are_given_back(eye: Eye, client: Client) -> None:
    now = eye.look("mariadb.connections").metrics[0]
    assert now.limit == 151
    few = str(now.value + 3)
    held = [client() for _ in range(20)]  # some that were counted are perhaps going
    assert eye.look("mariadb.connections", warn=few).status is Status.WARNING
    assert eye.look("mariadb.connections", crit="3%").status is Status.CRITICAL
    for connection in held:
        connection.close()
    eventually(Status.OK, lambda: eye.look("mariadb.connections", warn=few))


@pytest.mark.fires("mariadb.durability")
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
        pytest.param(
            "innodb_checksum_algorithm", "none", {"checksum": Status.CRITICAL}, id="damage goes unseen"
        ),
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


@pytest.mark.parametrize(
    ("setting", "value", "found"),
    [
        ("sql_mode", "STRICT_ALL_TABLES", {}),
        ("sql_mode", "NO_ZERO_DATE", {"strict": Status.WARNING}),
        ("foreign_key_checks", "OFF", {"foreign keys": Status.CRITICAL}),
        ("check_constraint_checks", "OFF", {"constraints": Status.CRITICAL}),
    ],
)
def test_each_lax_setting_has_its_own_finding(setting: str, value: str, found: dict[str, Status]) -> None:
    sound = {"sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "foreign_key_checks": "ON"}
    assert {f.key: f.status for f in lax_settings(sound | {setting: value})} == found


@pytest.mark.fires("mariadb.longest-transaction")
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
    thread.join(60)


def _quietly(connection: Connection) -> None:
    with suppress(pymysql.Error):
        connection.cursor().execute(UPDATE)
        connection.rollback()


@pytest.mark.fires("mariadb.lock-waits")
def test_who_waits_for_whom_is_told_without_what_they_say(
    eye: Eye, jam: tuple[Connection, Connection]
) -> None:
    holder, waiter = jam
    fired = eye.look("mariadb.lock-waits", warn="0", crit="40s")
    assert fired.status is Status.WARNING
    root, below = fired.notes
    assert (root.label, root.text) == (_id(holder), "root: holds up 1 session: idle")
    assert below.label == _id(waiter)
    assert below.text.startswith("└ root: waits ")
    assert f"for {_id(holder)} on " in below.text
    assert below.text.endswith(".time_entry: UPDATE time_entry SET narrative = ? WHERE id = ?")
    assert SECRET not in told(fired)
    holder.rollback()
    eventually(Status.OK, lambda: eye.look("mariadb.lock-waits", warn="0"))


def test_the_tree_begins_with_those_who_wait_for_nobody() -> None:
    def row(waiter: int, blocker: int) -> dict[str, Any]:
        return {
            "id": waiter,
            "account": f"u{waiter}",
            "statement": f"UPDATE t SET a = '{SECRET}'",
            "blocker": blocker,
            "blocker_account": f"u{blocker}",
            "blocker_statement": None,
            "place": "b.t",
            "seconds": 10 * waiter,
        }

    notes = list(blocking_tree([row(5, 4), row(4, 3), row(6, 4), row(5, 3), row(9, 8)]))
    assert [(note.label, note.text.partition(":")[0]) for note in notes] == [
        ("id 3", "u3"),
        ("id 4", "└ u4"),
        ("id 5", "└ └ u5"),
        ("id 6", "└ └ u6"),
        ("id 8", "u8"),
        ("id 9", "└ u9"),
    ]
    assert notes[0].text == "u3: holds up 3 sessions: idle"
    assert not any(SECRET in note.text for note in notes)


def test_the_query_for_mysql_tells_the_same_lock_wait(
    mariadb: DatabaseServer, name: str, jam: tuple[Connection, Connection]
) -> None:
    root = Eye("mariadb", url=site_url(mariadb.url(name)))
    session = root.session()
    folder = shipped("mariadb.lock-waits").sql
    assert folder is not None
    [mysql] = session.rows(folder.pick("lock-waits", (8, 4)))
    [mariadb] = session.rows(folder.pick("lock-waits", (10, 11)))
    session.close()
    assert {**mysql, "seconds": 0} == {**mariadb, "seconds": 0}
    assert mysql["statement"] == UPDATE


@pytest.mark.fires("mariadb.history-length")
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


@pytest.mark.fires("mariadb.auto-increment")
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


@pytest.mark.fires("mariadb.tables-without-primary-key")
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

NEEDS = {
    "PROCESS": {
        "mariadb.longest-transaction",
        "mariadb.idle-in-transaction",
        "mariadb.lock-waits",
        "mariadb.metadata-locks",
        "mariadb.deadlocks",
        "mariadb.history-length",
        "mariadb.auto-increment",
        "mariadb.tables-without-primary-key",
        "mariadb.not-innodb",
        "mariadb.fragmentation",
        "mariadb.collations",
        "mariadb.corruption",
        "mariadb.duplicate-indexes",
    },
    "SLAVE MONITOR": {"mariadb.replication", "mariadb.replication-lag", "mariadb.replica-writable"},
}
NEEDED = {check: right for right, checks in NEEDS.items() for check in checks}


@pytest.mark.parametrize("check", [runnable.check.id for runnable in FAMILIES["mariadb"]])
def test_an_account_without_rights_gets_the_truth_or_the_missing_grant(
    eye: Eye, stranger: Eye, jam: tuple[Connection, Connection], check: str
) -> None:
    tight = "0" if SHIPPED[check].check.levels.warn else None
    for each in (stranger, eye):
        if each.follow(check, warn=tight).status is Status.PENDING:
            each.later(1)
    seen, truth = stranger.follow(check, warn=tight), eye.follow(check, warn=tight)
    if check in NEEDED:
        assert seen.status is Status.UNKNOWN
        assert f"GRANT {NEEDED[check]} ON *.* TO lexops_monitor" in seen.hint
        assert truth.status is not Status.UNKNOWN
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
        f"GRANT PROCESS ON *.* TO {BLIND}@'%%'",
        url=url,
    )
    try:
        none = stranger.look(check)
        assert (none.status, none.hint) == (Status.UNKNOWN, "GRANT REFERENCES ON *.* TO lexops_monitor")
        mariadb.execute(f"GRANT SELECT ON {name}.time_entry TO {BLIND}@'%%'")
        some = stranger.look(check)
        assert some.status is Status.UNKNOWN
        assert "tables cannot be seen by this account; GRANT REFERENCES" in some.summary
        assert some.grants == ("GRANT REFERENCES ON *.* TO lexops_monitor",)
        assert stranger.look("mariadb.auto-increment").status is Status.UNKNOWN
        mariadb.execute(f"GRANT REFERENCES ON *.* TO {BLIND}@'%%'")
        assert stranger.look(check).status is Status.OK
    finally:
        mariadb.execute("DROP SEQUENCE invoice_number", "DROP TABLE `odd-name`, searched", url=url)


def test_the_right_that_is_asked_for_is_enough(
    stranger: Eye, mariadb: DatabaseServer, jam: tuple[Connection, Connection]
) -> None:
    mariadb.execute(f"GRANT PROCESS ON *.* TO {BLIND}@'%%'")
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
