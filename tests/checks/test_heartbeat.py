"""Jobs that report themselves: on time, too late, never; what a restart must not change."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from lexops.checks.beats import beat as keep
from lexops.checks.model import Status
from lexops.checks.tables import heartbeat_table
from lexops.checks.view import CheckRow, Flag
from lexops.config import HeartbeatSettings
from lexops.errors import NotFound
from lexops.site import Site
from lexops.store.database import Store
from tests.clock import START, ManualClock
from tests.sites import open_site, work_until_quiet

SITE = """\
[targets.db]
kind = "sqlite"
url = "sqlite:///billing.db"
[heartbeats.backup]
target = "db"
every = "1d"
grace = "1h"
title = "Nightly backup has not reported."
"""
Opened = Callable[[], Site]


@pytest.fixture
def opened(tmp_path: Path, clock: ManualClock) -> Opened:
    """Opens the site anew each time, as a process that was restarted does."""
    return lambda: open_site(tmp_path, SITE, clock=clock, checks=())


def seen(site: Site) -> CheckRow:
    """The heartbeat's row after a worker has looked."""
    work_until_quiet(site)
    [row] = [row for row in site.fleet().checks if row.check == "heartbeat.backup"]
    assert Flag.STALE not in row.flags
    return row


def beat(site: Site, **arguments: object) -> str:
    return site.submit("check.beat", {"heartbeat": "backup"} | arguments, "cli").text


def test_a_job_that_has_never_reported_is_pending_until_its_first_deadline(
    opened: Opened, clock: ManualClock
) -> None:
    first = seen(opened())
    assert (first.status, first.title) == (Status.PENDING, "Nightly backup has not reported")
    assert "by 2026-03-03T10:00:00Z" in first.summary
    clock.advance(hours=24, minutes=30)
    assert seen(opened()).status is Status.PENDING, "a restart does not move the deadline"
    clock.advance(minutes=40)
    late = seen(opened())
    assert (late.status, late.incident is not None) == (Status.CRITICAL, True)
    assert "never reported; overdue by 10 min" in late.summary


def test_silence_after_a_report_is_critical_though_everything_was_restarted(
    opened: Opened, clock: ManualClock
) -> None:
    assert "expected by 2026-03-03T10:00:00Z" in beat(opened())
    assert seen(opened()).status is Status.OK
    for _ in range(5):
        clock.advance(hours=4)
        assert seen(opened()).status is Status.OK
    clock.advance(hours=5, minutes=1)
    late = seen(opened())
    assert (late.status, late.incident is not None) == (Status.CRITICAL, True)
    assert "overdue by 1 min; last report 2026-03-02T09:00:00Z" in late.summary
    beat(opened())
    assert seen(opened()).status is Status.OK


def test_a_report_counts_though_no_worker_runs(opened: Opened, clock: ManualClock) -> None:
    beat(opened())
    clock.advance(hours=24)
    beat(opened())
    clock.advance(hours=24)
    assert seen(opened()).status is Status.OK


@pytest.mark.parametrize(("status", "is_"), [("warning", Status.WARNING), ("critical", Status.CRITICAL)])
def test_a_job_tells_its_own_failure(opened: Opened, clock: ManualClock, status: str, is_: Status) -> None:
    beat(opened(), status=status, message="3 of 4 files\n\x1b[2J")
    row = seen(opened())
    assert (row.status, row.summary) == (is_, f"reports {status}: 3 of 4 files ␛[2J")
    beat(opened())
    clock.advance(seconds=1)
    assert seen(opened()).status is Status.OK, "the report has the check looked at at once"


def test_an_overridden_interval_holds_from_the_next_report_on(opened: Opened, tmp_path: Path) -> None:
    beat(opened())
    hourly = SITE.replace('every = "1d"', 'every = "1h"')
    clock = ManualClock(START + timedelta(hours=3))
    site = open_site(tmp_path, hourly, clock=clock, checks=())
    assert seen(site).status is Status.OK
    beat(site)
    clock.advance(hours=2, minutes=1)
    assert seen(site).status is Status.CRITICAL


def test_a_heartbeat_that_nobody_declared_is_refused_with_those_there_are(opened: Opened) -> None:
    with pytest.raises(NotFound) as refusal:
        opened().submit("check.beat", {"heartbeat": "bakup"}, "cli")
    assert refusal.value.hint == "there are: backup"


def test_many_reports_ask_for_one_look(opened: Opened) -> None:
    site = opened()
    site.assign_checks()
    for _ in range(20):
        beat(site)
    from lexops.checks.asked import open_wishes

    with site.store.read() as connection:
        assert len(open_wishes(connection)) == 1


def test_a_heartbeat_of_no_target_is_told(tmp_path: Path) -> None:
    site = open_site(tmp_path, SITE.replace('target = "db"', 'target = "nope"'), checks=())
    assert site.checks.broken["[heartbeats.backup]"] == "no such target: nope"


def test_first_reports_at_the_same_moment_all_count(store: Store) -> None:
    job = HeartbeatSettings(target="db", every=timedelta(days=1))

    def report(number: int) -> None:
        with store.begin() as connection:
            keep(connection, "backup", job, Status.OK, str(number), START)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(report, range(12)))
    with store.read() as connection:
        assert len(connection.execute(select(heartbeat_table)).all()) == 1
