"""MariaDB checks of load, of InnoDB and of statements: each fires and clears on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pymysql
import pytest

from lexops.checks.model import Status, Verdict
from lexops_checks.mariadb import indexes, statements
from lexops_checks.mariadb.innodb import checkpoint_age
from tests import servers
from tests.servers import DatabaseServer, site_url
from tests.servers.databases import give_blind_mariadb_role, give_mariadb_role
from tests.shipped.looking import Eye, eventually, told
from tests.waiting import until

SECRET = "Whistleblower v. Acme"
AN_HOUR = 3600.0
Connection = pymysql.Connection
Client = Callable[[], "Connection"]

OPTIONS = (
    "--performance-schema=ON",
    "--plugin-load-add=metadata_lock_info",
    "--innodb-buffer-pool-size=6M",
    "--innodb-lru-scan-depth=100",
    "--max-connections=30",
    "--long-query-time=1",
    "--lock-wait-timeout=10",
)


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    """A small server that watches itself."""
    yield from servers.running(lambda: servers.start_mariadb(*OPTIONS))


@pytest.fixture(scope="module")
def name(server: DatabaseServer) -> str:
    url = server.database()
    server.execute(
        "CREATE TABLE time_entry (id int AUTO_INCREMENT PRIMARY KEY, narrative varchar(200))",
        "INSERT INTO time_entry (narrative) SELECT 'advice' FROM seq_1_to_20",
        url=url,
    )
    return url.rpartition("/")[2]


@pytest.fixture
def eye(server: DatabaseServer, name: str) -> Eye:
    return Eye("mariadb", url=site_url(give_mariadb_role(server, name)))


@pytest.fixture
def client(server: DatabaseServer, name: str) -> Iterator[Client]:
    with ExitStack() as stack:

        def connect() -> Connection:
            connection = pymysql.connect(host=server.host, port=server.port, user="root", database=name)
            stack.callback(lambda: connection.open and connection.close())
            return connection

        yield connect


@pytest.fixture
def background() -> Iterator[Callable[[Connection, str], None]]:
    """Runs a statement in a thread of its own; errors are the test's own doing."""
    threads: list[threading.Thread] = []

    def run(connection: Connection, statement: str) -> None:
        def body() -> None:
            with suppress(pymysql.Error):
                connection.cursor().execute(statement)

        threads.append(threading.Thread(target=body))
        threads[-1].start()

    yield run
    for thread in threads:
        thread.join(60)


def _id(connection: Connection) -> str:
    return f"id {connection.thread_id()}"  # type: ignore[no-untyped-call]


def counted(connection: Connection, name: str) -> int:
    """What the server has counted until now: some of it only after the client has its answer."""
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW GLOBAL STATUS LIKE '{name}'")
        [(_, value)] = cursor.fetchall()
        return int(value)


def grows_and_is_forgotten(eye: Eye, check: str, fault: Callable[[], None], **levels: str) -> Verdict:
    """A counter's check: OK, then fired by what happens, then OK again when it is long ago."""
    assert eye.follow(check, **levels).status in (Status.PENDING, Status.OK)
    assert eye.follow(check, **levels).status is Status.OK
    fault()
    fired = eye.follow(check, **levels)
    eye.later(AN_HOUR)
    eye.follow(check, **levels)
    assert eye.follow(check, **levels).status is Status.OK
    return fired


@pytest.mark.fires("mariadb.connections")
def test_a_refused_connection_is_critical_for_ten_minutes(eye: Eye, client: Client) -> None:
    def fill() -> None:
        with suppress(pymysql.OperationalError):
            while True:
                held.append(client())
        for connection in held[-10:]:
            connection.close()
        until(lambda: counted(held[0], "Threads_connected") <= 25)

    held: list[Connection] = []
    fired = grows_and_is_forgotten(eye, "mariadb.connections", fill, warn="99%")
    assert fired.status is Status.CRITICAL
    assert "refused 1 (crit 0)" in fired.summary


@pytest.mark.fires("mariadb.threads-running")
def test_sessions_at_work_are_counted_until_they_are_done(
    eye: Eye, client: Client, background: Callable[[Connection, str], None], server: DatabaseServer
) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.threads-running", warn="4")

    eventually(Status.OK, look)
    busy = [client() for _ in range(6)]
    for connection in busy:
        background(connection, "SELECT sleep(60)")
    eventually(Status.WARNING, look)
    for connection in busy:
        server.execute(f"KILL {connection.thread_id()}")  # type: ignore[no-untyped-call]
    eventually(Status.OK, look)


@pytest.mark.fires("mariadb.aborted")
def test_failed_log_ins_are_told_until_they_stop(eye: Eye, server: DatabaseServer, client: Client) -> None:
    admin = client()

    def knock() -> None:
        before = counted(admin, "Aborted_connects")
        for _ in range(20):
            with pytest.raises(pymysql.OperationalError):
                pymysql.connect(host=server.host, port=server.port, user="nobody", password="wrong")
        until(lambda: counted(admin, "Aborted_connects") == before + 20)

    fired = grows_and_is_forgotten(eye, "mariadb.aborted", knock)
    assert (fired.status, fired.judged[0].text) == (
        Status.CRITICAL,
        "aborted connects 20 of 100 (20 %) (crit 10%)",
    )


@pytest.mark.fires("mariadb.slow-statements")
def test_slow_statements_are_counted(eye: Eye, client: Client) -> None:
    worker = client()

    def work() -> None:
        before = counted(worker, "Slow_queries")
        with worker.cursor() as cursor:
            cursor.execute("SELECT sleep(1.1)")
        until(lambda: counted(worker, "Slow_queries") > before)

    fired = grows_and_is_forgotten(eye, "mariadb.slow-statements", work, warn="0")
    assert fired.status is Status.WARNING
    assert "slow is longer than: 1 s" in told(fired)


@pytest.mark.fires("mariadb.temporary-tables")
def test_temporary_tables_on_disk_are_counted(eye: Eye, client: Client) -> None:
    def report() -> None:
        with client().cursor() as cursor:
            cursor.execute("SET SESSION tmp_memory_table_size = 0")
            for _ in range(300):
                cursor.execute("SELECT DISTINCT narrative FROM time_entry")

    fired = grows_and_is_forgotten(eye, "mariadb.temporary-tables", report)
    assert fired.status is Status.WARNING
    assert fired.summary.startswith("on disk 300 of 1,000")


@pytest.mark.fires("mariadb.table-locks", "mariadb.not-innodb")
def test_a_wait_for_a_whole_table_is_counted_and_its_engine_named(
    eye: Eye,
    client: Client,
    background: Callable[[Connection, str], None],
    server: DatabaseServer,
    name: str,
) -> None:
    url = server.url(name)
    server.execute("CREATE TABLE rate (id int PRIMARY KEY, amount int) ENGINE = MyISAM", url=url)
    server.execute("INSERT INTO rate VALUES (1, 1)", url=url)
    try:
        named = eye.look("mariadb.not-innodb")
        assert (named.status, named.summary) == (Status.WARNING, f"{name}.rate is a MyISAM table")
        eye.follow("mariadb.table-locks", warn="0")
        holder = client()
        background(holder, "UPDATE rate SET amount = sleep(60)")
        background(client(), "SELECT * FROM rate FOR UPDATE")
        try:
            eventually(Status.WARNING, lambda: eye.follow("mariadb.table-locks", warn="0"))
        finally:
            server.execute(f"KILL {holder.thread_id()}")  # type: ignore[no-untyped-call]
        eye.later(AN_HOUR)
        eye.follow("mariadb.table-locks", warn="0")
        assert eye.follow("mariadb.table-locks", warn="0").status is Status.OK
        server.execute("ALTER TABLE rate ENGINE = InnoDB", url=url)
        assert eye.look("mariadb.not-innodb").status is Status.OK
    finally:
        server.execute("DROP TABLE rate", url=url)


@pytest.mark.fires("mariadb.open-files")
def test_open_tables_hold_files_until_they_are_closed(eye: Eye, server: DatabaseServer, name: str) -> None:
    url = server.url(name)
    server.execute("FLUSH TABLES")
    limit = eye.look("mariadb.open-files").metrics[0].value + 20
    tables = [f"archive_{number}" for number in range(20)]
    server.execute(*(f"CREATE TABLE {table} (id int) ENGINE = MyISAM" for table in tables), url=url)
    try:
        server.execute(*(f"SELECT * FROM {table}" for table in tables), url=url)
        assert eye.look("mariadb.open-files", warn=str(limit)).status is Status.WARNING
        server.execute("FLUSH TABLES")
        assert eye.look("mariadb.open-files", warn=str(limit)).status is Status.OK
    finally:
        server.execute(*(f"DROP TABLE {table}" for table in tables), url=url)


# Who waits.


@pytest.mark.fires("mariadb.idle-in-transaction")
def test_a_session_that_forgot_to_commit_is_named_until_it_does(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.idle-in-transaction", warn="0")

    worker = client()
    worker.begin()
    with worker.cursor() as cursor:
        cursor.execute(f"UPDATE time_entry SET narrative = '{SECRET}' WHERE id = 3")
    fired = eventually(Status.WARNING, look)
    assert f"{_id(worker)}: root: idle for" in told(fired)
    assert SECRET not in told(fired)
    worker.commit()
    eventually(Status.OK, look)


@pytest.mark.fires("mariadb.metadata-locks")
def test_a_change_of_a_table_waits_for_its_readers_and_both_are_named(
    eye: Eye, client: Client, background: Callable[[Connection, str], None]
) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.metadata-locks", warn="0")

    reader, changer = client(), client()
    reader.begin()
    with reader.cursor() as cursor:
        cursor.execute("SELECT * FROM time_entry")
    background(changer, f"ALTER TABLE time_entry COMMENT '{SECRET}'")
    fired = eventually(Status.WARNING, look)
    assert f"{_id(changer)}: root: waits" in told(fired)
    assert "ALTER TABLE time_entry COMMENT ?" in told(fired)
    assert f"{_id(reader)}: root: has MDL_SHARED_READ on" in told(fired)
    assert SECRET not in told(fired)
    reader.rollback()
    eventually(Status.OK, look)


def test_a_backup_that_keeps_all_tables_locked_is_named(
    eye: Eye, client: Client, background: Callable[[Connection, str], None]
) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.metadata-locks", warn="0")

    backup, worker = client(), client()
    backup.cursor().execute("FLUSH TABLES WITH READ LOCK")
    background(worker, f"INSERT INTO time_entry (narrative) VALUES ('{SECRET}')")
    fired = eventually(Status.WARNING, look)
    assert f"{_id(worker)}: root: waits" in told(fired)
    assert f"{_id(backup)}: root: has MDL_BACKUP_FTWRL2 on all tables" in told(fired)
    assert SECRET not in told(fired)
    backup.cursor().execute("UNLOCK TABLES")
    eventually(Status.OK, look)


@pytest.mark.fires("mariadb.deadlocks")
def test_a_deadlock_is_told_for_ten_minutes(
    eye: Eye, client: Client, background: Callable[[Connection, str], None]
) -> None:
    def lock_each_other_out() -> None:
        one, other = client(), client()
        for connection, row in ((one, 1), (other, 2)):
            connection.begin()
            connection.cursor().execute(f"UPDATE time_entry SET narrative = 'x' WHERE id = {row}")
        background(one, "UPDATE time_entry SET narrative = 'x' WHERE id = 2")
        eventually(Status.WARNING, lambda: eye.look("mariadb.lock-waits", warn="0"))
        with suppress(pymysql.OperationalError):  # either of the two is the victim
            other.cursor().execute("UPDATE time_entry SET narrative = 'x' WHERE id = 1")
        eventually(Status.OK, lambda: eye.look("mariadb.lock-waits", warn="0"))
        other.rollback()

    fired = grows_and_is_forgotten(eye, "mariadb.deadlocks", lock_each_other_out)
    assert (fired.status, fired.summary) == (Status.WARNING, "deadlocks 1 (warn 0)")


# InnoDB.


@pytest.mark.fires("mariadb.buffer-pool")
def test_a_pool_that_is_too_small_is_waited_for(eye: Eye, server: DatabaseServer, name: str) -> None:
    url = server.url(name)

    def waits() -> int:
        [[_, waits]] = server.execute("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_wait_free'")
        return int(waits)

    def write(table: str) -> None:
        server.execute(
            f"CREATE TABLE {table} (id int PRIMARY KEY, page longblob)",
            f"INSERT INTO {table} SELECT seq, repeat('x', 1000000) FROM seq_1_to_8",
            f"UPDATE {table} SET page = repeat('y', 1000000)",
            f"DROP TABLE {table}",
            url=url,
        )

    def overflow() -> None:
        before = waits()
        for _ in range(10):  # one writer is slower than the page cleaner; eight are not
            with ThreadPoolExecutor(8) as writers:
                list(writers.map(write, [f"scan_{number}" for number in range(8)]))
            if waits() > before:
                return

    fired = grows_and_is_forgotten(eye, "mariadb.buffer-pool", overflow)
    assert fired.status is Status.WARNING
    assert {metric.name for metric in fired.metrics} == {"waits", "found in memory"}


@pytest.mark.fires("mariadb.redo-log")
def test_changes_fill_the_redo_log_until_they_are_written_back(
    eye: Eye, server: DatabaseServer, name: str
) -> None:
    def look() -> Verdict:
        return eye.look("mariadb.redo-log", warn="5%")

    try:
        server.execute("UPDATE time_entry SET narrative = repeat('z', 150)", url=server.url(name))
        server.execute(
            "SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0",
            "SET GLOBAL innodb_max_dirty_pages_pct = 99",
            "CREATE TABLE ledger (id int AUTO_INCREMENT PRIMARY KEY, line varchar(400))",
            "INSERT INTO ledger (line) SELECT repeat('l', 300) FROM seq_1_to_3000",
            url=server.url(name),
        )
        eventually(Status.WARNING, look)
        server.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        eventually(Status.OK, look)
    finally:
        server.execute("SET GLOBAL innodb_max_dirty_pages_pct = 90")
        server.execute("DROP TABLE ledger", url=server.url(name))


def test_the_redo_log_of_mysql_is_told_by_its_positions() -> None:
    status = {"Innodb_redo_log_current_lsn": "9000", "Innodb_redo_log_checkpoint_lsn": "2000"}
    assert checkpoint_age(status, {"innodb_redo_log_capacity": "10000"}) == (7000.0, 10000.0)


# Indexes and statements.


@pytest.mark.fires("mariadb.unused-indexes")
def test_an_index_by_which_nobody_reads_is_named_until_somebody_does(
    eye: Eye, server: DatabaseServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url(name)
    server.execute("CREATE INDEX by_narrative ON time_entry (narrative)", url=url)
    try:
        young = eye.look("mariadb.unused-indexes")
        assert (young.status, young.summary[:26]) == (Status.PENDING, "the server counts for 0 da")
        monkeypatch.setattr(indexes, "MONTH", 0.0)
        fired = eventually(Status.WARNING, lambda: eye.look("mariadb.unused-indexes"))
        assert [finding.key for finding in fired.findings] == [f"{name}.time_entry.by_narrative"]
        server.execute("SELECT id FROM time_entry FORCE INDEX (by_narrative) WHERE narrative > ''", url=url)
        assert eye.look("mariadb.unused-indexes").status is Status.OK
    finally:
        server.execute("DROP INDEX by_narrative ON time_entry", url=url)


@pytest.mark.fires("mariadb.statements")
def test_a_statement_that_became_slow_is_shown_without_its_values_until_it_is_fast(
    eye: Eye, client: Client
) -> None:
    def run(seconds: float) -> None:
        with client().cursor() as cursor:
            for _ in range(statements.FEWEST):
                cursor.execute(f"SELECT sleep({seconds}), '{SECRET}' AS said")

    def look(seconds: float) -> Verdict:
        run(seconds)
        return eye.follow("mariadb.statements")

    assert look(0.03).status is Status.OK
    eventually(Status.OK, lambda: look(0.03))
    fired = look(0.3)
    assert fired.status is Status.WARNING
    assert "instead of" in fired.summary
    assert "SELECT `sleep` (?) , ? AS" in fired.summary
    assert SECRET not in told(fired)
    eventually(Status.OK, lambda: look(0.03))


def test_without_the_right_to_performance_schema_its_checks_say_so(server: DatabaseServer, name: str) -> None:
    blind = Eye("mariadb", url=site_url(give_blind_mariadb_role(server)))
    for check in ("mariadb.statements", "mariadb.unused-indexes"):
        seen = blind.look(check)
        assert seen.status is Status.UNKNOWN, f"{check}: {seen.summary}"
        assert "GRANT SELECT ON performance_schema.* TO lexops_monitor" in seen.hint
