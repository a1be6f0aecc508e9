"""Lanes, deadlines and the watchdog, with real threads and sessions that misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lexops.checks import engine as engine_module
from lexops.checks.contract import CannotSee, NotApplicable, RunnableCheck
from lexops.checks.engine import Engine, Lane, observe
from lexops.checks.model import Area, Check, Finding, Metric, Outcome, Status
from lexops.clock import SystemClock
from lexops.errors import ConfigError, Denied, Locked, QueryFailed, TimedOut, Unreachable
from lexops.targets.model import Kind
from tests.waiting import PATIENCE, until


class Blocking:
    """A session whose calls block until they are aborted; a deaf one does not even notice that."""

    def __init__(self, deaf: bool = False) -> None:
        self.ended = threading.Event()
        self.deaf = deaf

    def wait(self) -> None:
        if not self.ended.wait(PATIENCE):
            raise AssertionError("nobody aborted")
        raise TimedOut("aborted")

    def abort(self) -> None:
        if not self.deaf:
            self.ended.set()

    def close(self) -> None: ...


def runnable(id: str, collect: Callable[[Any], Any], timeout: float = PATIENCE, **more: Any) -> RunnableCheck:
    kinds = frozenset({Kind.POSTGRESQL})
    check = Check(id, id, Area.HEALTH, kinds, timeout=timedelta(seconds=timeout), **more)
    return RunnableCheck(check, collect)


def fine(_session: object) -> Iterator[Metric]:
    yield Metric("n", 1, info=True)


def blocks(session: Blocking) -> Iterator[Metric]:
    session.wait()
    yield Metric("n", 1)


SLOW = "look at the server's load, or raise the timeout"


def make_lane(name: str, connect: Callable[[], Any], *checks: RunnableCheck, heavy: bool = False) -> Lane:
    return Lane(name, name, "server", connect, PATIENCE, checks, heavy)


def run(engine: Engine, *lanes: Lane, seconds: float = PATIENCE) -> dict[str, Outcome]:
    now = SystemClock().now()
    for lane in lanes:
        assert engine.start(lane, [(check, now) for check in lane.checks])
    found: dict[str, Outcome] = {}
    end = time.monotonic() + seconds
    while not engine.idle and time.monotonic() < end:
        for outcome in engine.poll(0.02):
            found[outcome.check.id] = outcome
    return found


@pytest.fixture(autouse=True)
def aborted_soon_and_given_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MARGIN", 0.1)
    monkeypatch.setattr(engine_module, "GRACE", PATIENCE)


def test_a_hung_check_is_aborted_and_the_next_one_runs_on_a_new_connection() -> None:
    made: list[Blocking] = []

    def connect() -> Blocking:
        made.append(Blocking())
        return made[-1]

    lane = make_lane("db", connect, runnable("a.hangs", blocks, timeout=0.2), runnable("b.fine", fine))
    found = run(Engine([lane], SystemClock(), 4), lane)
    assert found["a.hangs"].verdict.status is Status.UNKNOWN
    assert "no answer within" in found["a.hangs"].verdict.summary
    assert found["a.hangs"].seconds < PATIENCE
    assert found["b.fine"].verdict.status is Status.OK
    assert len(made) == 2


def test_a_hung_target_delays_no_other() -> None:
    hung = make_lane("hung", Blocking, runnable("a.hangs", blocks))
    quick = make_lane("quick", Blocking, runnable("b.fine", fine))
    engine = Engine([hung, quick], SystemClock(), 4)
    now = SystemClock().now()
    for lane in (hung, quick):
        engine.start(lane, [(check, now) for check in lane.checks])
    started = time.monotonic()
    outcomes: list[Outcome] = []
    while not outcomes:
        outcomes = engine.poll(0.02)
    assert outcomes[0].target == "quick"
    assert time.monotonic() - started < PATIENCE
    engine.close()


def test_a_look_that_not_even_an_abort_ends_is_abandoned_and_its_lane_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "GRACE", 0.2)
    session = Blocking(deaf=True)
    hangs = runnable("a.hangs", blocks, timeout=0.2)
    lane = make_lane("db", lambda: session, hangs, runnable("b.behind", fine))
    engine = Engine([lane], SystemClock(), 1)
    found = run(engine, lane)
    assert "no answer" in found["a.hangs"].verdict.summary
    assert "hangs before it" in found["b.behind"].verdict.summary
    again = run(engine, lane)
    assert "an earlier look hangs" in again["b.behind"].verdict.summary
    session.ended.set()
    until(lambda: engine._stuck["db"].finished, "the look does not come back")
    lane_free = run(engine, make_lane("db", lambda: Blocking(), runnable("b.behind", fine)))
    assert lane_free["b.behind"].verdict.status is Status.OK


def test_what_cannot_be_connected_is_critical_for_availability_and_unreachable_for_the_rest() -> None:
    def refused() -> Blocking:
        raise Unreachable("connection refused")

    up = runnable("up", fine, availability=True)
    lane = make_lane("db", refused, runnable("other", fine), up)
    found = run(Engine([lane], SystemClock(), 4), lane)
    assert (found["up"].verdict.status, found["up"].verdict.unreachable) == (Status.CRITICAL, True)
    assert (found["other"].verdict.status, found["other"].verdict.unreachable) == (Status.UNKNOWN, True)


def test_a_target_that_cannot_be_connected_is_tried_once_in_a_pass() -> None:
    tries: list[int] = []

    def refused() -> Blocking:
        tries.append(1)
        raise Unreachable("no answer")

    lane = make_lane("db", refused, *(runnable(f"c{n}", fine) for n in range(5)))
    found = run(Engine([lane], SystemClock(), 4), lane)
    assert len(tries) == 1
    assert all(outcome.verdict.unreachable for outcome in found.values()) and len(found) == 5


def test_what_is_missing_on_our_side_is_not_seen_and_asked_for_once() -> None:
    tries: list[int] = []

    def no_secret() -> Blocking:
        tries.append(1)
        raise ConfigError("the environment variable DB is not set", hint="set it")

    up = runnable("up", fine, availability=True)
    lane = make_lane("db", no_secret, up, *(runnable(f"c{n}", fine) for n in range(5)))
    found = run(Engine([lane], SystemClock(), 4), lane)
    assert len(tries) == 1
    verdicts = [outcome.verdict for outcome in found.values()]
    assert {(v.status, v.unreachable, v.hint) for v in verdicts} == {(Status.UNKNOWN, True, "set it")}
    assert len(verdicts) == 6


def test_a_connection_lost_on_the_way_is_told_by_the_availability_check_though_it_was_not_due() -> None:
    def lost(_session: object) -> Iterator[Metric]:
        raise Unreachable("server closed the connection")
        yield

    up = runnable("up", fine, availability=True)
    lane = make_lane("db", Blocking, up, runnable("other", lost))
    engine = Engine([lane], SystemClock(), 4)
    now = SystemClock().now()
    engine.start(lane, [(lane.checks[1], now)])
    found: dict[str, Outcome] = {}
    while not engine.idle:
        found |= {outcome.check.id: outcome for outcome in engine.poll(0.02)}
    assert found["up"].verdict.status is Status.CRITICAL


def test_no_more_lanes_run_than_there_are_slots() -> None:
    sessions = [Blocking(), Blocking(), Blocking()]
    lanes = [make_lane(str(n), lambda s=s: s, runnable("x", blocks)) for n, s in enumerate(sessions)]
    engine = Engine(lanes, SystemClock(), 2)
    now = SystemClock().now()
    started = [engine.start(lane, [(lane.checks[0], now)]) for lane in lanes]
    assert started == [True, True, False]
    engine.close()


def test_few_programs_of_others_run_at_the_same_time() -> None:
    lanes = [
        replace(make_lane(str(n), Blocking, runnable("x", blocks)), forks=True)
        for n in range(engine_module.FORKS + 1)
    ]
    engine = Engine(lanes, SystemClock(), 64)
    now = SystemClock().now()
    assert [engine.start(lane, [(lane.checks[0], now)]) for lane in lanes] == [True] * engine_module.FORKS + [
        False
    ]
    engine.close()


def test_one_heavy_lane_per_server_and_no_lane_twice() -> None:
    first, second = (make_lane(name, Blocking, runnable("x", blocks), heavy=True) for name in ("one", "two"))
    engine = Engine([first, second], SystemClock(), 8)
    now = SystemClock().now()
    assert engine.start(first, [(first.checks[0], now)])
    assert not engine.start(first, [(first.checks[0], now)])
    assert not engine.start(second, [(second.checks[0], now)])
    engine.close()


@pytest.mark.parametrize(
    ("error", "status", "says", "hint"),
    [
        (NotApplicable("no replica"), Status.NOT_APPLICABLE, "no replica", ""),
        (CannotSee("rows hidden", grant="GRANT x"), Status.UNKNOWN, "rows hidden", "GRANT x"),
        (Denied("permission denied for view v"), Status.UNKNOWN, "permission denied", "the grants"),
        (TimedOut("statement timeout"), Status.UNKNOWN, "no answer within", SLOW),
        (Locked("lock timeout"), Status.UNKNOWN, "somebody has locked", engine_module._LOCKED.hint),
        (QueryFailed("syntax error"), Status.UNKNOWN, "syntax error", ""),
        (ZeroDivisionError("client Müller"), Status.UNKNOWN, "ZeroDivisionError", "report it"),
    ],
)  # fmt: skip
def test_what_could_not_be_seen_is_never_fine(error: Exception, status: Status, says: str, hint: str) -> None:
    def fails(_session: object) -> Iterator[Finding]:
        raise error
        yield

    verdict = observe(runnable("x", fails, grants="the grants"), Blocking())
    assert (verdict.status, verdict.hint) == (status, hint)
    assert verdict.busy is isinstance(error, TimedOut)
    assert says in verdict.summary
    assert "Müller" not in verdict.summary
