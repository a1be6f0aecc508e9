"""The worker: from a real fault to one incident and back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from lexops.checks import presence
from lexops.checks.contract import Finding, Metric, Observation, PostgreSQL, SQLite, check
from lexops.checks.model import Outcome, Status
from lexops.checks.view import CheckRow, Flag
from lexops.errors import Refused, StoreError
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident, State
from lexops.site import Site
from lexops.store import event
from lexops.worker.loop import Worker
from lexops_checks.own.parts import store_growth
from tests.clock import ManualClock
from tests.servers import DatabaseServer, site_url
from tests.sites import open_site, work_until_quiet
from tests.waiting import until


@check("postgresql.availability", target=PostgreSQL, every="1m", attempts=2, availability=True)
def availability(db: PostgreSQL) -> Iterator[Observation]:
    """Answers."""
    yield Metric("ping", db.ping(), "s", info=True)


@check("postgresql.answer", target=PostgreSQL, every="1m", attempts=1)
def answer(db: PostgreSQL) -> Iterator[Observation]:
    """Counts."""
    yield Metric("answer", db.scalar("SELECT 42"), info=True)


@check("sqlite.flag", target=SQLite, every="1m", attempts=1)
def flag(db: SQLite) -> Iterator[Observation]:
    """Flag is set."""
    for row in db.rows("SELECT name FROM flag ORDER BY name"):
        yield Finding(row["name"], f"{row['name']} is up", Status.CRITICAL)


def _open(site: Site) -> tuple[Incident, ...]:
    with site.store.read() as connection:
        return incidents.incidents(connection)


def _rows(site: Site) -> dict[str, CheckRow]:
    return {row.check: row for row in site.fleet().checks}


@pytest.fixture
def flags(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "flags.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE flag (name TEXT)")
    connection.close()
    yield path


def _is_watched(site: Site) -> bool:
    with site.store.read() as connection:
        return presence.is_worker_alive(connection, site.clock.now())


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


SQLITE = '[targets.flags]\nkind = "sqlite"\nurl = "sqlite:///flags.db"\n'


def test_a_finding_opens_an_incident_that_recovery_resolves(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    work_until_quiet(site)
    assert _open(site) == ()
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    clock.advance(minutes=2)
    work_until_quiet(site)
    (incident,) = _open(site)
    assert (incident.severity, incident.target, incident.check) == (Status.CRITICAL, "flags", "sqlite.flag")
    assert _rows(site)["sqlite.flag"].incident == incident.id
    _sql(flags, "DELETE FROM flag")
    clock.advance(minutes=2)
    work_until_quiet(site)
    assert _open(site) == ()
    with site.store.read() as connection:
        assert incidents.get(connection, incident.id).state is State.RESOLVED
        kinds = [entry.kind for entry in incidents.timeline(connection, incident.id)]
    assert kinds == [EntryKind.OPENED, EntryKind.RECOVERED, EntryKind.RESOLVED]


def test_a_stopped_database_is_one_incident_and_starting_it_resolves_it(
    tmp_path: Path, postgresql: DatabaseServer, clock: ManualClock
) -> None:
    url = site_url(postgresql.database())
    targets = f'[targets.billing-db]\nkind = "postgresql"\nurl = "{url}"\n'
    site = open_site(tmp_path, targets, clock=clock, checks=[availability, answer])
    work_until_quiet(site)
    assert _rows(site)["postgresql.availability"].status is Status.OK
    postgresql.stop()
    try:
        for _ in range(3):
            clock.advance(minutes=1)
            work_until_quiet(site)
        (incident,) = _open(site)
        assert incident.check == "postgresql.availability"
        assert Flag.UNREACHABLE in _rows(site)["postgresql.answer"].flags
        assert [row.check for row in site.fleet().problems] == ["postgresql.availability"]
    finally:
        postgresql.start()
    clock.advance(minutes=1)
    work_until_quiet(site)
    work_until_quiet(site)
    assert _open(site) == ()
    assert _rows(site)["postgresql.answer"].status is Status.OK


def test_one_bad_result_is_soft_and_opens_nothing(
    tmp_path: Path, postgresql: DatabaseServer, clock: ManualClock
) -> None:
    targets = '[targets.gone]\nkind = "postgresql"\nurl = "postgresql://nobody@127.0.0.1:1/x"\n'
    site = open_site(tmp_path, targets, clock=clock, checks=[availability, answer])
    work_until_quiet(site)
    assert Flag.SOFT in _rows(site)["postgresql.availability"].flags
    assert _open(site) == ()


def test_nothing_opens_during_a_downtime_and_what_still_fails_after_it_does(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    work_until_quiet(site)
    site.submit("check.downtime", {"target": "flags", "minutes": 30, "reason": "repainting"}, "test")
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    clock.advance(minutes=5)
    work_until_quiet(site)
    assert _open(site) == ()
    assert Flag.DOWNTIME in _rows(site)["sqlite.flag"].flags
    clock.advance(minutes=30)
    work_until_quiet(site)
    assert len(_open(site)) == 1


def test_a_database_on_a_host_that_is_down_is_not_a_second_incident(
    tmp_path: Path, clock: ManualClock
) -> None:
    from lexops.checks.contract import Host

    @check("host.availability", target=Host, every="1m", attempts=2, availability=True)
    def host_availability(host: Host) -> Iterator[Observation]:
        """Answers."""
        yield Metric("load", host.facts().load1, info=True)

    targets = (
        '[targets.db]\nkind = "postgresql"\nurl = "postgresql://nobody@127.0.0.1:1/x"\nhost = "metal"\n'
        '[targets.metal]\nkind = "host"\naddress = "nobody@127.0.0.1:1"\nconnect_timeout = "2s"\n'
    )
    site = open_site(tmp_path, targets, clock=clock, checks=[availability, answer, host_availability])
    for _ in range(4):
        work_until_quiet(site)
        clock.advance(minutes=1)
    assert [incident.target for incident in _open(site)] == ["metal"]
    assert [row.target for row in site.fleet().problems] == ["metal"]


def test_an_acknowledgement_ends_when_the_problem_does(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    work_until_quiet(site)
    site.submit("check.acknowledge", {"target": "flags", "check": "sqlite.flag", "reason": "known"}, "test")
    assert Flag.ACKNOWLEDGED in _rows(site)["sqlite.flag"].flags
    _sql(flags, "DELETE FROM flag")
    clock.advance(minutes=2)
    work_until_quiet(site)
    assert Flag.ACKNOWLEDGED not in _rows(site)["sqlite.flag"].flags


def test_a_second_worker_is_refused_while_the_first_lives_and_may_follow_it(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    first = Worker(site)
    first.start()
    with pytest.raises(Refused):
        Worker(site).start()
    clock.advance(seconds=30)
    Worker(site).start()
    with pytest.raises(Refused):
        clock.advance(seconds=10)
        first.turn()


def test_a_worker_whose_process_is_gone_is_followed_at_once(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    gone = subprocess.Popen(["true"])
    gone.wait()
    with site.store.begin() as connection:
        assert presence.claim_worker(connection, presence.worker_name(gone.pid), gone.pid, clock.now())
        assert not presence.is_worker_alive(connection, clock.now())
    Worker(site).start()


def test_the_store_may_be_on_postgresql(tmp_path: Path, flags: Path, postgresql: DatabaseServer) -> None:
    more = f'[store]\nurl = "{site_url(postgresql.database())}"'
    site = open_site(tmp_path, SQLITE, checks=[flag], more=more)
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    work_until_quiet(site)
    assert [incident.severity for incident in _open(site)] == [Status.CRITICAL]
    answer = site.submit("incident.acknowledge", {"incident": 1}, "test")
    assert answer.text.startswith("incident #1 acknowledged")
    site.store.close()


def test_checks_asked_for_are_run_by_the_running_worker(tmp_path: Path, flags: Path) -> None:
    site = open_site(tmp_path, SQLITE, checks=[flag])
    site.assign_checks()
    stop = threading.Event()
    thread = threading.Thread(target=Worker(site).run, args=(stop.is_set,))
    thread.start()
    try:
        until(lambda: _rows(site)["sqlite.flag"].status is Status.OK)
        _sql(flags, "INSERT INTO flag VALUES ('red')")
        site.submit("check.run", {"check": "sqlite.flag"}, "test")
        until(lambda: _rows(site)["sqlite.flag"].status is Status.CRITICAL)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert site.fleet().worker is None


def test_a_worker_whose_disk_is_full_says_why_and_goes_on_when_there_is_room(
    tmp_path: Path, flags: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = open_site(tmp_path, SQLITE, checks=[flag])
    site.assign_checks()
    full, stop = threading.Event(), threading.Event()

    def no_more_pages(connection: sqlite3.Connection, _record: object) -> None:
        if full.is_set():
            connection.execute("PRAGMA max_page_count=1")

    listen(site.store.engine, "connect", no_more_pages)
    thread = threading.Thread(target=Worker(site).run, args=(stop.is_set,))
    thread.start()
    try:
        until(lambda: _rows(site)["sqlite.flag"].status is Status.OK)
        _sql(
            flags,
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
            " INSERT INTO flag SELECT printf('%0100d', i) FROM n",
        )
        site.submit("check.run", {"check": "sqlite.flag"}, "test")
        full.set()
        until(lambda: "(SQLITE_FULL); trying again" in caplog.text)
        until(lambda: not _is_watched(site), "it shows life though it records nothing")
        full.clear()
        until(lambda: _rows(site)["sqlite.flag"].status is Status.CRITICAL)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_numbers_that_move_within_their_limits_are_no_news(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    @check("sqlite.moves", target=SQLite, every="1m", warn="1000")
    def moves(db: SQLite) -> Iterator[Observation]:
        """Moves."""
        yield Metric("rows", db.scalar("SELECT count(*) FROM flag"))

    site = open_site(tmp_path, SQLITE, clock=clock, checks=[moves, flag])
    work_until_quiet(site)
    for name in ("red", "blue"):
        _sql(flags, f"INSERT INTO flag VALUES ('{name}')")
        clock.advance(minutes=2)
        work_until_quiet(site)
    with site.store.read() as connection:
        told = [e.subject for e in event.after(connection, 0) if e.kind == "check.result"]
    assert told.count("flags/sqlite.moves") == 1
    assert told.count("flags/sqlite.flag") == 3


def test_a_stale_result_says_so(tmp_path: Path, flags: Path, clock: ManualClock) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    work_until_quiet(site)
    assert Flag.STALE not in _rows(site)["sqlite.flag"].flags
    clock.advance(minutes=10)
    assert Flag.STALE in _rows(site)["sqlite.flag"].flags


def test_drain_ends_in_bounded_time(tmp_path: Path, flags: Path) -> None:
    site = open_site(tmp_path, SQLITE, checks=[flag])
    Worker(site).drain(lambda: False, timedelta(seconds=30))
    assert site.fleet().worker is None


def test_a_store_that_is_away_for_a_while_loses_no_result(
    tmp_path: Path, flags: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lexops.worker import loop

    monkeypatch.setattr(loop, "STORE_RETRY", 0.05)
    site = open_site(tmp_path, SQLITE, checks=[flag])
    site.assign_checks()
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    stop = threading.Event()
    worker = Worker(site)
    record, failures = worker._record, [StoreError("gone")] * 5

    def sometimes(outcomes: Iterable[Outcome]) -> None:
        if failures:
            raise failures.pop()
        record(outcomes)

    monkeypatch.setattr(worker, "_record", sometimes)
    thread = threading.Thread(target=worker.run, args=(stop.is_set,))
    thread.start()
    try:
        until(lambda: len(_open(site)) == 1)
        assert failures == []
        assert _rows(site)["sqlite.flag"].status is Status.CRITICAL
    finally:
        stop.set()
        thread.join(60)


def test_a_shorter_interval_counts_from_the_next_start_on(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE + '[checks."sqlite.flag"]\nevery = "7d"', clock=clock, checks=[flag])
    work_until_quiet(site)
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    work_until_quiet(site)
    clock.advance(minutes=2)
    work_until_quiet(site)
    assert _rows(site)["sqlite.flag"].checked == clock.now()


def test_after_a_clock_that_was_ahead_its_results_are_stale_until_they_are_looked_at_again(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    right = clock.now()
    clock.jump(right + timedelta(days=1))
    work_until_quiet(site)
    clock.jump(right)
    assert Flag.STALE in _rows(site)["sqlite.flag"].flags
    for _ in range(2):
        work_until_quiet(site)
        clock.advance(minutes=2)
    work_until_quiet(site)
    assert _rows(site)["sqlite.flag"].checked == clock.now()
    assert Flag.STALE not in _rows(site)["sqlite.flag"].flags


def test_a_worker_goes_on_looking_when_its_clock_is_set_back(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, SQLITE, clock=clock, checks=[flag])
    worker = Worker(site)
    worker.start()

    def looks() -> bool:
        worker.turn()
        return _rows(site)["sqlite.flag"].checked == clock.now()

    right = clock.now()
    clock.jump(right + timedelta(days=1))
    until(looks)
    clock.jump(right)
    for _ in range(2):
        clock.advance(minutes=2)
        worker.turn()
    until(looks, "what is due tomorrow is not looked at today")
    site.submit("check.run", {"check": "sqlite.flag"}, "test")
    clock.advance(seconds=1)
    until(looks, "wishes are not read")
    worker.leave()


def test_names_longer_than_they_are_kept_are_found_again_after_a_restart(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    @check("sqlite.long", target=SQLite, every="1m")
    def long(db: SQLite) -> Iterator[Observation]:
        """Has long names."""
        for end in "ab":
            yield Metric("used by " * 20 + end, 1, item="name " * 60 + end)
            yield Finding("key " * 60 + end, "long")

    site = open_site(tmp_path, SQLITE, clock=clock, checks=[long])
    for _ in range(2):
        work_until_quiet(site)
        clock.advance(minutes=2)
    [detail] = site.details("flags", "sqlite.long")
    assert [len(series.points) for series in detail.series] == [2, 2]


def test_what_the_store_refuses_of_one_check_holds_up_no_other(
    tmp_path: Path, flags: Path, clock: ManualClock
) -> None:
    @check("sqlite.careless", target=SQLite, every="1m", attempts=1)
    def careless(db: SQLite) -> Iterator[Observation]:
        """Keeps what nobody can keep."""
        db.memory.kept["seen"] = object()
        yield Metric("rows", 1, info=True)

    site = open_site(tmp_path, SQLITE, clock=clock, checks=[careless, flag])
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    work_until_quiet(site)
    rows = _rows(site)
    assert rows["sqlite.careless"].status is Status.UNKNOWN
    assert rows["sqlite.careless"].summary == "the store does not take what it found: TypeError"
    assert rows["sqlite.flag"].status is Status.CRITICAL
    assert {incident.check for incident in _open(site)} == {"sqlite.careless", "sqlite.flag"}


def test_on_postgresql_too_what_is_refused_holds_up_no_other(
    tmp_path: Path, flags: Path, postgresql: DatabaseServer
) -> None:
    @check("sqlite.careless", target=SQLite, every="1m", attempts=1)
    def careless(db: SQLite) -> Iterator[Observation]:
        """Finds what is no JSON there."""
        yield Finding("share " * 60, "no share", detail={"share": float("nan")})

    more = f'[store]\nurl = "{site_url(postgresql.database())}"'
    site = open_site(tmp_path, SQLITE, checks=[careless, flag], more=more)
    _sql(flags, "INSERT INTO flag VALUES ('red')")
    work_until_quiet(site)
    rows = _rows(site)
    assert rows["sqlite.careless"].status is Status.UNKNOWN
    assert rows["sqlite.flag"].status is Status.CRITICAL
    site.store.close()


def test_the_disk_of_the_store_is_measured_wherever_its_file_lies(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, statvfs = [], os.statvfs

    def measure(path: Path) -> os.statvfs_result:
        measured.append(path)
        return statvfs(path)

    monkeypatch.setattr(os, "statvfs", measure)
    more = '[store]\nurl = "sqlite:///elsewhere/lexops.db"'
    site = open_site(tmp_path, clock=clock, checks=[store_growth], more=more)
    work_until_quiet(site)
    assert _rows(site)["lexops.store-growth"].status is Status.OK
    assert measured == [tmp_path / "elsewhere"]
