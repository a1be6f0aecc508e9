"""The checks of LexOps itself, on its own store and its own faults."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update

from lexops.checks import presence
from lexops.checks.contract import Metric, Observation, RunnableCheck, SQLite, check
from lexops.checks.engine import observe
from lexops.checks.history import LEXOPS, History, Surroundings
from lexops.checks.model import Status, Verdict
from lexops.checks.tables import check_table
from lexops.incidents import store as incidents
from lexops.intake.webhook import alert_server
from lexops.schedules import store as schedules
from lexops.schedules.model import Missed, Schedule
from lexops.site import Site
from lexops.worker.loop import Worker
from lexops.worker.periodic import Chore
from tests.clock import ManualClock
from tests.servers import HOST
from tests.shipped.looking import shipped
from tests.sites import open_site, work_until_quiet
from tests.waiting import until

TARGETS = "\n".join(
    f'[targets.{name}]\nkind = "sqlite"\nurl = "sqlite:///{name}.db"' for name in ("a", "b", "c", "d")
)


@check("sqlite.availability", target=SQLite, every="1m", attempts=1, availability=True)
def answers(db: SQLite) -> Iterator[Observation]:
    """Answers."""
    yield Metric("ping", db.ping(), "s", info=True)


@check("sqlite.canary", target=SQLite, every="1m", attempts=1, warn="0")
def canary(db: SQLite) -> Iterator[Observation]:
    """The canary is dead: this has to alarm."""
    yield Metric("canaries", 1)


class Own:
    """A site whose own checks are looked at one by one."""

    def __init__(self, folder: Path, clock: ManualClock, checks: list[RunnableCheck]) -> None:
        self.clock = clock
        self.folder = folder
        for name in ("a", "b", "c", "d"):
            (folder / f"{name}.db").touch()
        self.site: Site = open_site(folder, TARGETS, clock=clock, checks=checks)
        self.schedules: tuple[Schedule, ...] = ()

    def look(self, id: str, warn: str | None = None, crit: str | None = None) -> Verdict:
        late = lambda connection, now: schedules.late(connection, self.schedules, now)  # noqa: E731
        around = Surroundings(lanes={name: name for name in "abcd"}, folder=self.folder, schedules=late)
        return observe(shipped(id, warn, crit), History(self.site.store, LEXOPS, self.clock, around))

    def execute(self, statement: object) -> None:
        with self.site.store.begin() as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def own(tmp_path: Path, clock: ManualClock) -> Own:
    made = Own(tmp_path, clock, [answers])
    work_until_quiet(made.site)
    return made


@pytest.mark.fires("lexops.availability")
def test_a_store_without_its_tables_is_told(own: Own) -> None:
    assert own.look("lexops.availability").status is Status.OK
    own.execute(text("ALTER TABLE lane RENAME TO lost"))
    assert own.look("lexops.availability").status is Status.CRITICAL
    own.execute(text("ALTER TABLE lost RENAME TO lane"))
    assert own.look("lexops.availability").status is Status.OK


@pytest.mark.fires("lexops.sight")
def test_more_than_half_of_the_targets_at_once_is_blindness(own: Own) -> None:
    assert own.look("lexops.sight").status is Status.OK
    for name in "abc":
        (own.folder / f"{name}.db").rename(own.folder / f"{name}.away")
    own.clock.advance(minutes=2)
    work_until_quiet(own.site)
    verdict = own.look("lexops.sight")
    assert verdict.status is Status.CRITICAL
    assert verdict.summary == "3 of 4 independent targets fail at once"
    with own.site.store.read() as connection:
        assert incidents.incidents(connection) == ()
    for name in "abc":
        (own.folder / f"{name}.away").rename(own.folder / f"{name}.db")
    own.clock.advance(minutes=2)
    work_until_quiet(own.site)
    assert own.look("lexops.sight").status is Status.OK


@pytest.mark.fires("lexops.lateness", "lexops.unseen")
def test_checks_that_nobody_looks_at_are_late_and_stale(own: Own) -> None:
    assert own.look("lexops.lateness").status is Status.OK
    assert own.look("lexops.unseen").status is Status.OK
    own.clock.advance(minutes=10)
    assert own.look("lexops.lateness").status is Status.CRITICAL
    assert own.look("lexops.unseen").status is Status.CRITICAL
    work_until_quiet(own.site)
    assert own.look("lexops.lateness").status is Status.OK
    assert own.look("lexops.unseen").status is Status.OK


def test_what_cannot_be_seen_counts_as_unseen(own: Own) -> None:
    unknown = update(check_table).where(check_table.c.target == "a")
    own.execute(unknown.values(status="UNKNOWN"))
    verdict = own.look("lexops.unseen")
    assert verdict.status is Status.WARNING
    assert "1 of 4" in verdict.summary


@pytest.mark.fires("lexops.workers")
def test_a_worker_without_a_sign_of_life_is_missing(own: Own) -> None:
    with own.site.store.begin() as connection:
        presence.claim_worker(connection, "elsewhere/1/x", 1, own.clock.now())
        presence.take_lanes(connection, "elsewhere/1/x", 9)
    assert own.look("lexops.workers").status is Status.OK
    own.clock.advance(minutes=1)
    assert own.look("lexops.workers").status is Status.WARNING
    with own.site.store.begin() as connection:
        presence.release_worker(connection, "elsewhere/1/x")
    verdict = own.look("lexops.workers")
    assert "targets without a worker 4 of 4" in verdict.summary
    with own.site.store.begin() as connection:
        presence.claim_worker(connection, "elsewhere/2/x", 1, own.clock.now())
        presence.take_lanes(connection, "elsewhere/2/x", 9)
    assert own.look("lexops.workers").status is Status.OK


@pytest.mark.fires("lexops.plugins")
def test_a_plug_in_that_cannot_be_loaded_is_told_until_it_can(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "checks"
    folder.mkdir(mode=0o755)
    broken = folder / "broken.sql"
    broken.write_text("-- id: site.broken\nSELECT\n")
    site = open_site(tmp_path, TARGETS, clock=clock, more=f'[worker]\nchecks = "{folder}"')

    def look(site: Site) -> Verdict:
        site.assign_checks()
        return observe(shipped("lexops.plugins"), History(site.store, LEXOPS, clock))

    verdict = look(site)
    assert verdict.status is Status.WARNING
    assert "broken.sql" in verdict.summary
    site.store.close()
    broken.unlink()
    again = open_site(tmp_path, TARGETS, clock=clock, more=f'[worker]\nchecks = "{folder}"')
    assert look(again).status is Status.OK


@pytest.mark.fires("lexops.chores")
def test_a_part_of_the_worker_that_cannot_do_its_work_is_told(own: Own) -> None:
    def turned(status: Status) -> Verdict | None:
        own.clock.advance(seconds=10)
        worker.turn()
        verdict = own.look("lexops.chores")
        return verdict if verdict.status is status else None

    with socket.create_server((HOST, 0)) as other:
        address = f"{HOST}:{other.getsockname()[1]}"
        intake = alert_server(address, lambda body: "taken", None)
        worker = Worker(own.site, chores=[Chore("taking alerts", timedelta(milliseconds=10), intake.turn)])
        worker.start()
        try:
            verdict = until(lambda: turned(Status.WARNING), "nobody is told of it")
            assert (
                verdict.summary == f"taking alerts fails: {address} cannot be served: Address already in use"
            )
            other.close()
            until(lambda: turned(Status.OK), "it is told for ever")
        finally:
            worker.leave()
            intake.close()


def test_an_address_that_another_worker_of_the_machine_serves_at_is_no_failure(own: Own) -> None:
    taken = {"taking alerts": "127.0.0.1:9479 cannot be served: Address already in use"}
    with own.site.store.begin() as connection:
        for name in ("here/1/a", "here/2/b", "there/1/c"):
            presence._add_worker(connection, name, 1, own.clock.now())
        presence.set_failing(connection, "here/2/b", taken)
    assert own.look("lexops.chores").status is Status.OK
    with own.site.store.begin() as connection:
        presence.set_failing(connection, "here/1/a", {"sending": "OSError"})
    assert own.look("lexops.chores").summary == "sending fails: OSError"
    with own.site.store.begin() as connection:
        presence.set_failing(connection, "here/1/a", taken)
    assert "taking alerts fails" in own.look("lexops.chores").summary
    with own.site.store.begin() as connection:
        presence.release_worker(connection, "here/1/a")
    assert "taking alerts fails" in own.look("lexops.chores").summary


def test_what_failed_in_a_worker_that_has_left_is_no_longer_told(own: Own) -> None:
    with own.site.store.begin() as connection:
        presence.claim_worker(connection, "w", 1, own.clock.now())
        presence.set_failing(connection, "w", {"sending": "OSError"})
    assert own.look("lexops.chores").summary == "sending fails: OSError"
    with own.site.store.begin() as connection:
        presence.release_worker(connection, "w")
    assert own.look("lexops.chores").status is Status.OK


@pytest.mark.fires("lexops.schedules")
def test_a_schedule_that_does_not_start_is_late(own: Own) -> None:
    hourly = Schedule("billing", "0 * * * *", ZoneInfo("UTC"), "check.run", {}, "sam", Missed.ONCE)
    own.schedules = (hourly,)
    with own.site.store.begin() as connection:
        schedules.begin(connection, hourly, own.clock.now())
    assert own.look("lexops.schedules").status is Status.OK
    own.clock.advance(minutes=70)
    verdict = own.look("lexops.schedules")
    assert verdict.status is Status.WARNING
    assert verdict.summary.startswith("billing was due")
    with own.site.store.begin() as connection:
        schedules.begin(connection, hourly, own.clock.now())
    assert own.look("lexops.schedules").status is Status.OK


@pytest.mark.fires("lexops.record")
def test_an_entry_that_nobody_seals_is_told(own: Own) -> None:
    own.site.gate.sealer.seal()
    assert own.look("lexops.record").status is Status.OK
    _write_entry(own, own.clock.now())
    own.clock.advance(minutes=2)
    assert own.look("lexops.record").status is Status.WARNING
    own.clock.advance(minutes=10)
    assert own.look("lexops.record").status is Status.CRITICAL
    own.site.gate.sealer.seal()
    assert own.look("lexops.record").status is Status.OK


def _write_entry(own: Own, at: datetime) -> None:
    own.site.submit("check.run", {}, "test")


@pytest.mark.fires("lexops.store-growth")
def test_a_store_whose_disk_is_nearly_full_is_told(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own.look("lexops.store-growth").status is Status.OK
    seen = os.statvfs(own.folder)

    class Full:
        f_bavail, f_frsize = 1, seen.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _path: Full)
    assert own.look("lexops.store-growth").status is Status.CRITICAL
    monkeypatch.undo()
    assert own.look("lexops.store-growth").status is Status.OK


def test_the_canary_alarms(tmp_path: Path, clock: ManualClock) -> None:
    own = Own(tmp_path, clock, [answers, canary])
    work_until_quiet(own.site)
    with own.site.store.read() as connection:
        assert {incident.check for incident in incidents.incidents(connection)} == {"sqlite.canary"}


def test_nothing_is_said_of_checks_before_they_have_been_looked_at(
    tmp_path: Path, clock: ManualClock
) -> None:
    own = Own(tmp_path, clock, [answers])
    assert own.look("lexops.lateness").status is Status.PENDING
    assert own.look("lexops.unseen").status is Status.PENDING
    assert own.look("lexops.sight").status is Status.NOT_APPLICABLE
