"""What durability costs, and how long a killed worker's work lies still.

A run of many steps, each an act with a commit of its own, is driven by the engine; the peer is the same acts
in a loop, in the same database. The engine records a step in two transactions of its own (the intent and the
outcome), so a factor of three is what it cannot be below. Then two workers share a PostgreSQL store, and the
one in the middle of a run is killed with -9: the time until the other has finished that run and has looked at
every target of the dead one, as a multiple of the interval at which workers look at one another.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url, text

from benchmarks.figures import Report, Sample, Series, report
from benchmarks.measure import Run, by_turns, timed
from lexops.worker.durable import Durable
from lexops.worker.engine import Place, connect
from lexops.worker.loop import PROBE
from tests.servers import DatabaseServer, Missing, site_url, start_postgresql
from tests.waiting import until
from tests.worker.runs import Run as Job
from tests.worker.team import TARGETS, Team

STEPS = 50
ROUNDS = 7
KILLS = 5

INTERVAL = "interval at which workers look at one another"
RUN = "killed worker's run finished elsewhere"
LANES = "killed worker's targets all looked at elsewhere"


class Acts:
    """Steps that each commit one row; nothing else is kept about them, so what is measured is the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.began: dict[str, float] = {}
        self.finished: dict[str, float] = {}
        with self._engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS bench_act (key TEXT, step INTEGER)"))

    def released(self) -> Sequence[Job]:
        return ()

    def taken(self, key: str, attempt: int, worker: str) -> None: ...

    def intend(self, key: str, step: int, boot: str) -> None:
        self.began.setdefault(key, time.perf_counter())

    def perform(self, key: str, step: int, interrupted: bool) -> bool:
        with self._engine.begin() as connection:
            _act(connection, key, step)
        return True

    def finish(self, key: str) -> None:
        self.finished[key] = time.perf_counter()


def measure() -> Report:
    """Measure the overhead of a step on both engines, and the fail-over."""
    remarks = [
        f"A run has {STEPS} steps; the figures are of one step. Fail-over after kill -9, {KILLS} times."
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = {"SQLite": Place(make_url(f"sqlite:///{folder}/runs.db"))}
        series = []
        try:
            server = start_postgresql()
            stack.callback(server.remove)
            url = make_url(site_url(server.database())).set(drivername="postgresql+psycopg")
            places["PostgreSQL"] = Place(url)
            series += _fail_over(folder, server)
        except Missing as missing:
            remarks.append(str(missing))
        for name, place in places.items():
            series += by_turns({_step(name): _durable(place), _bare(name): _loop(place)}, ROUNDS)
    pairs = [(_step(name), _bare(name)) for name in places]
    title = "durable runs: a step against the bare act, and the time a killed worker's work lies still"
    return report("durable", title, series, [*pairs, (RUN, INTERVAL), (LANES, INTERVAL)], remarks)


def _step(engine: str) -> str:
    return f"durable step, {engine}"


def _bare(engine: str) -> str:
    return f"bare act with its own commit, {engine}"


def _act(connection: Connection, key: str, step: int) -> None:
    connection.execute(text("INSERT INTO bench_act VALUES (:key, :step)"), {"key": key, "step": step})


def _durable(place: Place) -> Run:
    """One run from its first step to its last; queueing, which happens once per run, is left out."""

    def run() -> Sample:
        engine = connect(place)
        acts = Acts(engine)
        durable = Durable(place, "bench", acts)
        try:
            key = f"run{time.monotonic_ns()}"
            durable.start(Job(key, steps=STEPS))
            until(lambda: key in acts.began)
            cpu = timed(lambda: until(lambda: key in acts.finished), STEPS).cpu
            return Sample((acts.finished[key] - acts.began[key]) / STEPS, cpu)
        finally:
            durable.close()
            engine.dispose()

    return run


def _loop(place: Place) -> Run:
    def run() -> Sample:
        engine = connect(place)
        acts = Acts(engine)
        try:
            return timed(lambda: [acts.perform("bare", step, False) for step in range(STEPS)], STEPS)
        finally:
            engine.dispose()

    return run


def _fail_over(folder: Path, server: DatabaseServer) -> list[Series]:
    runs, lanes = [], []
    for kill in range(KILLS):
        place = folder / f"site{kill}"
        place.mkdir()
        team = Team(place, site_url(server.database()))
        try:
            run, lane = _killed(team)
        finally:
            team.stop()
        runs.append(Sample(run, 0.0))
        lanes.append(Sample(lane, 0.0))
    interval = Series(INTERVAL, (Sample(PROBE.total_seconds(), 0.0),))
    return [interval, Series(RUN, tuple(runs)), Series(LANES, tuple(lanes))]


def _killed(team: Team) -> tuple[float, float]:
    """Seconds from the kill until the run was finished, and until all targets were looked at."""
    team.start(2)
    until(team.is_shared)
    team.held.hold("run", 0)
    team.jobs({"key": "run", "steps": 2})
    until(lambda: team.journal.lines("begin", "run"))
    killed_at = team.kill(team.journal.lines("begin", "run")[0][-1])
    team.held.let_go("run", 0)
    until(lambda: team.journal.lines("finish", "run"))
    until(lambda: team.lookers(killed_at).keys() == set(TARGETS))
    return team.journal.timed("finish", "run")[0][0] - killed_at, team.all_looked_at(killed_at) - killed_at
