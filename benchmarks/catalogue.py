"""What one look at a whole PostgreSQL server costs: our catalogue against check_postgres and raw SQL.

The server holds the medium demo firm (500,000 time entries). A pass of ours is what the worker does: one
connection, every check that is not heavy, each in a read-only transaction with its own time limits, judged.
Raw SQL is the very statements of that pass over one connection with nothing around them: the floor.
check_postgres runs once for each action that asks what one of our checks asks, as Nagios would. CPU is the
client's and the server's: a process that has ended is counted where it was waited for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import create_engine

import lexops_checks
from benchmarks.figures import Report, Sample, report
from benchmarks.measure import Run, by_turns, program, timed
from lexops.billing.firm import Size, build_firm
from lexops.checks.engine import Engine, Lane
from lexops.checks.model import Outcome
from lexops.clock import SystemClock
from lexops.config import Settings, SiteFile
from lexops.targets.connect import connect
from lexops.targets.sql import Database
from tests.servers import DatabaseServer, Missing, site_url, start_postgresql

ROUNDS = 5
PASSES = 10
"""Passes of ours per measured run: the kernel counts a server's CPU in hundredths of a second."""
LIGHT = tuple(each for each in lexops_checks.postgresql.CHECKS if not each.check.heavy)
ACTIONS: dict[str, tuple[str, ...]] = {
    "archive_ready": (),
    "autovac_freeze": (),
    "backends": (),
    "bloat": (),
    "commitratio": (),
    "connection": (),
    "database_size": ("--warning=100GB",),
    "disabled_triggers": (),
    "hitratio": (),
    "last_analyze": (),
    "last_autovacuum": (),
    "locks": (),
    "prepared_txns": (),
    "query_time": ("--warning=60s", "--critical=300s"),
    "replication_slots": ("--warning=1GB",),
    "sequence": (),
    "timesync": (),
    "txn_idle": ("--warning=60s", "--critical=300s"),
    "txn_time": ("--warning=60s", "--critical=300s"),
    "txn_wraparound": (),
    "wal_files": (),
}
"""Those of check_postgres that ask what checks of ours ask, with the thresholds that some insist on."""

OURS = f"our catalogue, {len(LIGHT)} checks"
RAW = "the same statements, raw"
THEIRS = f"check_postgres, {len(ACTIONS)} actions"
TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> Report:
    """One pass over everything; without PostgreSQL there is only a line that says so."""
    title = "a whole PostgreSQL server with the medium firm, once"
    try:
        server = start_postgresql()
    except Missing as missing:
        return report("catalogue", title, (), (), [f"skipped: {missing}"])
    with ExitStack() as stack:
        stack.callback(server.remove)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url = server.database("billing")
        engine = create_engine(url)
        build_firm(engine, size=Size.MEDIUM, today=datetime.now(UTC).date())
        engine.dispose()
        server.execute("VACUUM ANALYZE", url=url)
        lane = lane_of(url)
        seen = one_pass(lane)
        statements = list(statements_of(lane))
        runs: dict[str, Run] = {
            OURS: with_server(server, lambda: one_pass(lane), PASSES),
            RAW: with_server(server, lambda: raw(url, statements), PASSES),
        }
        remarks = [unseen(seen), f"{len(statements)} statements"]
        their_run, missing_peer = peer(server, folder)
        if their_run is None:
            remarks.append(missing_peer)
        else:
            runs[THEIRS] = with_server(server, their_run)
        series = by_turns(runs, ROUNDS)
    return report("catalogue", title, series, [(OURS, RAW), (THEIRS, OURS)], remarks)


def lane_of(url: str) -> Lane:
    """The lane of the catalogue on one database."""
    settings = {"site": {"name": "Bench"}, "targets": {"db": {"kind": "postgresql", "url": site_url(url)}}}
    site = SiteFile(path=Path("/nowhere/lexops.toml"), settings=Settings.model_validate(settings))
    return Lane("db", "db", "db", lambda: connect(site, "db"), 5.0, LIGHT)


def one_pass(lane: Lane) -> list[Outcome]:
    """Every check once, over one connection."""
    engine, now = Engine([lane], SystemClock(), 1), datetime.now(UTC)
    engine.start(lane, [(each, now) for each in lane.checks])
    outcomes: list[Outcome] = []
    while not engine.idle:
        outcomes += engine.poll(0.1)
    return outcomes


def unseen(outcomes: list[Outcome]) -> str:
    """How many checks came to a verdict: a pass that sees nothing is cheap."""
    found: dict[str, int] = {}
    for outcome in outcomes:
        found[outcome.verdict.status.value] = found.get(outcome.verdict.status.value, 0) + 1
    return "verdicts: " + ", ".join(f"{count} {status}" for status, count in sorted(found.items()))


# Raw.


def statements_of(lane: Lane) -> Iterator[tuple[str, dict[str, object]]]:
    """The statements that a pass asks, with their parameters, in its order."""
    asked: list[tuple[str, dict[str, object]]] = []
    rows = Database.rows

    def noted(self: Database, sql: str, **params: object) -> list[dict[str, Any]]:
        asked.append((sql, params))
        return rows(self, sql, **params)

    with patch.object(Database, "rows", noted):
        one_pass(lane)
    yield from asked


def raw(url: str, statements: list[tuple[str, dict[str, object]]]) -> None:
    """The statements as they are, over one connection."""
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        for sql, params in statements:
            said = sql.replace("\\:", ":")
            if params:
                for name in params:
                    said = said.replace(f":{name}", f"%({name})s")
                connection.execute(said, params).fetchall()
            else:
                connection.execute(said).fetchall()


# Theirs.


def peer(server: DatabaseServer, folder: Path) -> tuple[Callable[[], object] | None, str]:
    """check_postgres for every action, or a line that says why not."""
    path = shutil.which("check_postgres")
    if path is None:
        return None, "skipped: check_postgres is not installed"
    own = str(Path(server.process.command[0]).parent)
    environment = {"PATH": f"{own}:{os.environ.get('PATH', '')}", "PGBINDIR": own, "LC_ALL": "C"}
    at = (f"--host={server.host}", f"--port={server.port}", f"--dbuser={server.user}", "--dbname=billing")
    runs = [
        program(
            [path, f"--action={action}", *at, *more], environment | {"HOME": str(folder)}, fine=(0, 1, 2, 3)
        )
        for action, more in ACTIONS.items()
    ]
    return (lambda: [run() for run in runs]), ""


# The server's share.


def with_server(server: DatabaseServer, act: Callable[[], object], passes: int = 1) -> Run:
    """A run whose CPU includes what the server's processes used and have ended with."""

    def run() -> Sample:
        before = server_cpu(server)
        sample = timed(lambda: [act() for _ in range(passes)], passes)
        return Sample(sample.wall, sample.cpu + (server_cpu(server) - before) / passes)

    return run


def server_cpu(server: DatabaseServer) -> float:
    """CPU seconds of the postmaster and of the backends it has buried (proc(5), fields 14 to 17)."""
    assert server.process.running is not None
    stat = Path(f"/proc/{server.process.running.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in stat[11:15]) / TICKS
