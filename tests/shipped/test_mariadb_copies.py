"""MariaDB checks of what lasts: replicas, binary logs, a cluster, files, settings, certificate, version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pymysql
import pytest

from lexops.checks.contract import CannotSee, NotApplicable, NotYet
from lexops.checks.model import Status, Verdict
from lexops.targets.memory import Memory
from lexops_checks.mariadb import tables
from lexops_checks.mariadb.indexes import redundant
from lexops_checks.mariadb.releases import AS_OF, MARIADB, MYSQL, end_of_life
from lexops_checks.mariadb.replication import channel, node_faults
from lexops_checks.mariadb.server import not_after, without_tls
from lexops_checks.mariadb.settings import settings_drift
from tests import servers
from tests.servers import Authority, DatabaseServer, site_url
from tests.servers.databases import give_mariadb_role
from tests.shipped.looking import Eye, eventually, told
from tests.waiting import until

SECRET = "Whistleblower v. Acme"
GALERA = (Path("/usr/lib/galera/libgalera_smm.so"), Path("/usr/lib64/galera/libgalera_smm.so"))


def monitor(server: DatabaseServer) -> Eye:
    return Eye("mariadb", url=site_url(give_mariadb_role(server, "mysql")))


def restart(server: DatabaseServer, *options: str, instead_of: tuple[str, ...] = ()) -> None:
    """Stop the server and start it with these options, without those it had for a while."""
    server.stop()
    kept = [option for option in server.process.command if option not in instead_of]
    server.process.command = [*kept, *options]
    server.start()


# One server on which files, settings and tables are spoilt.


@pytest.fixture(scope="module")
def server() -> Iterator[DatabaseServer]:
    yield from servers.running(servers.start_mariadb)


@pytest.fixture
def eye(server: DatabaseServer) -> Eye:
    return monitor(server)


@pytest.fixture
def name(server: DatabaseServer) -> Iterator[str]:
    """An empty database that is gone after the test."""
    url = server.database()
    yield url.rpartition("/")[2]
    server.execute(f"DROP DATABASE {url.rpartition('/')[2]}")


@pytest.mark.fires("mariadb.restarted", "mariadb.force-recovery", "mariadb.binary-log")
def test_a_start_in_recovery_mode_without_a_binary_log_is_told_until_it_is_a_sound_one(
    eye: Eye, server: DatabaseServer
) -> None:
    recovery, log = ("--innodb-force-recovery=1",), ("--log-bin=b", "--expire-logs-days=14")
    restart(server, *recovery)
    try:
        found = eye.look("mariadb.force-recovery")
        assert (found.status, found.summary) == (Status.CRITICAL, "innodb_force_recovery is 1")
        assert eye.look("mariadb.restarted").status is Status.WARNING
        assert eye.look("mariadb.binary-log").summary.startswith("log_bin is OFF")
        restart(server, *log, instead_of=recovery)
        assert eye.look("mariadb.force-recovery").status is Status.OK
        eventually(Status.OK, lambda: eye.look("mariadb.restarted", warn="1ms:"))
        assert eye.look("mariadb.binary-log").status is Status.OK
        assert eye.look("mariadb.binary-log", warn="1").status is Status.WARNING
        server.execute("SET GLOBAL expire_logs_days = 0")
        assert eye.look("mariadb.binary-log").summary.startswith("binary logs never expire")
    finally:
        restart(server, instead_of=recovery + log)


@pytest.mark.fires("mariadb.corruption")
def test_a_damaged_table_is_critical_until_it_is_whole(eye: Eye, server: DatabaseServer, name: str) -> None:
    url = server.url(name)
    server.execute(
        "CREATE TABLE invoice (id int AUTO_INCREMENT PRIMARY KEY, number varchar(400))",
        "CREATE INDEX by_number ON invoice (number)",
        "INSERT INTO invoice (number) SELECT repeat(md5(seq), 10) FROM seq_1_to_2000",
        "CREATE TABLE payment (id int PRIMARY KEY)",
        url=url,
    )
    sound = eye.follow("mariadb.corruption")
    assert (sound.status, sound.summary) == (Status.OK, f"checked up to: {name}.payment of 2 tables")
    server.stop()
    with (server.process.folder / "data" / name / "invoice.ibd").open("r+b") as raw:
        raw.seek(16384 * 7 + 200)
        raw.write(b"\xaa" * 4000)
    server.start()
    damaged = eye.follow("mariadb.corruption")
    assert damaged.status is Status.CRITICAL
    assert damaged.summary.startswith(f"{name}.invoice: InnoDB: The B-tree of index by_number is corrupted")
    still = eye.follow("mariadb.corruption")
    assert (still.status, len(still.findings)) == (Status.CRITICAL, 1)
    server.execute("DROP TABLE invoice", url=url)
    assert eye.follow("mariadb.corruption").status is Status.OK


def test_a_locked_table_is_not_damaged_but_unknown(eye: Eye, server: DatabaseServer, name: str) -> None:
    server.execute("CREATE TABLE invoice (id int PRIMARY KEY)", url=server.url(name))
    application = pymysql.connect(host=server.host, port=server.port, user="root", database=name)
    with application, application.cursor() as cursor:
        cursor.execute("LOCK TABLES invoice WRITE")
        locked = eye.look("mariadb.corruption")
        assert locked.status is Status.UNKNOWN
        assert locked.summary == f"{name}.invoice: could not be looked at, somebody has locked it"
        cursor.execute("UNLOCK TABLES")
    assert eye.look("mariadb.corruption").status is Status.OK


def test_a_look_for_damage_goes_on_where_the_last_one_stopped(
    eye: Eye, server: DatabaseServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.execute(*(f"CREATE TABLE t{n} (id int PRIMARY KEY)" for n in range(3)), url=server.url(name))
    moments = iter(range(100))
    monkeypatch.setattr(tables, "BUDGET", 1.5)
    monkeypatch.setattr("lexops_checks.mariadb.tables.time.monotonic", lambda: float(next(moments)))
    seen = [eye.follow("mariadb.corruption").summary for _ in range(4)]
    assert [summary.split(".")[1][:2] for summary in seen] == ["t0", "t1", "t2", "t0"]


@pytest.mark.fires("mariadb.fragmentation")
def test_a_table_of_empty_space_is_told_until_it_is_rebuilt(
    eye: Eye, server: DatabaseServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "WORTH_A_REBUILD", 5 * 2**20)
    url = server.url(name)
    server.execute(
        "CREATE TABLE scan (id int PRIMARY KEY, page longblob)",
        "INSERT INTO scan SELECT seq, repeat('x', 1000000) FROM seq_1_to_20",
        "DELETE FROM scan WHERE id > 2",
        url=url,
    )

    def look() -> Verdict:
        server.execute("ANALYZE TABLE scan", url=url)
        return eye.look("mariadb.fragmentation")

    fired = eventually(Status.WARNING, look)
    assert fired.summary.startswith(f"{name}.scan: unused ")
    server.execute("OPTIMIZE TABLE scan", url=url)
    assert eventually(Status.NOT_APPLICABLE, look).summary == "no table has 5 MiB unused"


@pytest.mark.fires("mariadb.collations", "mariadb.duplicate-indexes")
def test_mixed_collations_and_needless_indexes_are_named_until_they_are_gone(
    eye: Eye, server: DatabaseServer, name: str
) -> None:
    url = server.url(name)
    server.execute(
        "CREATE TABLE client (number varchar(9) PRIMARY KEY, name varchar(80))",
        "CREATE INDEX a ON client (name)",
        "CREATE INDEX b ON client (name, number)",
        "CREATE TABLE matter (id int PRIMARY KEY, client varchar(9)) CHARACTER SET latin1",
        url=url,
    )
    assert eye.look("mariadb.collations").summary == f"{name} mixes latin1_swedish_ci, utf8mb4_general_ci"
    assert eye.look("mariadb.duplicate-indexes").summary == f"{name}.client.a is contained in b"
    server.execute("ALTER TABLE matter CONVERT TO CHARACTER SET utf8mb4", "DROP INDEX a ON client", url=url)
    assert eye.look("mariadb.collations").status is Status.OK
    assert eye.look("mariadb.duplicate-indexes").status is Status.OK


def index(name: str, columns: str, unique: bool = False, kind: str = "BTREE") -> dict[str, object]:
    return {"place": "b.t", "name": name, "columns": columns, "is_unique": int(unique), "kind": kind}


@pytest.mark.parametrize(
    ("indexes", "found"),
    [
        ([index("a", "x"), index("b", "x,y")], [("b.t.a", "b")]),
        ([index("a", "x"), index("b", "x")], [("b.t.a", "b")]),
        ([index("PRIMARY", "id", True), index("b", "id")], [("b.t.b", "PRIMARY")]),
        ([index("a", "x", True), index("b", "x,y")], []),
        ([index("a", "x", True), index("b", "x")], [("b.t.b", "a")]),
        ([index("a", "x", True), index("b", "x", True)], [("b.t.a", "b")]),
        ([index("a", "x(10)"), index("b", "x")], []),
        ([index("a", "y"), index("b", "x,y")], []),
        ([index("a", "x", kind="FULLTEXT"), index("b", "x")], []),
    ],
)
def test_an_index_is_needless_when_another_one_begins_with_it(
    indexes: list[dict[str, object]], found: list[tuple[str, str]]
) -> None:
    assert list(redundant(indexes)) == found


@pytest.mark.fires("mariadb.settings-drift", "mariadb.unsafe-settings")
def test_a_changed_setting_is_told_until_it_is_put_back(eye: Eye, server: DatabaseServer) -> None:
    assert eye.follow("mariadb.settings-drift").status is Status.PENDING
    assert eye.follow("mariadb.settings-drift").status is Status.OK
    before = server.execute("SELECT @@GLOBAL.sql_mode")[0][0]
    try:
        server.execute("SET GLOBAL sql_mode = ''")
        changed = eye.follow("mariadb.settings-drift")
        assert changed.status is Status.WARNING
        assert changed.summary.startswith("sql_mode: STRICT_TRANS_TABLES,")
        assert " became empty, seen since 20" in changed.summary
        lax = eye.look("mariadb.unsafe-settings")
        assert lax.summary == "sql_mode is not strict: values that do not fit are cut"
    finally:
        server.execute(f"SET GLOBAL sql_mode = '{before}'")
    assert eye.follow("mariadb.settings-drift").status is Status.OK
    assert eye.look("mariadb.unsafe-settings").status is Status.OK


def test_a_setting_that_may_hold_a_secret_is_told_without_its_value(eye: Eye, server: DatabaseServer) -> None:
    words = [f"SET @mark = '{word}'" for word in ("geheim", "streng geheim")]
    server.execute(f'SET GLOBAL init_connect = "{words[0]}"')
    try:
        eye.follow("mariadb.settings-drift")
        server.execute(f'SET GLOBAL init_connect = "{words[1]}"')
        changed = eye.follow("mariadb.settings-drift")
        assert changed.summary.startswith("init_connect was changed, seen since 20")
        assert "geheim" not in f"{told(changed)} {changed.memory}"
    finally:
        server.execute("SET GLOBAL init_connect = ''")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("report_password", True),
        ("wsrep_sst_auth", True),
        ("file_key_management_filekey", True),
        ("hashicorp_key_management_token", True),
        ("wsrep_provider_options", True),
        ("key_buffer_size", False),
        ("secure_auth", False),
        ("sql_mode", False),
    ],
)
def test_only_settings_that_may_hold_a_secret_are_kept_as_a_mark(name: str, secret: bool) -> None:
    values = iter(["first", "second"])
    db = SimpleNamespace(query=lambda _: [{"Variable_name": name, "Value": next(values)}], memory=Memory())
    with pytest.raises(NotYet):
        list(settings_drift.collect(db))
    changed = next(iter(settings_drift.collect(db)))
    assert changed.text.startswith(f"{name} was changed" if secret else f"{name}: first became second")
    assert ("first" in str(db.memory.packed())) is not secret


@pytest.mark.fires("mariadb.certificate")
def test_a_certificate_that_ends_is_told_until_it_is_renewed(
    server: DatabaseServer, eye: Eye, tmp_path: Path
) -> None:
    authority = Authority()
    folder = server.process.folder

    def install(days: int) -> tuple[str, str]:
        certificate, key = authority.issue(tmp_path, names=[servers.HOST], valid_for=timedelta(days=days))
        for source, to in ((certificate, "cert.pem"), (key, "key.pem")):
            (folder / to).write_bytes(source.read_bytes())
            (folder / to).chmod(0o644)
        return f"--ssl-cert={folder / 'cert.pem'}", f"--ssl-key={folder / 'key.pem'}"

    assert eye.look("mariadb.certificate").status is Status.NOT_APPLICABLE
    options = install(1)
    restart(server, *options)
    try:
        assert eye.look("mariadb.certificate").status is Status.CRITICAL
        install(90)
        server.execute("FLUSH SSL")
        assert eye.look("mariadb.certificate").status is Status.OK
    finally:
        restart(server, instead_of=options)


def test_a_server_without_tls_is_told_only_where_others_can_reach_it() -> None:
    assert without_tls({"bind_address": ""}).status is Status.WARNING
    assert "10.0.0.5" in without_tls({"bind_address": "10.0.0.5"}).text
    for alone in ({"bind_address": "127.0.0.1"}, {"bind_address": "*", "skip_networking": "ON"}):
        with pytest.raises(NotApplicable):
            without_tls(alone)
    assert not_after("Nov  2 04:00:00 2036 GMT") == datetime(2036, 11, 2, 4, tzinfo=UTC)
    with pytest.raises(CannotSee):
        not_after("never")


@pytest.mark.fires("mariadb.version")
def test_the_end_of_a_release_series_is_told_in_time(eye: Eye) -> None:
    assert eye.look("mariadb.version", warn="36500d:").status is Status.WARNING
    assert eye.look("mariadb.version", warn="1d:").status is Status.OK


@pytest.mark.parametrize(
    ("version", "is_mysql", "end"),
    [
        ((10, 11, 19), False, MARIADB[10, 11]),
        ((10, 2, 44), False, AS_OF),
        ((13, 0, 1), False, None),
        ((8, 0, 40), True, MYSQL[8, 0]),
        ((8, 3, 0), True, AS_OF),
        ((9, 5, 0), True, None),
    ],
)
def test_a_version_that_is_too_new_for_the_table_has_no_end(
    version: tuple[int, ...], is_mysql: bool, end: object
) -> None:
    assert end_of_life(version, is_mysql=is_mysql) == end


# Replication between two servers.


@pytest.fixture(scope="module")
def replica() -> Iterator[DatabaseServer]:
    """A read-only copy of a primary that has a binary log."""
    for primary in servers.running(
        lambda: servers.start_mariadb("--log-bin=b", "--server-id=1", "--expire-logs-days=7")
    ):
        for copy in servers.running(
            lambda: servers.start_mariadb("--server-id=2", "--read-only=ON", "--relay-log=relay")
        ):
            primary.execute(
                "CREATE USER copier@'%%'",
                "GRANT REPLICATION SLAVE ON *.* TO copier@'%%'",
                "CREATE DATABASE billing",
                "CREATE TABLE billing.client (id int PRIMARY KEY, name varchar(80))",
            )
            copy_from(primary, copy)
            until(lambda copy=copy: copy.execute(COPIED), "nothing is copied")
            copy.primary = primary  # type: ignore[attr-defined]
            yield copy


COPIED = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'billing' AND table_name = 'client'"


def copy_from(primary: DatabaseServer, copy: DatabaseServer) -> None:
    copy.execute(
        f"CHANGE MASTER TO MASTER_HOST = '{primary.host}', MASTER_PORT = {primary.port},"
        " MASTER_USER = 'copier', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
        "START SLAVE",
    )


def test_a_server_that_copies_from_nobody_is_no_replica(eye: Eye) -> None:
    for check in ("replication", "replication-lag", "replica-writable"):
        assert eye.look(f"mariadb.{check}").status is Status.NOT_APPLICABLE


@pytest.mark.fires("mariadb.replication")
def test_replication_that_stopped_is_critical_until_it_runs(replica: DatabaseServer) -> None:
    eye = monitor(replica)

    def look() -> Verdict:
        return eye.look("mariadb.replication")

    eventually(Status.OK, look)
    replica.execute("STOP SLAVE IO_THREAD")
    assert look().summary == "replication: does not receive changes"
    assert eye.look("mariadb.replication-lag").status is Status.UNKNOWN
    replica.execute("START SLAVE")
    eventually(Status.OK, look)


def test_an_error_of_replication_is_told_by_its_number_and_quotes_nobody(replica: DatabaseServer) -> None:
    eye = monitor(replica)
    primary: DatabaseServer = replica.primary  # type: ignore[attr-defined]
    eventually(Status.OK, lambda: eye.look("mariadb.replication"))
    eventually(Status.OK, lambda: eye.look("mariadb.replication-lag"))
    replica.execute("CREATE TABLE IF NOT EXISTS billing.client (id int PRIMARY KEY, name varchar(80))")
    replica.execute(f"INSERT INTO billing.client VALUES (7, '{SECRET}')")
    primary.execute(f"INSERT INTO billing.client VALUES (7, '{SECRET}')")
    fired = eventually(Status.CRITICAL, lambda: eye.look("mariadb.replication"))
    assert fired.summary == "replication: does not apply changes, error 1062"
    assert SECRET not in told(fired)
    replica.execute("DELETE FROM billing.client WHERE id = 7", "START SLAVE")
    eventually(Status.OK, lambda: eye.look("mariadb.replication"))


@pytest.mark.fires("mariadb.replication-lag")
def test_a_replica_that_lags_is_told_until_it_has_caught_up(replica: DatabaseServer) -> None:
    eye = monitor(replica)
    primary: DatabaseServer = replica.primary  # type: ignore[attr-defined]

    def look() -> Verdict:
        return eye.look("mariadb.replication-lag", warn="1s")

    eventually(Status.OK, look)
    primary.execute("REPLACE INTO billing.client VALUES (1, 'x')")
    eventually(Status.OK, look)
    reader = pymysql.connect(host=replica.host, port=replica.port, user="root", database="billing")
    with reader, reader.cursor() as cursor:
        reader.begin()
        cursor.execute("SELECT * FROM client FOR UPDATE")
        primary.execute("REPLACE INTO billing.client VALUES (1, 'y')")
        eventually(Status.WARNING, look)
    eventually(Status.OK, look)


def test_a_replica_that_is_none_any_more_is_told(replica: DatabaseServer) -> None:
    eye, primary = monitor(replica), replica.primary  # type: ignore[attr-defined]
    eventually(Status.OK, lambda: eye.follow("mariadb.replication"))
    replica.execute("STOP SLAVE", "RESET SLAVE ALL")
    gone = eye.follow("mariadb.replication")
    assert gone.status is Status.WARNING
    assert gone.summary.startswith("replication: is no longer configured, seen since 20")
    copy_from(primary, replica)
    eventually(Status.OK, lambda: eye.follow("mariadb.replication"))


@pytest.mark.fires("mariadb.replica-writable")
def test_a_replica_that_takes_changes_is_critical_until_it_is_read_only(replica: DatabaseServer) -> None:
    eye = monitor(replica)
    assert eye.look("mariadb.replica-writable").status is Status.OK
    replica.execute("SET GLOBAL read_only = OFF")
    assert eye.look("mariadb.replica-writable").status is Status.CRITICAL
    replica.execute("SET GLOBAL read_only = ON")
    assert eye.look("mariadb.replica-writable").status is Status.OK


def test_the_names_of_mysql_mean_the_same() -> None:
    told = channel(
        {
            "Channel_Name": "portal",
            "Replica_IO_Running": "Yes",
            "Replica_SQL_Running": "No",
            "Seconds_Behind_Source": 70,
            "SQL_Delay": 60,
            "Last_SQL_Errno": 1032,
            "Last_IO_Errno": 0,
        }
    )
    assert (told.title, told.receives, told.applies) == ("portal", True, False)
    assert (told.error, told.behind) == (1032, 10.0)


# A cluster of one.


@pytest.fixture(scope="module")
def node() -> Iterator[DatabaseServer]:
    provider = next((path for path in GALERA if path.exists()), None)
    if provider is None:
        pytest.skip(f"Galera {servers.NOT_INSTALLED} no libgalera_smm.so")
    port, local = servers.free_port(), servers.HOST
    yield from servers.running(
        lambda: servers.start_mariadb(
            "--wsrep-on=ON",
            f"--wsrep-provider={provider}",
            "--wsrep-cluster-address=gcomm://",
            f"--wsrep-node-address={local}",
            f"--wsrep-provider-options=gmcast.listen_addr=tcp://{local}:{port}",
            "--binlog-format=ROW",
        )
    )


@pytest.mark.fires("mariadb.cluster")
def test_a_node_that_leaves_its_cluster_is_told_until_it_is_synced(node: DatabaseServer) -> None:
    eye = monitor(node)
    eventually(Status.OK, lambda: eye.follow("mariadb.cluster"))
    node.execute("SET GLOBAL wsrep_desync = ON")
    fired = eventually(Status.WARNING, lambda: eye.follow("mariadb.cluster"))
    assert fired.summary.startswith("not synced: Donor/Desynced")
    node.execute("SET GLOBAL wsrep_desync = OFF")
    eventually(Status.OK, lambda: eye.follow("mariadb.cluster"))


def test_a_node_outside_the_majority_is_critical() -> None:
    alone = {"wsrep_cluster_status": "non-Primary", "wsrep_ready": "OFF", "wsrep_local_state": "0"}
    assert {fault.key: fault.status for fault in node_faults(alone)} == {
        "component": Status.CRITICAL,
        "ready": Status.CRITICAL,
    }
