"""Durable runs: what survives a kill, what never happens twice. On both engines, with real processes."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from lexops.errors import StoreError
from lexops.worker import durable as module
from lexops.worker import interpreter
from lexops.worker.durable import Durable
from lexops.worker.engine import Place, has_unfinished
from lexops.worker.interpreter import Left
from tests.servers import DatabaseServer, site_url
from tests.waiting import until
from tests.worker.runs import Held, Journal, Performer, Run

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(make_url(f"sqlite:///{tmp_path}/lexops-runs.db"))
    server: DatabaseServer = request.getfixturevalue("postgresql")
    return Place(make_url(site_url(server.database())).set(drivername="postgresql+psycopg"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.05)


class Drivers:
    """Processes that drive the runs of one folder."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._url = place.url.render_as_string(hide_password=False)
        self.folder = folder
        self.journal = Journal(folder / "journal")
        self.held = Held(folder)
        self._running: list[subprocess.Popen[bytes]] = []

    def jobs(self, *jobs: dict[str, Any]) -> None:
        (self.folder / "jobs.json.new").write_text(json.dumps(jobs))
        (self.folder / "jobs.json.new").replace(self.folder / "jobs.json")

    def start(self, name: str, *dead: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.worker.driver", self._url, str(self.folder), name, *dead]
        self._running.append(subprocess.Popen(command, cwd=ROOT))
        return self._running[-1]

    def effects(self) -> list[str]:
        connection = sqlite3.connect(self.folder / "effects.db")
        found = [key for (key,) in connection.execute("SELECT key FROM effect ORDER BY rowid")]
        connection.close()
        return found

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.wait(60)


@pytest.fixture
def drivers(place: Place, tmp_path: Path) -> Iterator[Drivers]:
    made = Drivers(place, tmp_path)
    yield made
    made.stop()


@contextmanager
def opened(place: Place, performer: Performer, name: str = "one") -> Iterator[Durable]:
    durable = Durable(place, name, performer)
    try:
        yield durable
    finally:
        durable.close(0.2)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(60)


def test_a_step_that_finished_is_not_run_again_after_kill_9_and_the_one_in_flight_comes_back_interrupted(
    drivers: Drivers,
) -> None:
    drivers.held.hold("a", 1)
    drivers.jobs({"key": "a"})
    first = drivers.start("first")
    until(lambda: drivers.journal.lines("begin", "a", 1))
    _kill(first)
    drivers.held.let_go("a", 1)
    drivers.start("second", "first")
    until(lambda: drivers.journal.lines("finish", "a"))
    begun = [(step, interrupted) for _, _, step, interrupted, _ in drivers.journal.lines("begin", "a")]
    assert begun == [(0, False), (1, False), (1, True), (2, False)]
    assert drivers.effects() == ["a 0", "a 1", "a 2", "a finish"]


def test_a_last_act_killed_after_its_commit_and_before_its_record_comes_again_and_happens_once(
    drivers: Drivers,
) -> None:
    drivers.held.hold("a", "finish")
    drivers.jobs({"key": "a", "steps": 1})
    first = drivers.start("first")
    until(lambda: drivers.journal.lines("finish", "a"))
    _kill(first)
    drivers.held.let_go("a", "finish")
    drivers.start("second", "first")
    until(lambda: len(drivers.journal.lines("finish", "a")) == 2)
    assert drivers.effects() == ["a 0", "a finish"]
    assert len(drivers.journal.lines("begin", "a")) == 1


def test_what_was_waiting_in_a_killed_worker_s_queue_is_done_too(drivers: Drivers) -> None:
    drivers.held.hold("a", 0)
    drivers.jobs({"key": "a", "lane": "x"}, {"key": "b", "lane": "x"})
    first = drivers.start("first")
    until(lambda: drivers.journal.lines("begin", "a", 0))
    _kill(first)
    drivers.held.let_go("a", 0)
    drivers.start("second", "first")
    until(lambda: drivers.journal.lines("finish", "b"))
    assert [key for _, key, *_ in drivers.journal.lines("finish")] == ["a", "b"]


def test_a_worker_told_to_end_leaves_its_run_to_the_next_without_waiting_for_it(drivers: Drivers) -> None:
    drivers.held.hold("a", 0)
    drivers.jobs({"key": "a", "steps": 2})
    first = drivers.start("first")
    until(lambda: drivers.journal.lines("begin", "a", 0))
    first.terminate()
    assert first.wait(60) == 0
    drivers.held.let_go("a", 0)
    drivers.start("second", "first")
    until(lambda: drivers.journal.lines("finish", "a"))
    assert [interrupted for *_, interrupted, _ in drivers.journal.lines("begin", "a")] == [False, True, False]


def test_a_failed_step_ends_the_run_and_the_next_attempt_goes_on_from_it(
    place: Place, tmp_path: Path
) -> None:
    broken = True
    performer = Performer(tmp_path, lambda key, step, interrupted: not (broken and step == 1))
    performer.jobs = [Run("a", steps=3)]
    with opened(place, performer) as durable:
        durable.dispatch()
        until(lambda: not durable.active())
        assert performer.journal.lines("finish") == []
        broken = False
        performer.jobs.append(Run("a", steps=3, attempt=2, first=1))
        durable.dispatch()
        until(lambda: performer.journal.lines("finish", "a"))
    assert [step for _, _, step, *_ in performer.journal.lines("begin", "a")] == [0, 1, 1, 2]


def test_a_cancelled_run_ends_before_its_next_step(place: Place, tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.hold("a", 0)
    performer = Performer(tmp_path, lambda key, step, interrupted: held.pause(key, step) is None)
    performer.jobs = [Run("a")]
    with opened(place, performer) as durable:
        durable.dispatch()
        until(lambda: performer.journal.lines("begin", "a", 0))
        durable.cancel("a")
        held.let_go("a", 0)
        until(lambda: performer.journal.lines("end", "a", 0) and not durable._interpreter.running)
        assert durable.active() == frozenset()
    assert [step for _, _, step, *_ in performer.journal.lines("begin")] == [0]
    assert performer.journal.lines("finish") == []


def test_the_same_attempt_is_begun_once_however_often_it_is_handed_over(place: Place, tmp_path: Path) -> None:
    performer = Performer(tmp_path)
    with opened(place, performer) as durable:
        for _ in range(3):
            durable.start(Run("a", steps=1))
        until(lambda: performer.journal.lines("finish", "a"))
        durable.start(Run("a", steps=1))
        until(lambda: not durable.active())
    assert len(performer.journal.lines("begin")) == 1


def test_runs_of_one_lane_happen_one_after_the_other_in_the_order_they_were_released(
    place: Place, tmp_path: Path
) -> None:
    performer = Performer(tmp_path)
    performer.jobs = [Run(key, steps=2, lane="x") for key in "dacb"]
    with opened(place, performer) as durable:
        until(lambda: durable.dispatch() is None or len(performer.journal.lines("finish")) == 4)
    words = [(word, key) for word, key, *_ in performer.journal.lines() if word in ("begin", "end", "finish")]
    assert words == [(w, key) for key in "dacb" for w in ("begin", "end", "begin", "end", "finish")]


def test_a_hung_run_does_not_hold_up_other_lanes(place: Place, tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.hold("a", 0)
    performer = Performer(tmp_path, lambda key, step, interrupted: held.pause(key, step) is None)
    performer.jobs = [Run("a", lane="x"), Run("b", lane="y")]
    with opened(place, performer) as durable:
        durable.dispatch()
        until(lambda: durable.active() == {"a"} and performer.journal.lines("finish", "b"))
        held.let_go("a", 0)
        until(lambda: performer.journal.lines("finish", "a"))


def test_a_store_that_does_not_answer_makes_a_run_wait_and_a_step_it_hid_counts_as_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreter, "STORE_RETRY", 0.05)
    failures = [StoreError("gone"), StoreError("gone")]

    def act(key: str, step: int, interrupted: bool) -> bool:
        if step == 0 and failures:
            raise failures.pop()
        return True

    performer = Performer(tmp_path, act)
    performer.jobs = [Run("a", steps=2)]
    with opened(Place(make_url(f"sqlite:///{tmp_path}/runs.db")), performer) as durable:
        durable.dispatch()
        until(lambda: performer.journal.lines("finish", "a"))
    begun = [(step, interrupted) for _, _, step, interrupted, _ in performer.journal.lines("begin")]
    assert begun == [(0, False), (0, True), (0, True), (1, False)]


def test_a_run_that_no_thread_drives_any_more_is_brought_back(place: Place, tmp_path: Path) -> None:
    def act(key: str, step: int, interrupted: bool) -> bool:
        if not interrupted:
            raise Left  # as when the engine could not record an end, its disk being full
        return True

    performer = Performer(tmp_path, act)
    performer.jobs = [Run("a", steps=1)]
    with opened(place, performer) as durable:
        durable.dispatch()
        until(lambda: performer.journal.lines("begin", "a") and not durable._interpreter.running)
        assert durable.mend() == []
        assert durable.mend() == ["a"]
        until(lambda: performer.journal.lines("finish", "a"))
    assert [interrupted for *_, interrupted, _ in performer.journal.lines("begin")] == [False, True]


def test_ended_runs_are_forgotten_and_others_kept(place: Place, tmp_path: Path) -> None:
    performer = Performer(tmp_path)
    performer.jobs = [Run("a", steps=1)]
    now = datetime.now(UTC)
    with opened(place, performer) as durable:
        durable.dispatch()
        until(lambda: performer.journal.lines("finish", "a") and not durable.active())
        assert durable.purge(now - timedelta(hours=1)) == 0
        assert durable.purge(now + timedelta(hours=1)) == 1
        assert durable.purge(now + timedelta(hours=1)) == 0


def test_unfinished_runs_are_known_without_starting_the_engine(place: Place, tmp_path: Path) -> None:
    assert not has_unfinished(place)
    held = Held(tmp_path)
    held.hold("a", 0)
    performer = Performer(tmp_path, lambda key, step, interrupted: held.pause(key, step) is None)
    performer.jobs = [Run("a")]
    with opened(place, performer) as durable:
        assert not has_unfinished(place)
        durable.dispatch()
        until(lambda: performer.journal.lines("begin", "a"))
        assert durable.owners() == {"one"}
    assert has_unfinished(place)
    held.let_go("a", 0)


def test_only_one_engine_is_open_in_a_process(place: Place, tmp_path: Path) -> None:
    with opened(place, Performer(tmp_path)), pytest.raises(RuntimeError):
        Durable(place, "two", Performer(tmp_path))
    with opened(place, Performer(tmp_path), "two"):
        pass


def test_nothing_is_pickled_and_no_error_s_text_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"

    def act(key: str, step: int, interrupted: bool) -> bool:
        raise ValueError("invoice 4711 of Miller & Partners")

    performer = Performer(tmp_path, act)
    performer.jobs = [Run("a")]
    with opened(Place(make_url(f"sqlite:///{file}")), performer) as durable:
        durable.dispatch()
        until(lambda: performer.journal.lines("begin", "a") and not durable.active())
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("runs.db*"))
    assert b"4711" not in raw and b"ValueError" in raw
    connection = sqlite3.connect(file)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = {
        row[column]
        for table in tables
        for row in _rows(connection, table)
        for column in row
        if column in ("serialization", "inputs", "output", "error") and row[column] is not None
    }
    connection.close()
    assert "lexops_json" in kept and "py_pickle" not in kept
    assert not [value for value in kept if value.startswith("gA")]  # how a pickle begins in base64


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def test_the_runs_database_is_private(tmp_path: Path) -> None:
    with opened(Place(make_url(f"sqlite:///{tmp_path}/runs.db")), Performer(tmp_path)):
        assert (tmp_path / "runs.db").stat().st_mode & 0o077 == 0
