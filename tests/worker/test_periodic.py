"""What the worker does beside its checks: each chore by itself, none able to end or delay another."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from lexops.errors import StoreError
from lexops.worker.loop import Worker
from lexops.worker.periodic import Chore, Chores
from tests.clock import ManualClock
from tests.sites import open_site
from tests.waiting import until
from tests.worker.runs import Performer, Run

OFTEN = timedelta(milliseconds=10)


def test_a_chore_that_hangs_delays_no_other() -> None:
    hang, done = threading.Event(), []
    chores = Chores(
        [Chore("hangs", OFTEN, lambda: hang.wait(30) and None), Chore("works", OFTEN, lambda: done.append(1))]
    )
    chores.start()
    try:
        until(lambda: len(done) > 3)
    finally:
        hang.set()
        chores.stop()


def test_a_chore_that_fails_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tried: list[int] = []

    def fail() -> None:
        tried.append(1)
        if len(tried) < 5:
            raise StoreError("the store does not work: gone")

    chores = Chores([Chore("sealing", OFTEN, fail)])
    with caplog.at_level(logging.WARNING):
        chores.start()
        until(lambda: len(tried) > 6)
        chores.stop()
    assert [r.getMessage() for r in caplog.records] == [
        "sealing fails (the store does not work: gone); trying again"
    ]


def test_of_an_unforeseen_error_only_the_type_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("Miller & Partners owes 4711")

    with caplog.at_level(logging.WARNING):
        Chores([]).do(Chore("x", OFTEN, fail))
    assert [r.getMessage() for r in caplog.records] == ["x fails (ValueError); trying again"]


def test_a_leaving_worker_does_what_is_to_be_done_last_after_its_runs(
    tmp_path: Path, clock: ManualClock
) -> None:
    site = open_site(tmp_path, clock=clock, checks=[])
    performer = Performer(tmp_path)
    performer.jobs = [Run("a", steps=1)]
    sealed: list[int] = []
    long = timedelta(hours=1)
    chores = [
        Chore("sealing", long, lambda: sealed.append(len(performer.journal.lines("finish"))), last=True),
        Chore("other", long, lambda: None),
    ]
    Worker(site, performer=performer, chores=chores).drain(lambda: False, timedelta(seconds=60))
    assert sealed[-1] == 1 and len(sealed) == 2


def test_a_drain_without_released_runs_does_not_start_the_engine(tmp_path: Path, clock: ManualClock) -> None:
    site = open_site(tmp_path, clock=clock, checks=[])
    Worker(site, performer=Performer(tmp_path)).drain(lambda: False, timedelta(seconds=60))
    assert not (tmp_path / "lexops-runs.db").exists()


def test_a_drain_finishes_what_a_killed_worker_left(tmp_path: Path, clock: ManualClock) -> None:
    from sqlalchemy import make_url

    from lexops.worker.durable import Durable
    from lexops.worker.engine import Place
    from lexops.worker.interpreter import Left

    def die(key: str, step: int, interrupted: bool) -> bool:
        if not interrupted:
            raise Left
        return True

    performer = Performer(tmp_path, die)
    performer.jobs = [Run("a", steps=1)]
    durable = Durable(Place(make_url(f"sqlite:///{tmp_path}/lexops-runs.db")), "dead", performer)
    durable.dispatch()
    until(lambda: performer.journal.lines("begin", "a") and not durable._interpreter.running)
    durable.close(0.1)
    site = open_site(tmp_path, clock=clock, checks=[])
    Worker(site, performer=performer).drain(lambda: False, timedelta(seconds=60))
    assert performer.journal.lines("finish", "a")


def test_neither_the_engine_nor_a_driver_is_loaded_before_it_is_needed() -> None:
    code = "import sys, lexops.worker.loop; print(sorted({'dbos', 'psycopg'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
