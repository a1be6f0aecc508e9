"""Several workers on one PostgreSQL store: real processes, really killed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from lexops.checks import presence
from lexops.checks.asked import open_wishes
from lexops.errors import Refused
from lexops.store import event
from lexops.worker.loop import Worker
from tests.servers import DatabaseServer, site_url
from tests.sites import open_site
from tests.waiting import until
from tests.worker.runs import Journal
from tests.worker.team import TARGETS, Team

TAKE_OVER = 60.0
"""Seconds within which a killed worker's work must go on; measured: one and a half, on a quiet machine."""


@pytest.fixture
def team(tmp_path: Path, postgresql: DatabaseServer) -> Iterator[Team]:
    made = Team(tmp_path, site_url(postgresql.database()))
    yield made
    made.stop()


def _overlaps(looks: Journal, dead: int = 0, died: float = 0.0) -> list[str]:
    """Targets that two processes looked at in the same moment; a killed one's last look ended then."""
    looking: dict[str, dict[int, float]] = defaultdict(dict)
    found = []
    for at, word, name, pid in looks.timed():
        if word == "begin":
            found += [name for other in looking[name] if other != pid and (other != dead or at < died)]
            looking[name][pid] = at
        else:
            looking[name].pop(pid, None)
    return found


def test_two_workers_share_checks_and_runs_and_one_finishes_what_the_other_was_killed_in(team: Team) -> None:
    first, second = team.start(2)
    until(team.is_shared)
    since = time.monotonic()
    until(lambda: len(team.lookers(since)) == len(TARGETS))
    lookers = team.lookers(since)
    assert {pid for pids in lookers.values() for pid in pids} == {first, second}
    assert all(len(pids) == 1 for pids in lookers.values())

    runs = [{"key": f"r{n}", "steps": 2, "lane": f"l{n}"} for n in range(12)]
    for run in runs:
        team.held.hold(str(run["key"]), 0)
    team.jobs(*runs)
    until(lambda: len(team.journal.lines("begin")) == len(runs))
    assert {pid for *_, pid in team.journal.lines("begin")} == {first, second}
    for run in runs[1:]:
        team.held.let_go(str(run["key"]), 0)
    until(lambda: len(team.journal.lines("finish")) == len(runs) - 1)
    ((*_, owner),) = team.journal.lines("begin", "r0")

    other = {first, second} - {owner}
    dying = time.monotonic()
    killed_at = team.kill(owner)
    team.held.let_go("r0", 0)
    until(lambda: team.journal.lines("finish", "r0"), seconds=TAKE_OVER)
    run_after = team.journal.timed("finish", "r0")[0][0] - killed_at
    until(lambda: team.lookers(killed_at).keys() == set(TARGETS), seconds=TAKE_OVER)
    assert {pid for pids in team.lookers(killed_at).values() for pid in pids} == other
    assert run_after < TAKE_OVER and team.all_looked_at(killed_at) - killed_at < TAKE_OVER
    begun_r0 = [(step, interrupted) for _, _, step, interrupted, _ in team.journal.lines("begin", "r0")]
    assert begun_r0 == [(0, False), (0, True), (1, False)]
    assert _overlaps(team.looks, owner, dying) == []
    assert {key for _, key in team.journal.lines("finish")} == {run["key"] for run in runs}
    with team.site.store.read() as connection:
        assert len(presence.workers(connection)) == 1
        assert [e.kind for e in event.after(connection, 0)].count("worker.gone") == 1


def test_a_wish_is_answered_once_by_the_worker_that_has_the_target(team: Team) -> None:
    team.start(2)
    until(team.is_shared)
    shared = time.monotonic()
    until(lambda: len(team.looks.lines("rare")) >= len(TARGETS) and len(team.lookers(shared)) == 6)
    since = time.monotonic()
    team.site.submit("check.run", {"check": "sqlite.rare"}, "test")
    until(lambda: _open_wishes(team) == [])
    answered = [(name, pid) for at, _, name, pid in team.looks.timed("rare") if at > since]
    assert sorted(name for name, _ in answered) == TARGETS
    assert all(team.lookers(shared)[name] == {pid} for name, pid in answered)


def _open_wishes(team: Team) -> list[tuple[str, str, datetime]]:
    with team.site.store.read() as connection:
        return open_wishes(connection)


def test_lanes_move_when_workers_come_and_go_and_none_is_looked_at_twice_at_once(team: Team) -> None:
    (first,) = team.start(1)
    until(lambda: set(team.lookers()) == set(TARGETS))
    (second,) = team.start(1)
    until(team.is_shared)
    assert team.end(first) == 0
    gone = time.monotonic()
    until(lambda: set(team.lookers(gone)) == set(TARGETS))
    assert {pid for pids in team.lookers(gone).values() for pid in pids} == {second}
    assert team.end(second) == 0
    assert set(team.holders().values()) == {None}
    assert _overlaps(team.looks) == []


def test_a_worker_whose_lock_was_lost_for_a_moment_goes_on_and_loses_no_lane(team: Team) -> None:
    (first,) = team.start(1)
    until(lambda: set(team.lookers()) == set(TARGETS))
    _drop_locks(team)
    lost = time.monotonic()
    until(lambda: set(team.lookers(lost)) == set(TARGETS))
    assert team.end(first) == 0


def test_a_worker_that_was_taken_over_ends_with_one_clear_line(
    tmp_path: Path, postgresql: DatabaseServer
) -> None:
    site = open_site(tmp_path, checks=[], more=f'[store]\nurl = "{site_url(postgresql.database())}"')
    worker = Worker(site)
    worker.start()
    try:
        with site.store.begin() as connection:  # what another worker does when it finds the lock free
            presence.release_worker(connection, worker._name)
        worker._lost = site.clock.now()
        with pytest.raises(Refused, match="another worker has taken over"):
            worker.turn()
    finally:
        worker.leave()
        site.store.close()


def _drop_locks(team: Team) -> None:
    with team.site.store.begin() as connection:
        statement = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        assert connection.execute(text(statement)).all()
