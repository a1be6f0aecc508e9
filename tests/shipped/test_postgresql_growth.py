"""What PostgreSQL counts and what grows in it: a fault makes each check fire, its mending turns it back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
import pytest

from lexops.checks.contract import RunnableCheck
from lexops.checks.model import Status, Verdict
from lexops_checks.postgresql import counters, sessions, statements, vacuum
from tests import servers
from tests.servers import DatabaseServer, give_blind_role, give_role, site_url
from tests.shipped.looking import Eye, eventually, telling, told

SECRET = "Whistleblower v. Acme"
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "300",
    "track_io_timing": "on",
    "max_connections": "30",
    "max_locks_per_transaction": "10",
    "max_prepared_transactions": "5",
    "wal_level": "logical",
    "deadlock_timeout": "50ms",
    "autovacuum_max_workers": "1",
    "autovacuum_naptime": "1s",
}
CRAMPED = {"shared_buffers": "128kB", "max_connections": "20", "autovacuum": "off"}
Client = Callable[[], "psycopg.Connection[Any]"]


@pytest.fixture(scope="module", params=[None, 18], ids=["system", "18"])
def version(request: pytest.FixtureRequest) -> int | None:
    """Which PostgreSQL: the newest keeps many of its counters elsewhere."""
    found: int | None = request.param
    return found


@pytest.fixture(scope="module")
def server(version: int | None) -> Iterator[DatabaseServer]:
    yield from servers.running(lambda: servers.start_postgresql(version, SETTINGS))


@pytest.fixture(scope="module")
def url(server: DatabaseServer) -> str:
    """The administrator's way into a billing database with a small and a large table."""
    url = server.database("billing")
    server.execute(
        "CREATE EXTENSION pg_stat_statements",
        "CREATE TABLE matter (id int PRIMARY KEY, name text) WITH (autovacuum_enabled = off)",
        "INSERT INTO matter SELECT n, 'matter' FROM generate_series(1, 10) AS n",
        "CREATE TABLE narrative (text text) WITH (autovacuum_enabled = off)",
        "INSERT INTO narrative SELECT repeat('x', 900) FROM generate_series(1, 32000)",
        "SELECT pg_stat_force_next_flush()",  # what is counted late would be counted twice
        "VACUUM ANALYZE",
        url=url,
    )
    return url


@pytest.fixture
def eye(server: DatabaseServer, url: str) -> Eye:
    return Eye("postgresql", url=site_url(give_role(server, url)))


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """Connections of the billing application."""
    with ExitStack() as stack:

        def connect() -> psycopg.Connection[Any]:
            address = url.replace("+psycopg", "")
            connection = psycopg.connect(address, application_name="billing-app", autocommit=True)
            stack.callback(connection.close)
            return connection

        yield connect


@contextmanager
def meanwhile(connection: psycopg.Connection[Any], sql: str) -> Iterator[None]:
    """Run a statement that takes its time; it is cancelled at the end."""

    def run() -> None:
        with suppress(psycopg.Error):
            connection.execute(sql.encode())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        while thread.is_alive():  # a cancel that comes before the statement is lost
            connection.cancel()
            thread.join(0.05)


# Sessions.


@pytest.mark.fires("postgresql.long-queries")
def test_a_long_query_is_shown_without_its_values_until_it_ends(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.long-queries", warn="0.1s")

    worker = client()
    with meanwhile(worker, f"SELECT pg_sleep(60), '{SECRET}' /* {SECRET} */"):
        fired = eventually(Status.WARNING, look)
        assert f"pid {worker.info.backend_pid}: postgres (billing-app), Timeout PgSleep: runs" in told(fired)
        assert told(fired).count("SELECT pg_sleep(?), ?") == 1
        assert SECRET not in told(fired)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.lock-table")
def test_the_lock_table_fills_up_and_is_emptied(eye: Eye, client: Client) -> None:
    room = 10 * (30 + 5)
    worker = client()
    worker.execute("BEGIN")
    worker.execute("SELECT pg_advisory_xact_lock(n) FROM generate_series(1, %s) AS n", [room // 4])
    full = eye.look("postgresql.lock-table")
    assert full.status is Status.WARNING
    assert f"of {room}" in full.summary
    worker.execute("ROLLBACK")
    assert eye.look("postgresql.lock-table").status is Status.OK


@pytest.mark.fires("postgresql.waits")
def test_sessions_that_wait_are_counted_by_what_they_wait_for(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.waits", warn="10%")

    holder = client()
    holder.execute("SELECT pg_advisory_lock(1)")
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(meanwhile(client(), "SELECT pg_advisory_lock(1)"))
        fired = eventually(Status.WARNING, look)
        kinds = {metric.item: metric.value for metric in fired.metrics if metric.name == "waiting for"}
        assert kinds["Lock"] >= 4
    assert eventually(Status.OK, look).metrics[0].limit == 30


# Counters.


@pytest.mark.fires("postgresql.deadlocks")
def test_a_deadlock_is_counted_until_ten_minutes_have_gone_by(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.deadlocks", later=later)

    assert look().status is Status.PENDING
    first, second = client(), client()
    for connection, id in ((first, 1), (second, 2)):
        connection.execute("BEGIN")
        connection.execute("UPDATE matter SET name = 'a' WHERE id = %s", [id])
    with meanwhile(first, "UPDATE matter SET name = 'b' WHERE id = 2"), suppress(psycopg.Error):
        second.execute("UPDATE matter SET name = 'b' WHERE id = 1")
    first.close()
    second.close()
    assert eventually(Status.WARNING, look).summary.startswith("deadlocks 1")
    assert look("11m").status is Status.OK


@pytest.mark.fires("postgresql.rollbacks")
def test_rollbacks_are_counted_until_ten_minutes_have_gone_by(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.rollbacks", later=later)

    look()
    worker = client()
    worker.execute("BEGIN; ROLLBACK; " * 300)
    worker.close()
    fired = eventually(Status.CRITICAL, look)
    assert fired.summary.startswith("rolled back 30")
    assert look("11m").status is Status.OK


def test_looking_does_not_count_as_rolling_back(eye: Eye) -> None:
    eye.follow("postgresql.rollbacks")
    for _ in range(5):
        assert eye.follow("postgresql.rollbacks", warn="0").status is Status.OK


@pytest.mark.fires("postgresql.temporary-files")
def test_a_spill_is_counted_and_what_lies_on_disk_now(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.temporary-files", warn="4MiB", crit="1GiB", later=later)

    assert look().status is Status.OK
    worker = client()
    worker.execute("SET work_mem = '64kB'")
    worker.execute("BEGIN; DECLARE c CURSOR FOR SELECT * FROM narrative ORDER BY random(); FETCH 1 FROM c")
    assert eventually(Status.WARNING, look).summary.startswith("on disk")
    worker.close()
    assert eventually(Status.WARNING, lambda: _only(look(), "written")).summary.startswith("written")
    assert look("11m").status is Status.OK


def _only(verdict: Verdict, name: str) -> Verdict:
    """The verdict as soon as its only problem is that metric."""
    bad = [judged for judged in verdict.judged if judged.status.is_problem]
    only = len(bad) == 1 and bad[0].key.startswith(name)
    return verdict if only else Verdict(Status.PENDING, f"{len(bad)} problems")


@pytest.mark.fires("postgresql.cache-misses")
@pytest.mark.parametrize(
    ("read", "times", "status"),
    [
        pytest.param("narrative", 5, Status.WARNING, id="more than the cache holds"),
        pytest.param("matter", 50_000, Status.OK, id="what the cache holds"),
    ],
)
def test_misses_are_counted_when_much_is_read(
    eye: Eye, server: DatabaseServer, url: str, read: str, times: int, status: Status
) -> None:
    eye.follow("postgresql.cache-misses")
    loop = f"FOR i IN 1..{times} LOOP PERFORM count(*) FROM {read}; END LOOP"
    server.execute(f"DO $$ BEGIN {loop}; END $$", url=url)
    assert eventually(status, lambda: eye.follow("postgresql.cache-misses")).summary.startswith("missed")


def test_misses_need_volume(eye: Eye, server: DatabaseServer, url: str) -> None:
    eye.follow("postgresql.cache-misses")
    server.execute("SELECT count(*) FROM narrative", url=url)
    assert eye.follow("postgresql.cache-misses", later="10m").status is Status.OK


@pytest.mark.fires("postgresql.lost-sessions")
def test_sessions_that_are_lost_or_killed_are_counted(
    eye: Eye, client: Client, server: DatabaseServer
) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.lost-sessions", later=later)

    look()
    for _ in range(6):
        line = socket.socket(fileno=os.dup(client().fileno()))
        line.shutdown(socket.SHUT_RDWR)
        line.close()
    assert eventually(Status.WARNING, look).summary.startswith("abandoned 6")
    for _ in range(6):
        server.execute(f"SELECT pg_terminate_backend({client().info.backend_pid}, 60000)")
    assert "killed 6" in told(eventually(Status.WARNING, lambda: _with(look(), "killed")))
    assert look("11m").status is Status.OK


def _with(verdict: Verdict, name: str) -> Verdict:
    found = any(judged.status.is_problem and judged.key.startswith(name) for judged in verdict.judged)
    return verdict if found else Verdict(Status.PENDING, f"{name} is no problem yet")


@pytest.mark.fires("postgresql.requested-checkpoints")
def test_checkpoints_before_their_time_are_told_from_others(
    eye: Eye, server: DatabaseServer, url: str
) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.requested-checkpoints", later=later)

    look()
    for _ in range(5):
        server.execute("UPDATE matter SET name = 'c' WHERE id = 3", "CHECKPOINT", url=url)
    eventually(Status.CRITICAL, lambda: telling("requested 5 of 5", look()))
    assert look("31m").status is Status.OK


@pytest.mark.fires("postgresql.checkpoint-age")
def test_what_waits_for_a_checkpoint_is_told_until_it_comes(
    eye: Eye, server: DatabaseServer, url: str
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.checkpoint-age", warn="0.1%")

    server.execute("CHECKPOINT")
    assert look().status is Status.OK
    server.execute("CREATE TABLE bulk AS SELECT * FROM narrative", "DROP TABLE bulk", url=url)
    assert eventually(Status.WARNING, look).summary.startswith("not checkpointed for")
    server.execute("CHECKPOINT")
    assert look().status is Status.OK


@pytest.mark.fires("postgresql.backend-fsync")
def test_sessions_that_sync_because_the_checkpointer_hangs_are_counted(version: int | None) -> None:
    for server in servers.running(lambda: servers.start_postgresql(version, CRAMPED)):
        eye = Eye("postgresql", url=site_url(give_role(server, server.admin_url)))

        def look(later: str = "0s", eye: Eye = eye) -> Verdict:
            return eye.follow("postgresql.backend-fsync", later=later)

        look()
        assert look().status is Status.OK
        asked = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        [(checkpointer,)] = server.execute(asked)
        os.kill(checkpointer, signal.SIGSTOP)
        try:
            server.execute(*(f"CREATE TABLE t{n} AS SELECT {n} AS n" for n in range(60)))
        finally:
            os.kill(checkpointer, signal.SIGCONT)
        server.execute("CHECKPOINT")
        assert eventually(Status.WARNING, look).summary.startswith("fsyncs by sessions")
        assert look("11m").status is Status.OK


@contextmanager
def slow_disk(server: DatabaseServer, client: psycopg.Connection[Any]) -> Iterator[None]:
    """Each read of that session takes 100 ms: strace holds it up, also where others read for it."""
    readers = server.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'io worker'")
    pids = [str(client.info.backend_pid), *(str(pid) for (pid,) in readers)]
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip(f"strace {servers.NOT_INSTALLED} nothing else slows reads down")
    reads = "pread64,preadv"
    command = [strace, "-o", "/dev/null", "-e", f"trace={reads}", "-e", f"inject={reads}:delay_enter=100000"]
    command += [part for pid in pids for part in ("-p", pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            for _pid in pids:
                if "attached" not in (said := process.stderr.readline()):
                    pytest.skip(f"strace {servers.NOT_INSTALLED} it may not be used here: {said}")
            yield
        finally:
            process.terminate()


@pytest.mark.fires("postgresql.read-latency")
def test_slow_reads_are_measured_until_they_are_quick_again(
    eye: Eye, server: DatabaseServer, client: Client
) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.read-latency", warn="5ms", crit="1h", later=later)

    look()
    worker = client()
    some = "SELECT count(*) FROM narrative TABLESAMPLE SYSTEM (1)"
    with slow_disk(server, worker):
        for _ in range(3):  # quick reads of others count in the mean, too
            worker.execute(some)
    worker.close()
    assert eventually(Status.WARNING, look).summary.startswith("read ")
    client().execute(some)
    assert look("11m").status is Status.OK


def test_reads_that_are_not_timed_are_no_question(eye: Eye, server: DatabaseServer) -> None:
    server.execute("ALTER SYSTEM SET track_io_timing = off", "SELECT pg_reload_conf()")
    try:
        off = eventually(Status.NOT_APPLICABLE, lambda: eye.look("postgresql.read-latency"))
        assert "ALTER SYSTEM SET track_io_timing = on" in off.summary
    finally:
        server.execute("ALTER SYSTEM RESET track_io_timing", "SELECT pg_reload_conf()")


# Statements.


@pytest.mark.fires("postgresql.slow-statements")
def test_a_slow_statement_is_named_without_its_values_while_it_is_called(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.slow-statements", warn="20ms", later=later)

    assert look().status is Status.PENDING
    worker = client()
    for _ in range(6):
        worker.execute(f"SELECT '{SECRET}', pg_sleep(0.05)")
    fired = look()
    assert fired.status is Status.WARNING
    assert "in 6 calls" in told(fired)
    assert told(fired).count("SELECT ?, pg_sleep(?)") == 1
    assert SECRET not in told(fired)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.statement-regressions")
def test_a_statement_that_became_slower_is_named_until_it_is_quick_again(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.statement-regressions", later=later)

    def call(seconds: float) -> None:
        body = f"BEGIN PERFORM pg_sleep({seconds}); END"
        worker.execute(f"CREATE OR REPLACE FUNCTION unbilled() RETURNS void LANGUAGE plpgsql AS $${body}$$")
        for _ in range(10):
            worker.execute("SELECT unbilled()")

    def mended() -> Verdict:
        call(0.01)
        return look()

    worker = client()
    call(0.01)
    assert look().status is Status.PENDING
    for _ in range(3):  # its own slow calls do not become the usual ones
        call(0.1)
        fired = look()
        assert fired.status in (Status.WARNING, Status.CRITICAL)
        assert "SELECT unbilled()" in told(fired)
    eventually(Status.OK, mended)


def test_a_statement_that_stays_slower_is_usual_after_a_week(eye: Eye, client: Client) -> None:
    def call(seconds: float) -> None:
        for _ in range(10):
            worker.execute("SELECT pg_sleep(%s), 'portal'", [seconds])

    worker = client()
    call(0.01)
    eye.follow("postgresql.statement-regressions")
    call(0.2)
    assert eye.follow("postgresql.statement-regressions").status.is_problem
    call(0.2)
    assert eye.follow("postgresql.statement-regressions", later="8d").status is Status.OK


@pytest.mark.fires("postgresql.statement-evictions")
def test_statements_that_are_dropped_are_counted_until_an_hour_has_gone_by(eye: Eye, client: Client) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.statement-evictions", later=later)

    look()
    worker = client()
    for columns in range(1, 400):
        worker.execute("SELECT " + ", ".join(["1"] * columns))
    assert look().status is Status.WARNING
    assert look("61m").status is Status.OK


def test_looking_again_leaves_no_more_statements_behind(eye: Eye, server: DatabaseServer, url: str) -> None:
    def kept() -> int:
        asked = "SELECT count(*) FROM pg_stat_statements WHERE userid = 'lexops_monitor'::regrole"
        return int(server.execute(asked, url=url)[0][0])

    server.execute("SELECT pg_stat_statements_reset()", url=url)
    for _ in range(2):
        eye.look("postgresql.deadlocks")
    before = kept()
    for _ in range(5):
        eye.look("postgresql.deadlocks")
    assert kept() == before


STATEMENTS = ["slow-statements", "statement-regressions", "statement-evictions"]


@pytest.mark.parametrize("check", STATEMENTS)
def test_without_the_extension_the_answer_says_how_to_get_it(
    server: DatabaseServer, postgresql: DatabaseServer, check: str
) -> None:
    here = Eye("postgresql", url=site_url(server.admin_url)).look(f"postgresql.{check}")
    assert here.status is Status.NOT_APPLICABLE
    assert "CREATE EXTENSION pg_stat_statements in this database" in here.summary
    bare = Eye("postgresql", url=site_url(postgresql.admin_url)).look(f"postgresql.{check}")
    assert bare.status is Status.NOT_APPLICABLE
    assert "shared_preload_libraries" in bare.summary


def test_statements_of_others_and_their_view_elsewhere_are_not_seen(
    server: DatabaseServer, eye: Eye, url: str
) -> None:
    blind = Eye("postgresql", url=site_url(give_blind_role(server, url)))
    assert blind.look("postgresql.slow-statements").hint.startswith("GRANT pg_monitor TO")
    server.execute("CREATE SCHEMA stats", "ALTER EXTENSION pg_stat_statements SET SCHEMA stats", url=url)
    try:
        hidden = eye.look("postgresql.slow-statements")
        assert hidden.status is Status.UNKNOWN
        server.execute(*hidden.hint.split("; "), url=url)
        assert eye.look("postgresql.slow-statements").status is Status.PENDING
    finally:
        server.execute("ALTER EXTENSION pg_stat_statements SET SCHEMA public", "DROP SCHEMA stats", url=url)
        server.execute("ALTER ROLE lexops_monitor RESET search_path")


# Where else they look.

OURS = [
    runnable.check.id
    for module in (counters, sessions, statements, vacuum)
    for runnable in vars(module).values()
    if isinstance(runnable, RunnableCheck)
]


def test_a_standby_has_twice_the_time_of_its_primary_for_a_checkpoint(
    primary: DatabaseServer, standby: DatabaseServer
) -> None:
    """Its own begins where the primary's did, when that has ended: it is 14 minutes old where that is 9."""
    eyes = [Eye("postgresql", url=site_url(server.admin_url)) for server in (primary, standby)]
    limits = [eye.look("postgresql.checkpoint-age").metrics[0].limit for eye in eyes]
    assert limits == [300.0, 600.0]


@pytest.mark.parametrize("check", OURS)
def test_a_standby_can_be_asked_the_same(
    primary: DatabaseServer, standby: DatabaseServer, check: str
) -> None:
    there = Eye("postgresql", url=site_url(standby.admin_url))
    verdicts = [there.follow(check), there.follow(check)]
    assert not any(verdict.status.is_problem for verdict in verdicts), verdicts[-1].summary


# Vacuum.


def test_a_standby_does_not_say_that_it_has_no_large_table(
    primary: DatabaseServer, standby: DatabaseServer
) -> None:
    verdict = Eye("postgresql", url=site_url(standby.admin_url)).look("postgresql.statistics-age")
    assert (verdict.status, "its primary does" in verdict.summary) == (Status.NOT_APPLICABLE, True)


@pytest.fixture
def table(server: DatabaseServer, url: str) -> Iterator[str]:
    """20,000 rows that nobody vacuums or analyses."""
    server.execute(
        "CREATE TABLE time_entry (id int) WITH (autovacuum_enabled = off)",
        "INSERT INTO time_entry SELECT generate_series(1, 20000)",
        url=url,
    )
    yield "time_entry"
    server.execute("DROP TABLE time_entry", url=url)


@pytest.mark.fires("postgresql.autovacuum-overdue")
def test_dead_rows_are_held_against_the_tables_own_trigger(
    eye: Eye, server: DatabaseServer, url: str, table: str
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.autovacuum-overdue")

    server.execute(f"ANALYZE {table}", f"UPDATE {table} SET id = id", url=url)
    fired = eventually(Status.WARNING, look)
    assert fired.summary.startswith(f"{table}: dead rows 20,000 of 5,000")
    server.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 1)", url=url)
    assert look().status is Status.OK
    server.execute(f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor)", url=url)
    assert look().status is Status.WARNING
    server.execute(f"VACUUM {table}", url=url)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.autovacuum-workers")
def test_a_worker_that_does_not_come_to_an_end_keeps_the_only_place(
    eye: Eye, server: DatabaseServer, url: str, table: str
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.autovacuum-workers")

    slow = {"autovacuum_vacuum_cost_delay": "100ms", "autovacuum_vacuum_cost_limit": "1"}
    server.execute(*(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in slow.items()))
    server.execute("SELECT pg_reload_conf()")
    try:
        server.execute(
            f"UPDATE {table} SET id = id", f"ALTER TABLE {table} SET (autovacuum_enabled = on)", url=url
        )
        assert eventually(Status.WARNING, look).summary.startswith("workers 1 of 1")
    finally:
        server.execute(*(f"ALTER SYSTEM RESET {name}" for name in slow), "SELECT pg_reload_conf()")
    server.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)", url=url)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.statistics-age")
def test_a_table_is_unknown_to_the_planner_until_it_is_analysed(
    eye: Eye, server: DatabaseServer, url: str, table: str
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.statistics-age")

    assert eventually(Status.WARNING, look).summary == f"{table} was never analysed, with 20,000 rows"
    server.execute(f"ANALYZE {table}", url=url)
    eventually(Status.OK, look)
    server.execute(f"UPDATE {table} SET id = id WHERE id <= 6000", url=url)
    assert eventually(Status.WARNING, look).summary.startswith(f"{table}: changed 6,000 of 20,000")
    server.execute(f"ANALYZE {table}", url=url)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.xmin-horizon")
def test_whoever_holds_back_cleaning_up_is_named_until_it_lets_go(
    eye: Eye, server: DatabaseServer, url: str, client: Client
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.xmin-horizon", warn="150")

    def work() -> None:
        loop = "FOR i IN 1..200 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP"
        server.execute(f"DO $$ BEGIN {loop}; END $$", url=url)

    reader = client()
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM matter")
    work()
    held = eventually(Status.WARNING, look)
    assert held.notes[0].label == f"session {reader.info.backend_pid} (postgres billing-app)"
    reader.close()
    eventually(Status.OK, look)

    server.execute("BEGIN; CREATE TABLE x (); PREPARE TRANSACTION 'transfer-7'", url=url)
    work()
    assert eventually(Status.WARNING, look).notes[0].label == "prepared transaction transfer-7"
    server.execute("ROLLBACK PREPARED 'transfer-7'", url=url)
    eventually(Status.OK, look)

    server.execute("SELECT pg_create_logical_replication_slot('ledger', 'pgoutput')", url=url)
    try:
        work()
        assert eventually(Status.WARNING, look).notes[0].label == "slot ledger"
    finally:
        server.execute("SELECT pg_drop_replication_slot('ledger')", url=url)
    eventually(Status.OK, look)
