"""Each PostgreSQL check: a fault makes it fire, the mend clears it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest

from lexops.checks.engine import observe
from lexops.checks.model import Judged, Status, Verdict
from tests.servers import DatabaseServer, give_role, site_url
from tests.shipped.looking import FAMILIES, SHIPPED, Eye, eventually, shipped, telling, told
from tests.waiting import until

SECRET = "Whistleblower v. Acme"
WORK = "INSERT INTO time_entry (narrative) SELECT repeat('x', 100) FROM generate_series(1, 99)"
Client = Callable[[], "psycopg.Connection[Any]"]


@pytest.fixture(scope="module")
def url(primary: DatabaseServer) -> str:
    """A billing database with time entries in it."""
    url = primary.database("billing")
    primary.execute(
        "CREATE TABLE time_entry (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, narrative text)",
        "INSERT INTO time_entry (narrative) SELECT 'advice' FROM generate_series(1, 20)",
        url=url,
    )
    return url


@pytest.fixture
def eye(primary: DatabaseServer, url: str) -> Eye:
    """Looks as the shipped monitoring role."""
    return Eye("postgresql", url=site_url(give_role(primary, url)))


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


def test_a_sound_database_has_no_problem(eye: Eye, primary: DatabaseServer) -> None:
    for check in SHIPPED.values():
        if check in FAMILIES["postgresql"] and check.check.id != "postgresql.unsafe-settings":
            verdict = eye.look(check.check.id)
            assert not verdict.status.is_problem, f"{check.check.id}: {verdict.summary}"


@pytest.mark.fires("postgresql.availability")
def test_a_lost_connection_is_critical_until_there_is_a_new_one(eye: Eye, primary: DatabaseServer) -> None:
    session = eye.session()
    pid = session.scalar("SELECT pg_backend_pid()")
    primary.execute(f"SELECT pg_terminate_backend({pid}, 60000)")
    lost = observe(shipped("postgresql.availability"), session)
    session.close()
    assert (lost.status, lost.unreachable) == (Status.CRITICAL, True)
    found = eye.look("postgresql.availability")
    assert found.status is Status.OK
    assert {metric.name for metric in found.metrics} == {"connect", "ping", "uptime"}


def test_a_slow_answer_is_a_warning(eye: Eye) -> None:
    assert eye.look("postgresql.availability", warn="0s").status is Status.WARNING


@pytest.mark.fires("postgresql.unsafe-settings")
def test_settings_that_give_up_safety_are_named_until_they_are_on(eye: Eye, primary: DatabaseServer) -> None:
    unsafe = eye.look("postgresql.unsafe-settings")
    assert {f.key: f.status for f in unsafe.findings} == {
        "fsync": Status.CRITICAL,
        "full_page_writes": Status.CRITICAL,
        "synchronous_commit": Status.WARNING,
    }
    names = ("fsync", "full_page_writes", "synchronous_commit")
    try:
        primary.execute(*(f"ALTER SYSTEM SET {name} = on" for name in names), "SELECT pg_reload_conf()")
        eventually(Status.OK, lambda: eye.look("postgresql.unsafe-settings"))
        primary.execute("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
        off = eventually(Status.CRITICAL, lambda: eye.look("postgresql.unsafe-settings"))
        assert off.summary == "autovacuum is off"
    finally:
        primary.execute(*(f"ALTER SYSTEM RESET {name}" for name in (*names, "autovacuum")))
        primary.execute("SELECT pg_reload_conf()")


@pytest.mark.fires("postgresql.connections")
def test_connections_fill_up_and_are_given_back(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.connections", warn="15%", crit="90%")

    eventually(Status.OK, look)
    held = [client() for _ in range(7)]
    # Those that others have closed are still counted for a moment.
    full = eventually(Status.WARNING, lambda: telling("role postgres: 7 connections", look()))
    assert "of 47" in full.summary  # 50 less the three kept for superusers
    for connection in held:
        connection.close()
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.idle-in-transaction")
def test_a_session_idle_in_its_transaction_is_named_until_it_ends(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.idle-in-transaction", warn="0.1s", crit="10m")

    forgotten = client()
    forgotten.execute("BEGIN")
    forgotten.execute("SELECT %s", [SECRET])
    fired = eventually(Status.WARNING, look)
    assert f"pid {forgotten.info.backend_pid}: postgres (billing-app), idle in transaction" in told(fired)
    assert SECRET not in told(fired)
    forgotten.execute("COMMIT")
    assert look().status is Status.OK


@pytest.mark.parametrize("check", ["postgresql.idle-in-transaction", "postgresql.longest-transaction"])
def test_a_dump_that_takes_its_time_is_none_to_end(
    primary: DatabaseServer, url: str, eye: Eye, check: str
) -> None:
    """The first session of pg_dump --jobs idles in its transaction until all the others are done."""
    with psycopg.connect(url.replace("+psycopg", ""), application_name="pg_dump") as dump:
        dump.execute("SELECT 1")
        assert f"pid {dump.info.backend_pid}" not in told(eye.look(check, warn="0s"))


@pytest.mark.fires("postgresql.longest-transaction")
def test_an_old_transaction_is_named_until_it_ends(eye: Eye, client: Client) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.longest-transaction", warn="1h", crit="0.1s")

    worker = client()
    worker.execute("BEGIN")
    worker.execute("SELECT pg_sleep(0.15), %s::text", [SECRET])
    fired = eventually(Status.CRITICAL, look)
    assert f"pid {worker.info.backend_pid}" in told(fired)
    assert SECRET not in told(fired)
    worker.execute("ROLLBACK")
    eventually(Status.OK, look)


@pytest.fixture
def jam(client: Client, eye: Eye) -> Iterator[list[psycopg.Connection[Any]]]:
    """One holds a row, a second waits for it, a third for the table that both use."""
    holder, second, third = client(), client(), client()
    holder.execute("BEGIN")
    holder.execute("UPDATE time_entry SET narrative = %s WHERE id = 1", [SECRET])
    update = f"UPDATE time_entry SET narrative = '{SECRET}' WHERE id = 1"
    lock = "BEGIN; LOCK TABLE time_entry; COMMIT"
    waiters = []
    for number, (connection, sql) in enumerate(((second, update), (third, lock)), start=1):
        waiters.append(threading.Thread(target=_quietly, args=(connection, sql)))
        waiters[-1].start()
        eventually(Status.WARNING, lambda wanted=number: _waiting(eye, wanted))  # type: ignore[misc]
    yield [holder, second, third]
    with suppress(psycopg.Error):
        holder.execute("ROLLBACK")
    for waiter in waiters:
        waiter.join(60)


def _quietly(connection: psycopg.Connection[Any], sql: str) -> None:
    with suppress(psycopg.Error):
        connection.execute(sql)


def _waiting(eye: Eye, wanted: int) -> Verdict:
    verdict = eye.look("postgresql.blocked-sessions", warn="0.05s")
    enough = len(verdict.notes) == wanted + 1
    return verdict if enough else Verdict(Status.OK, f"{len(verdict.notes)} sessions")


@pytest.mark.fires("postgresql.blocked-sessions")
def test_blocked_sessions_are_told_from_the_root_without_what_they_say(
    eye: Eye, jam: list[psycopg.Connection[Any]]
) -> None:
    fired = eye.look("postgresql.blocked-sessions", warn="0.05s", crit="1h")
    holder, second, third = (connection.info.backend_pid for connection in jam)
    assert fired.status is Status.WARNING
    assert [note.label for note in fired.notes] == [f"pid {holder}", f"pid {second}", f"pid {third}"]
    assert [note.text.partition(": ")[2].partition(" ")[0] for note in fired.notes] == [
        "holds",
        "waits",
        "waits",
    ]
    assert f"for pid {holder} (ShareLock): UPDATE time_entry SET narrative = ?" in fired.notes[1].text
    assert SECRET not in told(fired)
    jam[0].execute("ROLLBACK")
    eventually(Status.OK, lambda: eye.look("postgresql.blocked-sessions", warn="0.05s"))


@pytest.mark.fires("postgresql.wraparound")
def test_transactions_used_up_are_counted_until_they_are_frozen(
    eye: Eye, client: Client, url: str, primary: DatabaseServer
) -> None:
    def ages() -> dict[str, Judged]:
        verdict = eye.look("postgresql.wraparound", warn="200")
        return {judged.item: judged for judged in verdict.judged if judged.key.startswith("transactions|")}

    primary.execute("VACUUM (FREEZE)", url=url)
    assert ages()["billing"].status is Status.OK
    using = client()
    for _ in range(250):
        using.execute("SELECT pg_current_xact_id()")
    assert ages()["billing"].status is Status.WARNING
    primary.execute("VACUUM (FREEZE)", url=url)
    assert ages()["billing"].status is Status.OK
    assert "template0" in ages()


def test_wraparound_is_measured_against_two_to_the_31(eye: Eye) -> None:
    limits = {metric.name: metric.limit for metric in eye.look("postgresql.wraparound").metrics}
    assert limits == {
        "transactions": 2**31,
        "row locks": 2**31,
        "unfrozen transactions": 200_000_000,
        "unfrozen row locks": 400_000_000,
    }


def test_without_slots_the_question_does_not_arise(eye: Eye) -> None:
    verdict = eye.look("postgresql.replication-slots")
    assert (verdict.status, verdict.summary) == (Status.NOT_APPLICABLE, "there are no replication slots")


@pytest.mark.fires("postgresql.replication-slots")
def test_a_slot_that_nobody_reads_is_found_until_it_is_dropped(eye: Eye, primary: DatabaseServer) -> None:
    primary.execute("SELECT pg_create_physical_replication_slot('ledger_feed', true)")
    try:
        assert eye.look("postgresql.replication-slots").summary == "nobody reads from slot ledger_feed"
        primary.execute("SELECT pg_switch_wal()", "CREATE TABLE filler ()", "DROP TABLE filler")
        much = eye.look("postgresql.replication-slots", crit="1KiB")
        assert much.status is Status.CRITICAL
        assert much.summary.startswith("ledger_feed: retained")
    finally:
        primary.execute("SELECT pg_drop_replication_slot('ledger_feed')")
    assert eye.look("postgresql.replication-slots").status is Status.NOT_APPLICABLE


def test_a_slot_that_was_lost_is_critical(eye: Eye, primary: DatabaseServer) -> None:
    primary.execute("SELECT pg_create_physical_replication_slot('left_behind', true)")
    try:
        primary.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()")
        for _ in range(3):
            primary.execute("CREATE TABLE filler ()", "DROP TABLE filler", "SELECT pg_switch_wal()")
        primary.execute("CHECKPOINT")
        lost = eventually(Status.CRITICAL, lambda: eye.look("postgresql.replication-slots"))
        assert lost.findings[0].key in ("left_behind/lost", "left_behind/unreserved")
    finally:
        primary.execute("ALTER SYSTEM RESET max_slot_wal_keep_size", "SELECT pg_reload_conf()")
        primary.execute("SELECT pg_drop_replication_slot('left_behind')")


def work_and_wait(primary: DatabaseServer, standby: DatabaseServer, url: str) -> None:
    """Write something, and wait until the standby has it."""
    primary.execute(WORK, url=url)
    [(written,)] = primary.execute("SELECT pg_logical_emit_message(true, 'now', '')")
    has_it = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
    until(lambda: standby.execute(has_it)[0][0], "the standby does not replay")


@pytest.mark.parametrize("check", ["postgresql.replication-lag", "postgresql.replication-backlog"])
def test_without_a_standby_the_question_does_not_arise(postgresql: DatabaseServer, check: str) -> None:
    assert Eye("postgresql", url=site_url(postgresql.admin_url)).look(check).status is Status.NOT_APPLICABLE


@pytest.mark.fires("postgresql.replication-lag", "postgresql.replication-backlog")
def test_a_standby_that_does_not_replay_is_behind_until_it_goes_on(
    eye: Eye, primary: DatabaseServer, standby: DatabaseServer, url: str
) -> None:
    there = Eye("postgresql", url=site_url(standby.admin_url))
    small = {"postgresql.replication-lag": "0.2s", "postgresql.replication-backlog": "1KiB"}

    def behind(at: Eye, check: str) -> Verdict:
        return at.look(check, warn=small[check])

    def up_to_date() -> None:
        for check in small:
            for at in (eye, there):
                eventually(Status.OK, lambda at=at, check=check: behind(at, check))  # type: ignore[misc]

    work_and_wait(primary, standby, url)
    up_to_date()
    standby.execute("SELECT pg_wal_replay_pause()")
    primary.execute(WORK, url=url)
    eventually(Status.WARNING, lambda: behind(eye, "postgresql.replication-backlog"))
    eventually(Status.WARNING, lambda: behind(there, "postgresql.replication-backlog"))
    eventually(Status.WARNING, lambda: behind(there, "postgresql.replication-lag"))
    primary.execute("CHECKPOINT")
    eventually(Status.WARNING, lambda: behind(eye, "postgresql.replication-lag"))
    standby.execute("SELECT pg_wal_replay_resume()")
    up_to_date()


def test_a_standby_cut_off_from_its_primary_does_not_seem_up_to_date(
    primary: DatabaseServer, standby: DatabaseServer, url: str
) -> None:
    there = Eye("postgresql", url=site_url(standby.admin_url))
    work_and_wait(primary, standby, url)
    [(source,)] = standby.execute("SELECT quote_literal(current_setting('primary_conninfo'))")
    standby.execute("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'", "SELECT pg_reload_conf()")
    try:
        eventually(Status.WARNING, lambda: there.look("postgresql.replication-lag", warn="0.2s"))
        assert there.look("postgresql.replication-backlog").status is Status.UNKNOWN
    finally:
        standby.execute(f"ALTER SYSTEM SET primary_conninfo = {source}", "SELECT pg_reload_conf()")


def test_without_an_archive_the_question_does_not_arise(postgresql: DatabaseServer) -> None:
    bare = Eye("postgresql", url=site_url(postgresql.admin_url))
    for check in ("postgresql.archiver", "postgresql.archive-queue"):
        assert bare.look(check).summary == "archive_mode is off"


@pytest.mark.fires("postgresql.archiver", "postgresql.archive-queue")
def test_a_failing_archive_is_told_until_it_works_again(eye: Eye, primary: DatabaseServer) -> None:
    eventually(Status.OK, lambda: eye.follow("postgresql.archiver"))
    primary.execute("ALTER SYSTEM SET archive_command = '/bin/false'", "SELECT pg_reload_conf()")
    try:
        primary.execute("CREATE TABLE filler ()", "DROP TABLE filler", "SELECT pg_switch_wal()")
        followed = eventually(Status.WARNING, lambda: eye.follow("postgresql.archiver"))
        failing = eye.look("postgresql.archiver")
        assert [note.label for note in failing.notes] == ["file"]
        since_good_look, since_success = (v.metrics[0].value for v in (followed, failing))
        assert 0 < since_good_look < since_success
        waiting = eventually(Status.WARNING, lambda: eye.look("postgresql.archive-queue", warn="0"))
        assert waiting.summary.startswith("files waiting")
    finally:
        primary.execute("ALTER SYSTEM SET archive_command = '/bin/true'", "SELECT pg_reload_conf()")
    primary.execute("CREATE TABLE filler ()", "DROP TABLE filler", "SELECT pg_switch_wal()")
    eventually(Status.OK, lambda: eye.look("postgresql.archiver"))
    eventually(Status.OK, lambda: eye.look("postgresql.archive-queue", warn="0"))


@pytest.mark.fires("postgresql.sequences")
@pytest.mark.parametrize(
    "fed",
    [
        "ALTER SEQUENCE line_number OWNED BY invoice_line.id",
        "ALTER TABLE invoice_line ALTER COLUMN id SET DEFAULT nextval('line_number')",
    ],
    ids=["owner", "default"],
)
def test_a_sequence_is_measured_by_its_column_until_that_is_widened(
    eye: Eye, primary: DatabaseServer, url: str, fed: str
) -> None:
    primary.execute(
        "CREATE TABLE invoice_line (id int PRIMARY KEY)",
        "CREATE SEQUENCE line_number AS bigint",
        fed,
        "SELECT setval('line_number', 2000000000)",
        url=url,
    )
    try:
        nearly = eye.look("postgresql.sequences")
        assert nearly.status is Status.CRITICAL
        assert nearly.summary.startswith("invoice_line.id: used 2,000,000,000 of 2,147,483,647")
        primary.execute("ALTER TABLE invoice_line ALTER COLUMN id TYPE bigint", url=url)
        assert eye.look("postgresql.sequences").status is Status.OK
    finally:
        primary.execute("DROP TABLE invoice_line", "DROP SEQUENCE IF EXISTS line_number", url=url)


def test_sequences_that_may_not_be_read_are_never_fine(
    primary: DatabaseServer, url: str, stranger: Eye
) -> None:
    hidden = stranger.look("postgresql.sequences")
    assert hidden.status is Status.UNKNOWN
    assert "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO stranger" in hidden.summary
    primary.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO stranger", url=url)
    assert stranger.look("postgresql.sequences").status is Status.OK


@pytest.mark.fires("postgresql.invalid-indexes")
def test_an_index_that_failed_to_build_is_found_until_it_is_dropped(
    eye: Eye, primary: DatabaseServer, url: str
) -> None:
    with pytest.raises(Exception, match="could not create unique index"):
        primary.execute("CREATE UNIQUE INDEX CONCURRENTLY once ON time_entry (narrative)", url=url)
    found = eye.look("postgresql.invalid-indexes")
    assert (found.status, found.summary) == (Status.WARNING, "unique index once on time_entry is invalid")
    primary.execute("DROP INDEX once", url=url)
    assert eye.look("postgresql.invalid-indexes").status is Status.OK


# What may be seen.


@pytest.fixture
def stranger(primary: DatabaseServer, url: str) -> Iterator[Eye]:
    """Looks with a role that may log in and nothing else."""
    primary.execute("CREATE ROLE stranger LOGIN")
    yield Eye("postgresql", url=site_url(primary.url("billing", "stranger")))
    primary.execute("DROP OWNED BY stranger", url=url)
    primary.execute("DROP ROLE stranger")


HIDDEN = {
    "postgresql.connections",
    "postgresql.idle-in-transaction",
    "postgresql.longest-transaction",
    "postgresql.blocked-sessions",
    "postgresql.replication-lag",
    "postgresql.replication-backlog",
    "postgresql.archive-queue",
}


def test_the_grant_that_is_asked_for_is_enough(
    stranger: Eye, primary: DatabaseServer, jam: list[psycopg.Connection[Any]]
) -> None:
    asked = stranger.look("postgresql.blocked-sessions").hint
    assert asked == "GRANT pg_monitor TO stranger"
    primary.execute(asked)
    for check in HIDDEN:
        assert stranger.look(check).status is not Status.UNKNOWN
    assert stranger.look("postgresql.blocked-sessions", warn="0.05s").status is Status.WARNING


def test_looking_changes_nothing(eye: Eye, primary: DatabaseServer, url: str) -> None:
    def everything() -> list[Any]:
        return [
            *primary.execute("SELECT oid, relname, relfilenode FROM pg_class ORDER BY oid", url=url),
            *primary.execute("SELECT name, setting FROM pg_settings ORDER BY name", url=url),
            *primary.execute("SELECT * FROM time_entry ORDER BY id", url=url),
        ]

    before = everything()
    session = eye.session()
    for check in FAMILIES["postgresql"]:
        observe(check, session)
    assert session.scalar("SELECT pg_current_xact_id_if_assigned() IS NULL")
    session.close()
    assert everything() == before
