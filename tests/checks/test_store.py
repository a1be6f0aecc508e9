"""What is kept of checks: results as runs, metrics with rollups, findings, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lexops.checks import read, retention
from lexops.checks import store as checks
from lexops.checks.contract import Assignment, RunnableCheck
from lexops.checks.model import Area, Check, Finding, Metric, Outcome, Status, Verdict
from lexops.checks.state import State, advance
from lexops.checks.tables import finding_table, point_table, result_table
from lexops.checks.view import CheckDetail
from lexops.store.database import Store
from lexops.targets.model import Kind
from tests.clock import START, ManualClock

CHECK = Check("a.b", "Title", Area.HEALTH, frozenset({Kind.SQLITE}), every=timedelta(minutes=1), attempts=1)


class Keeper:
    """Feeds one check's outcomes into a store, minute by minute."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, ManualClock()
        self.state: State | None = None
        self.recorder = checks.Recorder()
        runnable = RunnableCheck(CHECK, lambda _session: [])
        with store.begin() as connection:
            checks.assign(connection, [Assignment("db", Kind.SQLITE, "demo", runnable)], START)

    def keep(
        self,
        status: Status = Status.OK,
        *metrics: Metric,
        findings: tuple[Finding, ...] = (),
        total: int = 0,
        minutes: float = 1,
        took: float = 0,
        memory: dict[str, object] | None = None,
    ) -> None:
        told = f"it is {status}"
        verdict = Verdict(
            status, told, metrics=metrics, findings=findings, total=total or len(findings), memory=memory
        )
        began = self.clock.now() - timedelta(seconds=took)
        outcome = Outcome("db", CHECK, verdict, began, began, took)
        before, self.state = self.state, advance(self.state, outcome)
        with self.store.begin() as connection:
            self.recorder.keep(connection, outcome, before, self.state)
        self.clock.advance(minutes=minutes)

    def detail(self, back: timedelta = timedelta(days=1)) -> CheckDetail:
        with self.store.read() as connection:
            fleet = read.fleet(connection, self.clock.now())
            return read.detail(connection, CHECK, fleet.checks[0], fleet, self.clock.now() - back)


@pytest.fixture
def keeper(store: Store) -> Keeper:
    return Keeper(store)


def test_equal_results_are_one_run_and_a_gap_begins_another(keeper: Keeper) -> None:
    for status in (Status.OK, Status.OK, Status.CRITICAL, Status.CRITICAL, Status.OK):
        keeper.keep(status)
    keeper.clock.advance(hours=1)
    keeper.keep(Status.OK)
    history = [(run.status, run.times) for run in keeper.detail().history]
    assert history == [(Status.OK, 1), (Status.OK, 1), (Status.CRITICAL, 2), (Status.OK, 2)]


def test_the_state_survives_a_restart(keeper: Keeper, store: Store) -> None:
    keeper.keep(Status.WARNING)
    with store.read() as connection:
        assert checks.states(connection)["db", "a.b"] == keeper.state


def test_metrics_are_kept_per_item_with_unit_and_newest_limit(keeper: Keeper) -> None:
    keeper.keep(Status.OK, Metric("used", 1, "B", 10, "/"), Metric("used", 2, "B", 10, "/var"))
    keeper.keep(Status.OK, Metric("used", 3, "B", 20, "/"), Metric("used", float("nan"), "B", 10, "/var"))
    root, var = keeper.detail().series
    assert (root.item, root.unit, root.limit, [p.mean for p in root.points]) == ("/", "B", 20.0, [1.0, 3.0])
    assert [p.mean for p in var.points] == [2.0]


def test_judged_numbers_come_before_those_that_are_only_kept(keeper: Keeper) -> None:
    keeper.keep(Status.OK, Metric("a_detail", 1, info=True), Metric("question", 2))
    assert [(s.metric, s.info) for s in keeper.detail().series] == [("question", False), ("a_detail", True)]


def test_rollups_keep_least_mean_and_greatest_of_complete_spans(keeper: Keeper, store: Store) -> None:
    for value in range(130):
        keeper.keep(Status.OK, Metric("n", float(value)))
    for _ in range(2):
        with store.begin() as connection:
            retention.roll_up(connection, keeper.clock.now() + retention.WAIT)
    with store.read() as connection:
        rows = connection.execute(select(point_table).where(point_table.c.step == 3600)).all()
        five = connection.scalar(select(func.count()).where(point_table.c.step == 300))
    assert [(row.low, row.mean, row.high, row.times) for row in rows] == [
        (0, 29.5, 59, 60),
        (60, 89.5, 119, 60),
    ]
    assert five == 26


def test_old_things_are_forgotten_and_rollups_stay(keeper: Keeper, store: Store) -> None:
    for value in range(61):
        keeper.keep(Status.OK, Metric("n", float(value)))
    later = keeper.clock.now() + timedelta(days=10)
    with store.begin() as connection:
        retention.roll_up(connection, keeper.clock.now())
        retention.forget(connection, later, timedelta(days=90), timedelta(days=7))
    keeper.clock.jump(later)
    assert keeper.detail(timedelta(hours=20)).series[0].points == ()
    assert len(keeper.detail(timedelta(days=12)).series[0].points) > 10
    assert keeper.detail().history
    with store.begin() as connection:
        retention.forget(connection, later + timedelta(days=90), timedelta(days=90), timedelta(days=7))
    assert keeper.detail().history == ()


def test_findings_know_since_when_and_are_cleared(keeper: Keeper, store: Store) -> None:
    one, two = Finding("1", "one"), Finding("2", "two")
    keeper.keep(Status.WARNING, findings=(one, two))
    keeper.keep(Status.WARNING, findings=(two,))
    keeper.keep(Status.UNKNOWN)
    with store.read() as connection:
        columns = finding_table.c
        rows = {
            row.key: row
            for row in connection.execute(select(columns.key, columns.first_seen, columns.cleared))
        }
    assert rows["2"].cleared is None, "not having seen it does not clear it"
    assert rows["2"].first_seen == START
    assert rows["1"].cleared == START + timedelta(minutes=1)


def test_findings_beyond_those_kept_are_not_taken_for_mended(keeper: Keeper, store: Store) -> None:
    one, two = Finding("1", "one"), Finding("2", "two")
    keeper.keep(Status.WARNING, findings=(one, two))
    keeper.keep(Status.WARNING, findings=(two,), total=500)
    with store.read() as connection:
        columns = finding_table.c
        assert connection.scalar(select(func.count()).where(columns.cleared.is_not(None))) == 0


def test_the_ribbon_shows_the_worst_of_each_hour_and_nothing_where_nobody_looked(
    keeper: Keeper, store: Store
) -> None:
    keeper.keep(Status.CRITICAL)
    keeper.keep(Status.OK)
    keeper.clock.advance(hours=3)
    keeper.keep(Status.OK)
    with store.read() as connection:
        (target,) = read.fleet(connection, keeper.clock.now()).targets
    seen = [status for status in target.ribbon if status]
    assert seen == [Status.CRITICAL, Status.OK]
    assert target.ribbon[-1] is Status.OK
    assert target.ribbon[0] is None


def test_evidence_comes_back_as_it_was(keeper: Keeper) -> None:
    keeper.keep(Status.WARNING, findings=(Finding("1", "one", Status.WARNING, {"total": "1,234.56"}),))
    assert keeper.detail().findings == (Finding("1", "one", Status.WARNING, {"total": "1,234.56"}),)


def test_a_removed_check_leaves_the_list_and_its_history_stays(keeper: Keeper, store: Store) -> None:
    keeper.keep(Status.OK)
    with store.begin() as connection:
        checks.assign(connection, [], START)
    with store.read() as connection:
        assert read.fleet(connection, START).checks == ()
        assert connection.scalar(select(func.count()).select_from(result_table)) == 1


def test_what_a_check_keeps_is_there_after_a_look_that_kept_nothing(keeper: Keeper) -> None:
    keeper.keep(Status.OK, memory={"kept": {"offset": 7}})
    keeper.keep(Status.UNKNOWN)
    with keeper.store.read() as connection:
        assert checks.memories(connection) == {("db", CHECK.id): {"kept": {"offset": 7}}}
    keeper.keep(Status.OK, memory={})
    with keeper.store.read() as connection:
        assert checks.memories(connection) == {}


def test_a_look_that_took_long_is_summed_up_like_any_other(keeper: Keeper, store: Store) -> None:
    for value in range(20):
        keeper.keep(Status.OK, Metric("n", float(value)))
    with store.begin() as connection:
        retention.roll_up(connection, keeper.clock.now())
    keeper.keep(Status.OK, Metric("slow", 5.0), minutes=10, took=1200)
    with store.begin() as connection:
        retention.roll_up(connection, keeper.clock.now())
    found = {series.metric: series.points for series in keeper.detail(timedelta(days=10)).series}
    assert [point.mean for point in found["slow"]] == [5.0]


def test_a_span_is_summed_up_when_its_last_looks_are_kept(keeper: Keeper, store: Store) -> None:
    keeper.keep(Status.OK, Metric("n", 1.0), minutes=4)
    with store.begin() as connection:
        retention.roll_up(connection, START + timedelta(minutes=5, seconds=10))
    keeper.keep(Status.OK, Metric("n", 3.0), minutes=9)
    with store.begin() as connection:
        retention.roll_up(connection, keeper.clock.now())
    [series] = keeper.detail(timedelta(days=10)).series
    assert [point.mean for point in series.points] == [2.0]
