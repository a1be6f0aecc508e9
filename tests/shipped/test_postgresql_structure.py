"""Checks of how a PostgreSQL server is built, set up and copied: a fault fires them, its mend clears them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psutil
import psycopg
import pytest

from lexops.checks.contract import Metric, PostgreSQL, check
from lexops.checks.engine import observe
from lexops.checks.model import Status, Verdict
from lexops_checks.postgresql import server as server_checks
from lexops_checks.postgresql.versions import RELEASES
from tests import servers
from tests.servers import HOST, DatabaseServer, give_role, site_url
from tests.shipped.conftest import SETTINGS, base_backup, copy_of
from tests.shipped.looking import Eye, eventually, telling, told
from tests.waiting import until

PAGE = 8192
QUICK = SETTINGS | {"wal_retrieve_retry_interval": "200ms", "max_wal_size": "32MB", "min_wal_size": "32MB"}
SECRET = "host=ledger password=swordfish"


def _address() -> str | None:
    """An address of this machine that is not loopback."""
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family.name == "AF_INET" and not address.address.startswith("127."):
                return address.address
    return None


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    """A server of these tests, which restart and damage it."""
    listen = ",".join(filter(None, (HOST, _address())))
    settings = QUICK | {"listen_addresses": listen}
    yield from servers.running(lambda: servers.start_postgresql(settings=settings))


@pytest.fixture
def url(server: DatabaseServer) -> str:
    """A new billing database."""
    url = server.database()
    server.execute(
        "CREATE TABLE invoice (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text, total int)",
        "INSERT INTO invoice (number, total) SELECT 'I-' || n, n FROM generate_series(1, 5000) AS n",
        "VACUUM ANALYZE",
        url=url,
    )
    return url


@pytest.fixture
def eye(server: DatabaseServer, url: str) -> Eye:
    """Looks as the shipped monitoring role."""
    return monitoring(server, url)


def monitoring(server: DatabaseServer, url: str, **settings: Any) -> Eye:
    return Eye("postgresql", url=site_url(give_role(server, url)), **settings)


def restart(server: DatabaseServer) -> None:
    server.stop()
    server.start()


# The server.


@pytest.mark.fires("postgresql.restarted")
def test_a_restart_is_told_for_an_hour(server: DatabaseServer, eye: Eye) -> None:
    assert eye.follow("postgresql.restarted").status is Status.PENDING
    assert eye.follow("postgresql.restarted").status is Status.OK
    restart(server)
    fired = eye.follow("postgresql.restarted")
    assert (fired.status, [finding.key for finding in fired.findings]) == (Status.WARNING, ["started"])
    assert eye.follow("postgresql.restarted", later="50m").status is Status.WARNING
    assert eye.follow("postgresql.restarted", later="2h").status is Status.OK


@pytest.mark.fires("postgresql.restarted")
def test_a_promotion_and_other_data_are_told(server: DatabaseServer, url: str) -> None:
    give_role(server, url)
    copy = copy_of(server)
    try:
        copy.start()
        watched = Eye("postgresql", url=site_url(copy.url(url.rpartition("/")[2], servers.MONITOR)))
        assert watched.follow("postgresql.restarted").status is Status.PENDING
        copy.execute("SELECT pg_promote()", "CHECKPOINT")
        fired = eventually(Status.WARNING, lambda: watched.follow("postgresql.restarted"))
        assert {finding.key for finding in fired.findings} == {"role", "timeline"}
    finally:
        copy.remove()


def test_other_data_behind_the_same_address_are_critical(primary: DatabaseServer, eye: Eye) -> None:
    eye.follow("postgresql.restarted")
    other = monitoring(primary, primary.database())
    other._memories = eye._memories
    swapped = other.follow("postgresql.restarted")
    assert swapped.status is Status.CRITICAL
    assert swapped.summary.startswith("other data answer here")


@pytest.mark.fires("postgresql.clock")
def test_clocks_that_differ_are_told_until_they_agree(eye: Eye, monkeypatch: pytest.MonkeyPatch) -> None:
    assert eye.look("postgresql.clock").status is Status.OK
    with monkeypatch.context() as patched:
        patched.setattr(server_checks, "_now", lambda: datetime.now(UTC) - timedelta(hours=1))
        wrong = eye.look("postgresql.clock")
        assert wrong.status is Status.CRITICAL
        assert "ahead of ours" in told(wrong)
    assert eye.look("postgresql.clock").status is Status.OK


@pytest.mark.fires("postgresql.unencrypted-sessions")
def test_a_session_across_the_network_without_tls_is_found(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    address = _address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    with appended(server, "pg_hba.conf", f"host all all {address}/32 trust"):
        server.execute("SELECT pg_reload_conf()")
        assert eye.look("postgresql.unencrypted-sessions").status is Status.OK
        remote = url.replace("+psycopg", "").replace(HOST, address)
        until(lambda: _lets_in(remote), "the new line is in force")
        with psycopg.connect(remote, sslmode="disable"):
            one = f"1 session of postgres from {address} without encryption"
            eventually(Status.WARNING, lambda: telling(one, eye.look("postgresql.unencrypted-sessions")))
        eventually(Status.OK, lambda: eye.look("postgresql.unencrypted-sessions"))


def _lets_in(address: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(address, sslmode="disable"):
        return True
    return False


@pytest.fixture
def behind() -> Iterator[DatabaseServer]:
    """A server of a release that has had two successors."""
    yield from servers.running(lambda: servers.start_postgresql(16))


@pytest.mark.fires("postgresql.version")
def test_a_server_two_releases_behind_is_told(
    behind: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Eye("postgresql", url=site_url(behind.admin_url))
    old = watched.look("postgresql.version")
    assert (old.status, old.summary) == (Status.WARNING, "releases behind 2 (warn 0)")
    monkeypatch.setitem(RELEASES, 16, replace(RELEASES[16], minor=14))
    assert watched.look("postgresql.version").status is Status.OK
    ended = replace(RELEASES[16], supported_until=datetime.now(UTC).date() - timedelta(days=2))
    monkeypatch.setitem(RELEASES, 16, ended)
    assert watched.look("postgresql.version").status is Status.CRITICAL


# Its settings.


@contextmanager
def appended(server: DatabaseServer, name: str, line: str) -> Iterator[None]:
    """Add a line to a configuration file of the server for as long as the block lasts."""
    file = server.process.folder / "data" / name
    before = file.read_text()
    file.write_text(f"{before}\n{line}\n")
    try:
        yield
    finally:
        file.write_text(before)
        server.execute("SELECT pg_reload_conf()")


@contextmanager
def altered(server: DatabaseServer, name: str, value: str) -> Iterator[None]:
    """Change a setting of the server for as long as the block lasts."""
    server.execute(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        server.execute(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")


@pytest.mark.fires("postgresql.pending-restart")
def test_a_setting_that_waits_for_a_restart_is_told(server: DatabaseServer, eye: Eye) -> None:
    assert eye.look("postgresql.pending-restart").status is Status.OK
    with altered(server, "max_connections", "60"):
        waits = eventually(Status.WARNING, lambda: eye.look("postgresql.pending-restart"))
        assert waits.summary == "max_connections is changed but waits for a restart"
        assert eye.look("postgresql.configuration-errors").status is Status.OK
    eventually(Status.OK, lambda: eye.look("postgresql.pending-restart"))


@pytest.mark.fires("postgresql.configuration-errors")
@pytest.mark.parametrize(
    ("name", "line"),
    [("pg_hba.conf", "host all all 10.0.0.0/99 trust"), ("postgresql.conf", "work_mem = 'plenty'")],
)
def test_an_error_in_a_configuration_file_is_found_before_the_restart(
    server: DatabaseServer, eye: Eye, name: str, line: str
) -> None:
    assert eye.look("postgresql.configuration-errors").status is Status.OK
    with appended(server, name, line):
        broken = eye.look("postgresql.configuration-errors")
        assert broken.status is Status.CRITICAL
        assert broken.summary.startswith(f"{name}, line ")
    assert eye.look("postgresql.configuration-errors").status is Status.OK


@pytest.mark.fires("postgresql.settings-changed")
def test_a_changed_setting_is_named_without_its_value(server: DatabaseServer, eye: Eye) -> None:
    def look() -> Verdict:
        return eye.follow("postgresql.settings-changed")

    assert look().status is Status.PENDING
    assert look().status is Status.OK
    with altered(server, "primary_conninfo", SECRET):
        changed = eventually(Status.WARNING, look)
        assert changed.summary.startswith("primary_conninfo was ")
        assert "swordfish" not in told(changed) + str(changed.memory)
    eventually(Status.OK, look)


@pytest.mark.fires("postgresql.extensions")
def test_an_old_extension_is_found_until_it_is_updated(server: DatabaseServer, url: str, eye: Eye) -> None:
    server.execute("CREATE EXTENSION pgstattuple VERSION '1.4'", url=url)
    old = eye.look("postgresql.extensions")
    assert (old.status, old.findings[0].key) == (Status.WARNING, "pgstattuple")
    server.execute("ALTER EXTENSION pgstattuple UPDATE", url=url)
    assert eye.look("postgresql.extensions").status is Status.OK


# What it is built of.

CASES = {
    "postgresql.duplicate-indexes": (
        ["CREATE INDEX one ON invoice (number)", "CREATE INDEX two ON invoice (number)"],
        "DROP INDEX two",
        "indexes of invoice are the same: one, two",
    ),
    "postgresql.foreign-keys-without-index": (
        [
            "CREATE TABLE line (id int PRIMARY KEY, invoice int REFERENCES invoice)",
            "INSERT INTO line SELECT n, n FROM generate_series(1, 500) AS n",
            "ANALYZE line",
        ],
        "CREATE INDEX ON line (invoice)",
        "line.line_invoice_fkey: rows 500",
    ),
    "postgresql.constraints-not-validated": (
        ["ALTER TABLE invoice ADD CONSTRAINT paid CHECK (total > 0) NOT VALID"],
        "ALTER TABLE invoice VALIDATE CONSTRAINT paid",
        "constraint paid of invoice is not validated",
    ),
    "postgresql.tables-without-primary-key": (
        ["CREATE TABLE payment (id int)"],
        "ALTER TABLE payment ADD PRIMARY KEY (id)",
        "payment has no primary key",
    ),
    "postgresql.disabled-triggers": (
        [
            "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER trail BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION audit()",
            "ALTER TABLE invoice DISABLE TRIGGER trail",
        ],
        "ALTER TABLE invoice ENABLE TRIGGER ALL",
        "trigger trail of invoice is off",
    ),
}


@pytest.mark.fires(*CASES)
@pytest.mark.parametrize("check", CASES)
def test_what_is_built_wrong_is_named_until_it_is_mended(
    server: DatabaseServer, url: str, eye: Eye, check: str
) -> None:
    fault, mend, text = CASES[check]
    warn = "100" if check == "postgresql.foreign-keys-without-index" else None
    assert eye.look(check, warn=warn).status is Status.OK
    server.execute(*fault, url=url)
    found = eye.look(check, warn=warn)
    assert found.status in (Status.WARNING, Status.CRITICAL)
    assert found.summary.startswith(text)
    server.execute(mend, url=url)
    assert eye.look(check, warn=warn).status is Status.OK


def test_a_foreign_key_that_was_switched_off_is_critical(server: DatabaseServer, url: str, eye: Eye) -> None:
    server.execute(
        "CREATE TABLE line (id int PRIMARY KEY, invoice int REFERENCES invoice)",
        "ALTER TABLE line DISABLE TRIGGER ALL",
        url=url,
    )
    off = eye.look("postgresql.disabled-triggers")
    assert (off.status, off.summary) == (Status.CRITICAL, "foreign key line_invoice_fkey of line is off")


def test_what_a_report_builds_for_itself_is_nobody_elses(url: str, eye: Eye) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as report:
        report.execute("CREATE TEMPORARY TABLE aged (id int)")
        report.execute("CREATE INDEX ON aged (id)")
        report.execute("CREATE INDEX ON aged (id)")
        assert eye.look("postgresql.duplicate-indexes").status is Status.OK


@pytest.mark.fires("postgresql.unused-indexes")
def test_an_index_is_unused_after_a_month_until_a_query_uses_it(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    def look(later: str) -> Verdict:
        return eye.follow("postgresql.unused-indexes", warn="8KiB", later=later)

    server.execute("CREATE INDEX by_number ON invoice (number)", url=url)
    assert look("0s").status is Status.PENDING
    assert look("10d").status is Status.PENDING
    unused = look("31d")
    assert unused.status is Status.WARNING
    assert unused.summary.startswith("by_number: unused ")
    with psycopg.connect(url.replace("+psycopg", "")) as reports:
        reports.execute("SET enable_seqscan = off")
        reports.execute("SELECT total FROM invoice WHERE number = 'I-7'")
    eventually(Status.OK, lambda: look("32d"))


@pytest.mark.fires("postgresql.prepared-transactions")
def test_a_prepared_transaction_is_named_until_it_is_ended(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.prepared-transactions", warn="0.05s")

    assert look().status is Status.OK
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as manager:
        manager.execute("BEGIN")
        manager.execute("UPDATE invoice SET total = 0 WHERE id = 1")
        manager.execute("PREPARE TRANSACTION 'ledger-1'")
        assert "ledger-1: of postgres in " in told(eventually(Status.WARNING, look))
        manager.execute("ROLLBACK PREPARED 'ledger-1'")
    assert look().status is Status.OK


def test_without_prepared_transactions_the_question_does_not_arise(postgresql: DatabaseServer) -> None:
    bare = Eye("postgresql", url=site_url(postgresql.admin_url))
    assert bare.look("postgresql.prepared-transactions").status is Status.NOT_APPLICABLE


@pytest.mark.fires("postgresql.wraparound")
def test_freezing_that_is_late_is_told_by_the_transactions_since(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    def ages() -> Verdict:
        return eye.look("postgresql.wraparound")

    server.execute("ALTER SYSTEM SET autovacuum_freeze_max_age = 100000")
    restart(server)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as worker:
        try:
            eventually(Status.OK, ages)
            worker.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            worker.execute("SELECT pg_current_xact_id()")  # holds back what could be frozen
            server.execute(
                "DO $$ BEGIN FOR i IN 1..111000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
                url=url,
            )
            late = ages()
            assert late.status is Status.WARNING
            assert "unfrozen transactions" in late.summary
        finally:
            worker.execute("ROLLBACK")
            server.execute("ALTER SYSTEM RESET autovacuum_freeze_max_age")
            restart(server)
    assert ages().status is Status.OK


# What it takes and wastes.


@pytest.mark.fires("postgresql.database-size")
def test_a_database_may_grow_so_far_as_the_site_says(server: DatabaseServer, url: str, eye: Eye) -> None:
    small = eye.look("postgresql.database-size")
    assert small.status is Status.OK
    most = str(int(small.metrics[0].value) + 2**20)
    server.execute("CREATE TABLE scan AS SELECT repeat('x', 100) FROM generate_series(1, 30000)", url=url)
    assert eye.look("postgresql.database-size", warn=most).status is Status.WARNING
    server.execute("DROP TABLE scan", url=url)
    assert eye.look("postgresql.database-size", warn=most).status is Status.OK


@pytest.mark.fires("postgresql.wal-size")
def test_a_log_that_a_slot_keeps_is_measured_until_it_is_let_go(server: DatabaseServer, eye: Eye) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.wal-size")

    server.execute("SELECT pg_create_physical_replication_slot('keeps', true)")
    try:
        for _ in range(6):
            server.execute("SELECT pg_logical_emit_message(false, 'x', 'x')", "SELECT pg_switch_wal()")
        eventually(Status.WARNING, look)
        slot = told(eye.look("postgresql.replication-slots", warn="1MiB"))
        assert "max_slot_wal_keep_size: unlimited" in slot
    finally:
        server.execute("SELECT pg_drop_replication_slot('keeps')")

    def let_go() -> Verdict:
        server.execute("SELECT pg_logical_emit_message(false, 'x', 'x')", "CHECKPOINT")
        return look()

    eventually(Status.OK, let_go)


@pytest.mark.fires("postgresql.bloat")
def test_a_table_that_keeps_the_space_of_its_rows_is_estimated(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    def look() -> Verdict:
        return eye.follow("postgresql.bloat", warn="100KiB")

    assert look().status is Status.PENDING
    assert look().status is Status.OK
    server.execute("DELETE FROM invoice WHERE id <= 2500", "VACUUM ANALYZE invoice", url=url)
    wasted = look()
    assert wasted.status is Status.WARNING
    assert wasted.summary.startswith("invoice: wasted ")
    server.execute("VACUUM (FULL, ANALYZE) invoice", url=url)
    assert look().status is Status.OK


@pytest.mark.fires("postgresql.measured-bloat")
def test_wasted_space_is_measured_where_the_extension_is(server: DatabaseServer, url: str, eye: Eye) -> None:
    def look() -> Verdict:
        return eye.look("postgresql.measured-bloat", warn="100KiB")

    assert look().summary.endswith("CREATE EXTENSION pgstattuple adds it")
    server.execute("CREATE EXTENSION pgstattuple", url=url)
    assert look().status is Status.OK
    server.execute("DELETE FROM invoice WHERE id > 100", url=url)
    wasted = look()
    assert wasted.status is Status.WARNING
    assert "invoice: wasted " in told(wasted)
    server.execute("VACUUM FULL invoice", url=url)
    assert look().status is Status.OK


# What is on its disk.


@pytest.fixture(scope="module")
def checked() -> Iterator[DatabaseServer]:
    """A server with checksums of its pages."""
    yield from servers.running(lambda: servers.start_postgresql(initdb=("--data-checksums",)))


@contextmanager
def damaged(server: DatabaseServer, url: str, relation: str, page: int = 0) -> Iterator[None]:
    """Overwrite rows in a page of the file of `relation`, and bring the old bytes back afterwards."""
    server.execute("CHECKPOINT", url=url)
    [(name,)] = server.execute(f"SELECT pg_relation_filepath('{relation}')", url=url)
    file = server.process.folder / "data" / name
    server.stop()
    sound = file.read_bytes()
    where = (page + 1) * PAGE - 500
    file.write_bytes(sound[:where] + b"\x7f" * 400 + sound[where + 400 :])
    server.start()
    try:
        yield
    finally:
        server.stop()
        file.write_bytes(sound)
        server.start()


@pytest.mark.fires("postgresql.checksums")
def test_damaged_pages_are_critical_until_the_counter_is_reset(checked: DatabaseServer) -> None:
    url = checked.database()
    checked.execute("CREATE TABLE payment AS SELECT n FROM generate_series(1, 900) AS n", url=url)
    eye = monitoring(checked, url)
    assert eye.look("postgresql.checksums").status is Status.OK
    with damaged(checked, url, "payment"):
        read = _read_payments(url)
        assert read.status is Status.CRITICAL
        assert read.summary.startswith("the data are damaged: it: invalid page in block 0")
    assert checked.execute("SELECT count(*) FROM payment", url=url)
    found = eventually(Status.CRITICAL, lambda: eye.look("postgresql.checksums"))
    assert found.summary.startswith(f"{url.rpartition('/')[2]}: damaged pages 1")
    checked.execute("SELECT pg_stat_reset()", url=url)
    eventually(Status.OK, lambda: eye.look("postgresql.checksums"))


@check("site.payments", target=PostgreSQL)
def payments(db: PostgreSQL) -> Iterator[Metric]:
    """Payments are off."""
    yield Metric("sum", db.scalar("SELECT sum(n) FROM payment"))


def _read_payments(url: str) -> Verdict:
    """What any check says that comes across the damage."""
    with closing(Eye("postgresql", url=site_url(url)).session()) as session:
        return observe(payments, session)


def test_without_checksums_the_question_does_not_arise(eye: Eye) -> None:
    assert eye.look("postgresql.checksums").summary.startswith("data checksums are off")


@pytest.mark.fires("postgresql.damaged-indexes", "postgresql.damaged-tables")
@pytest.mark.parametrize(
    ("check", "relation", "page"),
    [("postgresql.damaged-indexes", "invoice_pkey", 1), ("postgresql.damaged-tables", "invoice", 0)],
)
def test_damage_on_disk_is_critical_until_it_is_restored(
    server: DatabaseServer, url: str, eye: Eye, check: str, relation: str, page: int
) -> None:
    assert eye.look(check).summary.endswith("CREATE EXTENSION amcheck adds it")
    server.execute("CREATE EXTENSION amcheck", url=url)
    give_role(server, url)
    assert eye.look(check).status is Status.OK
    with damaged(server, url, relation, page):
        found = eye.look(check)
        assert (found.status, [finding.key for finding in found.findings]) == (Status.CRITICAL, [relation])
    assert eye.look(check).status is Status.OK


@pytest.mark.fires("postgresql.damaged-indexes", "postgresql.damaged-tables")
@pytest.mark.parametrize(
    ("check", "relation", "page"),
    [("postgresql.damaged-indexes", "payment_pkey", 1), ("postgresql.damaged-tables", "payment", 0)],
)
def test_a_page_that_cannot_be_read_is_damage_and_not_unknown(
    checked: DatabaseServer, check: str, relation: str, page: int
) -> None:
    url = checked.database()
    checked.execute(
        "CREATE EXTENSION amcheck",
        "CREATE TABLE payment (id int PRIMARY KEY)",
        "INSERT INTO payment SELECT n FROM generate_series(1, 900) AS n",
        url=url,
    )
    eye = monitoring(checked, url)
    with damaged(checked, url, relation, page):
        assert eye.look(check).status is Status.CRITICAL
    assert eye.look(check).status is Status.OK


def test_what_there_was_no_time_for_is_not_fine(server: DatabaseServer, url: str) -> None:
    server.execute("CREATE EXTENSION amcheck", url=url)
    with psycopg.connect(url.replace("+psycopg", "")) as migration:
        migration.execute("LOCK TABLE invoice")
        locked = monitoring(server, url).look("postgresql.damaged-tables")
    assert (locked.status, locked.summary) == (
        Status.UNKNOWN,
        "invoice was not looked at to the end: no time",
    )


@pytest.mark.fires("postgresql.collations")
def test_another_sort_order_under_the_indexes_is_critical_until_it_is_accepted(
    server: DatabaseServer,
) -> None:
    options = "TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER icu ICU_LOCALE 'und'"
    server.execute(f"CREATE DATABASE sorted {options}")
    url = server.url("sorted")
    server.execute(
        "CREATE COLLATION german (provider = icu, locale = 'de')",
        "CREATE TABLE client (name text COLLATE german PRIMARY KEY)",
        url=url,
    )
    eye = monitoring(server, url)
    assert eye.look("postgresql.collations").status is Status.OK
    server.execute(
        "UPDATE pg_database SET datcollversion = '1' WHERE datname = 'sorted'",
        "UPDATE pg_collation SET collversion = '1' WHERE collname = 'german'",
        url=url,
    )
    found = eye.look("postgresql.collations")
    assert found.status is Status.CRITICAL
    assert {finding.key for finding in found.findings} == {"database sorted", "collation german"}
    server.execute(
        "ALTER DATABASE sorted REFRESH COLLATION VERSION",
        "ALTER COLLATION german REFRESH VERSION",
        url=url,
    )
    assert eye.look("postgresql.collations").status is Status.OK


# What is copied elsewhere.


@pytest.mark.fires("postgresql.missing-standbys")
def test_a_standby_that_is_expected_is_missed_until_it_is_back(
    primary: DatabaseServer, standby: DatabaseServer
) -> None:
    url = primary.database()
    caught_up(primary, standby)
    streaming = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
    until(lambda: len(primary.execute(streaming)) == 1, "the standby alone streams")
    [(name,)] = primary.execute(streaming)
    eye = monitoring(primary, url, expect_standbys=[name])
    assert eye.look("postgresql.missing-standbys").status is Status.OK
    assert monitoring(primary, url).look("postgresql.missing-standbys").status is Status.NOT_APPLICABLE
    standby.stop()
    try:
        gone = eventually(Status.CRITICAL, lambda: eye.look("postgresql.missing-standbys"))
        assert gone.summary == f"standby {name} is not connected"
    finally:
        standby.start()
    eventually(Status.OK, lambda: eye.look("postgresql.missing-standbys"))


@pytest.fixture
def there(primary: DatabaseServer, standby: DatabaseServer) -> Eye:
    """Looks at the standby, as the role that came to it from the primary."""
    give_role(primary, primary.admin_url)
    caught_up(primary, standby)
    return Eye("postgresql", url=site_url(standby.url("postgres", servers.MONITOR)))


def caught_up(primary: DatabaseServer, standby: DatabaseServer) -> None:
    """Wait until the standby streams and has everything that was written until now."""
    # A commit, for only that is certain to be written out soon.
    [(written,)] = primary.execute("SELECT pg_logical_emit_message(true, 'now', '')")
    has_it = f"SELECT pg_last_wal_replay_lsn() >= '{written}' AND EXISTS (SELECT FROM pg_stat_wal_receiver)"
    until(lambda: standby.execute(has_it)[0][0], "the standby catches up")


def every_quarter_of_an_hour() -> Iterator[str]:
    """Ever later, so that what was still counted between two looks leaves the window, too."""
    return (f"{15 * n}m" for n in count(1))


@pytest.mark.fires("postgresql.replay-paused")
def test_a_paused_replay_is_told_until_it_goes_on(standby: DatabaseServer, there: Eye, eye: Eye) -> None:
    assert eye.look("postgresql.replay-paused").summary == "this is no standby"
    assert there.look("postgresql.replay-paused").status is Status.OK
    standby.execute("SELECT pg_wal_replay_pause()")
    assert there.look("postgresql.replay-paused").status is Status.WARNING
    standby.execute("SELECT pg_wal_replay_resume()")
    assert there.look("postgresql.replay-paused").status is Status.OK


@pytest.mark.fires("postgresql.recovery-conflicts")
def test_a_report_that_replay_cancels_is_counted_for_ten_minutes(
    primary: DatabaseServer, standby: DatabaseServer, there: Eye
) -> None:
    def look(later: str = "0s") -> Verdict:
        return there.follow("postgresql.recovery-conflicts", later=later)

    primary.execute("CREATE TABLE report AS SELECT n FROM generate_series(1, 900) AS n")
    assert look().status is Status.PENDING
    caught_up(primary, standby)
    with altered(standby, "max_standby_streaming_delay", "0"):
        is_told = "SELECT setting = '0' FROM pg_settings WHERE name = 'max_standby_streaming_delay'"
        until(lambda: standby.execute(is_told)[0][0], "the setting is in force")
        eventually(Status.OK, look)
        reader = psycopg.connect(standby.admin_url.replace("+psycopg", ""))
        try:
            reader.execute("SET default_transaction_isolation = 'repeatable read'")
            reader.commit()
            reader.execute("SELECT sum(n) FROM report")
            primary.execute("DELETE FROM report")

            def clean_and_look() -> Verdict:
                primary.execute("VACUUM report")  # does nothing while others still see what was deleted
                return look()

            assert "cancelled" in eventually(Status.WARNING, clean_and_look).summary
        finally:
            reader.close()
    later = every_quarter_of_an_hour()
    eventually(Status.OK, lambda: look(next(later)))
    primary.execute("DROP TABLE report")


@pytest.mark.fires("postgresql.subscriptions")
def test_a_subscription_that_cannot_apply_is_told_until_it_can(
    server: DatabaseServer, url: str, eye: Eye
) -> None:
    def look(later: str = "0s") -> Verdict:
        return eye.follow("postgresql.subscriptions", later=later)

    later = every_quarter_of_an_hour()
    assert look().summary == "this database applies no subscription here"
    table, source = "CREATE TABLE payment (id int PRIMARY KEY)", server.database()
    server.execute(
        table,
        "CREATE PUBLICATION feed FOR TABLE payment",
        "SELECT pg_create_logical_replication_slot('feed', 'pgoutput')",
        url=source,
    )
    address = f"host={HOST} port={server.port} user=postgres dbname={source.rpartition('/')[2]}"
    server.execute(
        table,
        "INSERT INTO payment VALUES (1)",
        f"CREATE SUBSCRIPTION feed CONNECTION '{address}' PUBLICATION feed"
        " WITH (create_slot = false, copy_data = false)",
        url=url,
    )
    try:
        look()
        eventually(Status.OK, look)
        server.execute("INSERT INTO payment VALUES (1)", url=source)
        eventually(Status.WARNING, lambda: _with_errors(look()))
        server.execute("DELETE FROM payment", url=url)
        eventually(Status.OK, lambda: look(next(later)))
        server.execute("ALTER SUBSCRIPTION feed DISABLE", url=url)
        assert look(next(later)).summary == "subscription feed is disabled"
        server.execute("ALTER SUBSCRIPTION feed ENABLE", url=url)
        eventually(Status.OK, lambda: look(next(later)))
    finally:
        server.execute("DROP SUBSCRIPTION feed", url=url)


def _with_errors(verdict: Verdict) -> Verdict:
    return verdict if "errors" in told(verdict) else Verdict(Status.PENDING, "no error yet")


@pytest.mark.fires("postgresql.archive-gap", "postgresql.base-backup")
def test_a_gap_in_the_archive_is_critical_until_a_base_backup_begins_behind_it(
    server: DatabaseServer, eye: Eye
) -> None:
    def look() -> Verdict:
        return eye.follow("postgresql.archive-gap")

    def write(files: int) -> None:
        for _ in range(files):
            server.execute("SELECT pg_logical_emit_message(false, 'x', 'x')", "SELECT pg_switch_wal()")

    assert eye.look("postgresql.base-backup").status in (Status.NOT_APPLICABLE, Status.OK)
    write(1)
    assert look().status is Status.PENDING
    write(2)
    assert look().status is Status.OK
    server.execute("ALTER SYSTEM SET archive_mode = off")
    restart(server)
    for _ in range(3):
        write(3)
        server.execute("CHECKPOINT")
    assert look().summary == "archive_mode is off"
    server.execute("ALTER SYSTEM RESET archive_mode")
    restart(server)
    write(1)
    assert eventually(Status.CRITICAL, look).findings[0].key == "gap"
    back_up(server)
    eventually(Status.OK, look)

    assert eye.look("postgresql.base-backup").status is Status.OK
    two_days_ago = time.time() - 2 * 86_400
    for label in (server.process.folder / "data" / "pg_wal").glob("*.backup"):
        os.utime(label, (two_days_ago, two_days_ago))
    assert eye.look("postgresql.base-backup").status is Status.WARNING
    back_up(server)
    assert eye.look("postgresql.base-backup").status is Status.OK


def back_up(server: DatabaseServer) -> None:
    """Take a base backup that nobody keeps."""
    folder = servers.short_folder(server.process.owner)
    try:
        base_backup(server, folder)
    finally:
        shutil.rmtree(folder)
