"""A large fleet: 200 hosts in one cycle, and a store with 10,000 checks in it.

Hosts: one sshd answers for all of them. A cycle is one connection, one script and every host check for each
host, judged; the peer is one `ssh` process for each host that runs nothing: the least that a plug-in such as
check_by_ssh needs. Store: what the console reads for a screen and what the worker writes for a cycle, against
plain statements for the same rows.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import bindparam, insert, select, update

from benchmarks.figures import Report, report
from benchmarks.measure import Run, by_turns, program, timed
from lexops.checks import store
from lexops.checks.contract import Host, Metric, RunnableCheck, check
from lexops.checks.engine import Engine
from lexops.checks.history import History
from lexops.checks.lanes import lanes
from lexops.checks.model import Outcome, Status, Verdict
from lexops.checks.tables import check_table, result_table
from lexops.clock import SystemClock
from lexops.site import Site
from lexops.tui.site_port import SitePort
from lexops.worker.book import Book
from tests.clock import ManualClock
from tests.servers import Missing, SSHServer, start_sshd
from tests.sites import open_site

HOSTS = 200
INSTANCES = 10_000
ROUNDS = 3
PEERS = 20
"""Processes of the peer per measured run."""
CYCLE = f"a cycle of {HOSTS}, per host"
SSH = "an ssh process per host"
WRITE = f"a cycle of {INSTANCES:,} results kept"
WRITE_RAW = f"{INSTANCES:,} plain updates and inserts"
READ = f"the console's fleet of {INSTANCES:,} checks"
READ_RAW = f"{INSTANCES:,} rows fetched"
DETAIL = f"a check's page among {INSTANCES:,}"


def measure_hosts() -> Report:
    """200 hosts in one cycle; without sshd there is only a line that says so."""
    title = f"{HOSTS} hosts, one sshd; the cycle has 60 s"
    try:
        sshd = start_sshd()
    except Missing as missing:
        return report("hosts", title, (), (), [f"skipped: {missing}"])
    with ExitStack() as stack:
        stack.callback(sshd.remove)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        site = open_site(folder, "\n".join(host_table(sshd, number) for number in range(HOSTS)))
        stack.callback(site.store.close)
        outcomes = cycle(site)
        seen = sum(outcome.verdict.status is not Status.UNKNOWN for outcome in outcomes)
        runs: dict[str, Run] = {CYCLE: lambda: timed(lambda: cycle(site), HOSTS)}
        remarks = [f"{len(outcomes):,} verdicts, {seen:,} of them seen"]
        if ssh := shutil.which("ssh"):
            one = program([ssh, *ssh_options(sshd), "true"])
            runs[SSH] = lambda: timed(lambda: [one() for _ in range(PEERS)], PEERS)
        else:
            remarks.append("skipped: ssh is not installed")
        series = by_turns(runs, ROUNDS)
        longest = HOSTS * max(sample.wall for sample in series[0].samples)
        remarks.append(f"the longest cycle took {longest:.1f} s of its 60 s")
    return report("hosts", title, series, [(CYCLE, SSH)], remarks)


def host_table(sshd: SSHServer, number: int) -> str:
    """One host of the fleet in lexops.toml."""
    return (
        f'[targets.h{number:03}]\nkind = "host"\nenvironment = "demo"\naddress = "{sshd.address}"\n'
        f'identity = "{sshd.identity}"\nknown_hosts = "{sshd.known_hosts}"\n'
    )


def ssh_options(sshd: SSHServer) -> list[str]:
    """How OpenSSH's own client gets there."""
    ours = ["-i", str(sshd.identity), "-o", f"UserKnownHostsFile={sshd.known_hosts}"]
    return [*ours, "-o", "BatchMode=yes", "-p", str(sshd.port), f"{sshd.user}@{sshd.host}"]


def cycle(site: Site) -> list[Outcome]:
    """Every host once, as the worker does it: in bounds, one connection each."""
    hosts = [a for a in site.checks.assigned if a.kind == "host" and not a.runnable.of_history]
    engine = Engine(
        lanes(site.file, hosts, lambda target: History(site.store, target, site.clock)), SystemClock(), 16
    )
    now, outcomes = datetime.now(UTC), list[Outcome]()
    waiting = list(engine.lanes.values())
    while waiting or not engine.idle:
        waiting = [lane for lane in waiting if not engine.start(lane, [(each, now) for each in lane.checks])]
        outcomes += engine.poll(0.05)
    return outcomes


# The store.


def measure_store() -> Report:
    """10,000 checks: writing a cycle, reading a screen."""
    with TemporaryDirectory() as name:
        clock = ManualClock(datetime.now(UTC))
        site = fleet_site(Path(name), clock)
        port = SitePort(site)
        book = filled(site)
        runs: dict[str, Run] = {
            READ: lambda: timed(port.fleet),
            READ_RAW: lambda: timed(lambda: fetched(site)),
            DETAIL: lambda: timed(lambda: port.check("h0000", "bench.c00")),
            WRITE: lambda: timed(lambda: keep(site, book, clock)),
            WRITE_RAW: lambda: timed(lambda: written(site)),
        }
        series = by_turns(runs, ROUNDS)
        site.store.close()
    return report(
        "store",
        f"{INSTANCES:,} checks in one store (SQLite)",
        series,
        [(READ, READ_RAW), (WRITE, WRITE_RAW)],
        ["The console reads in a thread beside its loop, and only when something has happened."],
    )


def fleet_site(folder: Path, clock: ManualClock) -> Site:
    """A site of 1,000 hosts with ten checks each."""
    targets = "\n".join(
        f'[targets.h{number:04}]\nkind = "host"\nenvironment = "demo"\naddress = "u@h{number:04}"\n'
        for number in range(INSTANCES // 10)
    )
    return open_site(folder, targets, clock=clock, checks=[idle_check(n) for n in range(10)])


def idle_check(number: int) -> RunnableCheck:
    """A check that is never run here: its results are made up."""

    def collect(host: Host) -> list[Metric]:
        """Nothing is wrong."""
        return []

    return check(f"bench.c{number:02}", target=Host, every="1m", warn="80", crit="90")(collect)


def filled(site: Site) -> Book:
    """A book over the store, with one result of every check in it."""
    book = Book(site)
    with site.store.begin() as connection:
        store.assign(connection, site.checks.assigned, site.clock.now())
        book.open(connection, set(site.file.settings.targets))
    assert isinstance(site.clock, ManualClock)
    keep(site, book, site.clock)
    return book


def keep(site: Site, book: Book, clock: ManualClock) -> None:
    """Record one result of every check, in one transaction, as a turn of the worker does."""
    now = clock.advance(minutes=1)
    outcomes = [
        Outcome(a.target, a.runnable.check, OK, now, now, 0.01)
        for a in site.checks.assigned
        if a.target in site.file.settings.targets
    ]
    with site.store.begin() as connection:
        page = book.record(connection, outcomes)
    book.turn_over(page)


OK = Verdict(Status.OK, "used 42", metrics=(Metric("used", 42),))


def fetched(site: Site) -> None:
    with site.store.read() as connection:
        assert len(connection.execute(select(check_table)).all()) >= INSTANCES


def written(site: Site) -> None:
    """The two statements per result without which nothing is kept."""
    now = site.clock.now()
    rows = [{"of_target": f"h{n // 10:04}", "of_check": f"bench.c{n % 10:02}"} for n in range(INSTANCES)]
    results = {"status": "OK", "soft": False, "first": now, "last": now, "times": 1, "seconds": 0.0}
    with site.store.begin() as connection:
        same = (
            check_table.c.target == bindparam("of_target"),
            check_table.c.check == bindparam("of_check"),
        )
        connection.execute(update(check_table).where(*same).values(checked=now), rows)
        connection.execute(
            insert(result_table),
            [results | {"target": r["of_target"], "check": "raw", "summary": ""} for r in rows],
        )
