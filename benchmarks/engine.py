"""What one check costs.

All take turns with one throwaway PostgreSQL server and, but for two peers that ask less, the same question
(connections in use against the highest number there may be). Ours is a whole pass over 100 such checks,
from `Engine.start` until the last outcome has been polled: thread, connection, read-only transaction with
time limits, collecting, judging; and once the worker around it, which also keeps state, result and metrics
in its store and does what it does every five minutes. The floor is psycopg with nothing around it, once as
bare statements and once with the same limits and cursor, so that it shows what safety costs and what our
layers cost; like a pass, it connects once for 100 questions. The other peers are a process for each check,
as monitoring-plugins work: a Python script, `psql` itself (not the distribution's wrapper), and
`check_postgres` and `check_pgsql` where they are installed, each with an action of theirs that asks no more
than this. A pass with one check, beside psycopg that connects for one question, shows what connecting
costs. Client CPU is counted, the server's is not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.figures import Report, Sample, report
from benchmarks.measure import Run, by_turns, program, timed
from lexops.checks import store
from lexops.checks.contract import Metric, PostgreSQL, RunnableCheck, check
from lexops.checks.engine import Engine
from lexops.checks.history import History
from lexops.checks.lanes import lanes
from lexops.checks.model import Status
from lexops.clock import SystemClock
from lexops.site import Site
from lexops.worker.loop import Worker
from tests.clock import ManualClock
from tests.servers import DatabaseServer, Missing, site_url, start_postgresql
from tests.sites import open_site

CHECKS = 100
"""Checks of a pass; about what a database and its billing data have."""
ROUNDS = 9
SQL = "SELECT count(*) AS used, current_setting('max_connections')::int AS usable FROM pg_stat_activity"
BEGIN = (
    "BEGIN READ ONLY; SET LOCAL statement_timeout = 10000; SET LOCAL lock_timeout = 1000;"
    " SET LOCAL cursor_tuple_fraction = 1"
)
PLUGINS = Path("/usr/lib/nagios/plugins")

PASS = f"engine, pass of {CHECKS}"
SINGLE = "engine, pass of 1"
WORKER = f"worker, pass of {CHECKS} kept in the store"
BARE = "psycopg, bare statements"
LIMITED = "psycopg, same limits and cursor"
ANEW = "psycopg, same, connected anew"
SCRIPT = "Python script per check"
PSQL = "psql per check"
CHECK_POSTGRES = "check_postgres per check"
CHECK_PGSQL = "check_pgsql per check"


def connections(db: PostgreSQL) -> Iterator[Metric]:
    """Connections in use."""
    row = db.row(SQL)
    yield Metric("connections", row["used"], limit=row["usable"])


def checks(count: int) -> list[RunnableCheck]:
    """The same check under `count` names."""
    return [
        check(f"bench.c{number:03}", target=PostgreSQL, every="5m", warn="80%", crit="95%")(connections)
        for number in range(count)
    ]


def measure() -> Report:
    """Run the comparison; without PostgreSQL there is only a line that says so."""
    title = f"one check; a pass has {CHECKS}"
    try:
        server = start_postgresql()
    except Missing as missing:
        return report("engine", title, (), (), [f"skipped: {missing}"])
    with ExitStack() as stack:
        stack.callback(server.remove)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = site_url(server.admin_url)
        clock = ManualClock(datetime.now(UTC))
        site = open_site(folder, target_table(address), clock=clock, checks=checks(CHECKS))
        stack.callback(site.store.close)
        worker = Worker(site)
        stack.callback(worker.leave)
        worker.start()
        runs: dict[str, Run] = {
            BARE: lambda: timed(lambda: raw(address, ask_bare), CHECKS),
            LIMITED: lambda: timed(lambda: raw(address, ask_limited), CHECKS),
            ANEW: lambda: timed(lambda: raw(address, ask_limited, 1)),
            PASS: lambda: one_pass(site, CHECKS),
            SINGLE: lambda: one_pass(site, 1),
            WORKER: lambda: kept_pass(site, worker, clock),
            SCRIPT: program(
                [sys.executable, Path(__file__).with_name("plugin.py"), address, SQL, "80", "95"]
            ),
        }
        peers, skipped = plugins(server, folder)
        series = by_turns(runs | peers, ROUNDS)
    ours = [(PASS, BARE), (PASS, LIMITED), (SINGLE, ANEW), (SINGLE, PASS), (WORKER, PASS)]
    theirs = [(each, PASS) for each in (SCRIPT, *peers)]
    return report("engine", title, series, [*ours, *theirs, (SCRIPT, WORKER)], skipped)


def target_table(address: str) -> str:
    """The server as a target in lexops.toml."""
    return f'[targets.db]\nkind = "postgresql"\nenvironment = "demo"\nurl = "{address}"\n'


# Ours.


def one_pass(site: Site, count: int) -> Sample:
    """A pass of the lane over its first `count` checks."""
    (lane,) = lanes(site.file, site.checks.assigned, lambda target: History(site.store, target, site.clock))
    engine = Engine([lane], SystemClock(), 4)
    now = SystemClock().now()

    def act() -> None:
        engine.start(lane, [(each, now) for each in lane.checks[:count]])
        outcomes = []
        while not engine.idle:
            outcomes += engine.poll(0.1)
        assert [each.verdict.status for each in outcomes] == [Status.OK] * count

    return timed(act, count)


def kept_pass(site: Site, worker: Worker, clock: ManualClock) -> Sample:
    """Turns of the worker until every check that has just fallen due is kept."""
    now = clock.advance(minutes=5)

    def is_done() -> bool:
        with site.store.read() as connection:
            return min(store.dues(connection).values()) > now

    def act() -> None:
        while not is_done():
            worker.turn()

    return timed(act, CHECKS)


# The floor.


def raw(address: str, ask: Callable[[psycopg.Connection], object], count: int = CHECKS) -> None:
    """As many questions as a pass has checks, over one connection."""
    with psycopg.connect(address, autocommit=True) as connection:
        for _ in range(count):
            ask(connection)


def ask_bare(connection: psycopg.Connection) -> object:
    return connection.execute(SQL).fetchone()


def ask_limited(connection: psycopg.Connection) -> object:
    connection.execute(BEGIN)
    with connection.cursor("c") as cursor:
        row = cursor.execute(SQL).fetchone()
    connection.execute("ROLLBACK")
    return row


# A process for each check.


def plugins(server: DatabaseServer, folder: Path) -> tuple[dict[str, Run], list[str]]:
    """What is installed of the programs that others run for each check, and a line for each that is not."""
    found: dict[str, Run] = {}
    skipped: list[str] = []
    # Where the server's programs lie there is also the psql that the distribution's wrapper would start.
    own = str(Path(server.process.command[0]).parent)
    where = os.pathsep.join((own, os.environ.get("PATH", ""), str(PLUGINS)))
    asked = ("-h", server.host, "-p", str(server.port), "-U", server.user, "-d", server.admin_name)
    commands: dict[str, tuple[str, ...]] = {
        PSQL: ("psql", "-X", "-A", "-t", *asked, "-c", SQL),
        CHECK_POSTGRES: (
            "check_postgres",
            *("--action=connection", f"--host={server.host}", f"--port={server.port}"),
            *(f"--dbuser={server.user}", f"--dbname={server.admin_name}"),
        ),
        CHECK_PGSQL: (
            "check_pgsql",
            *("-H", server.host, "-P", str(server.port), "-l", server.user, "-d", server.admin_name),
        ),
    }
    environment = {"PATH": where, "PGBINDIR": own, "LC_ALL": "C", "HOME": str(folder)}
    for name, (command, *arguments) in commands.items():
        if path := shutil.which(command, path=where):
            found[name] = program([path, *arguments], environment)
        else:
            skipped.append(f"skipped: {command} is not installed")
    return found, skipped
