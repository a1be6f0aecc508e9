"""Forecasts and rhythms as checks, on a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lexops.checks import retention
from lexops.checks.assignment import assignments
from lexops.checks.contract import Forecast, Metric, Observation, RunnableCheck, SQLite, Usual, check
from lexops.checks.engine import observe
from lexops.checks.foresight import foreseen
from lexops.checks.history import History, step_for
from lexops.checks.model import Outcome, Status, Verdict
from lexops.checks.registry import Registry
from lexops.checks.state import advance
from lexops.checks.store import Recorder, assign
from lexops.checks.thresholds import levels
from lexops.config import Settings
from lexops.store.database import Store
from tests.clock import ManualClock

GIB = 2**30


@check(
    "sqlite.fill",
    target=SQLite,
    every="5m",
    warn="80%",
    crit="90%",
    trends=(Forecast("used"), Usual("rows", least=10)),
    mend="Make room.",
)
def fill(db: SQLite) -> Iterator[Observation]:
    """Disk fills up.

    What it looks at.

    Why that matters.
    """
    yield Metric("used", 1, "B", limit=100)


@check("sqlite.left", target=SQLite, every="5m", warn="10%:", crit="5%:", trends=(Forecast("files"),))
def left(db: SQLite) -> Iterator[Observation]:
    """Files run out.

    What.

    Why.
    """
    yield Metric("files", 1, limit=100)


SITE = {"site": {"name": "T"}, "targets": {"db": {"kind": "sqlite", "url": "sqlite:///x.db"}}}
SETTINGS = Settings.model_validate(SITE)
FORECAST, UNUSUAL = foreseen(fill)
[LEFT] = foreseen(left)


class Past:
    """What a target's checks have measured."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self._recorder = store, clock, Recorder()
        registry = Registry()
        for each in (fill, left):
            registry.add(each)
        assigned, wrong = assignments(SETTINGS, registry.checks)
        assert wrong == {}
        with store.begin() as connection:
            assign(connection, assigned, clock.now())

    def measure(
        self,
        runnable: RunnableCheck,
        since: timedelta,
        metric: Callable[[datetime], Metric],
        every: int = 5,
        wanted: Callable[[datetime], bool] = lambda at: True,
    ) -> None:
        """Let the check have measured every few minutes until now, at the moments that are wanted."""
        now = self.clock.now()
        count = int(since / timedelta(minutes=every))
        with self.store.begin() as connection:
            for age in reversed(range(count + 1)):
                at = now - age * timedelta(minutes=every)
                if not wanted(at):
                    continue
                verdict = Verdict(Status.OK, "", metrics=(metric(at),))
                outcome = Outcome("db", runnable.check, verdict, at, at, 0.0)
                self._recorder.keep(connection, outcome, None, advance(None, outcome))
            retention.roll_up(connection, now + retention.WAIT)

    def look(self, runnable: RunnableCheck) -> Verdict:
        return observe(runnable, History(self.store, "db", self.clock))


@pytest.fixture
def past(store: Store, clock: ManualClock) -> Past:
    return Past(store, clock)


def _growing(clock: ManualClock, per_hour: float, level: float, name: str = "used") -> Callable[..., Metric]:
    end = clock.now()

    def metric(at: datetime) -> Metric:
        hours = (end - at) / timedelta(hours=1)
        return Metric(name, (level - per_hour * hours) * GIB, "B", limit=100 * GIB, item="/")

    return metric


def test_a_check_with_trends_becomes_three() -> None:
    registry = Registry()
    registry.add(fill)
    assert list(registry.checks) == ["sqlite.fill", "sqlite.fill-forecast", "sqlite.fill-unusual"]
    forecast = registry.checks["sqlite.fill-forecast"].check
    assert forecast.title == "Disk fills up soon"
    assert (forecast.mend, forecast.why, forecast.area) == (fill.check.mend, fill.check.why, fill.check.area)
    assert registry.checks["sqlite.fill-unusual"].check.title == "Unusual rows"
    assert registry.broken == {}


def test_a_disk_that_will_be_full_within_a_day_warns_and_says_when(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(hours=8), _growing(clock, 3.0, 70.0))
    verdict = past.look(FORECAST)
    assert verdict.status is Status.WARNING
    assert "/: reaches 100 GiB about 2026-03-02 19:" in verdict.summary
    assert "between" in verdict.summary


def test_it_is_critical_only_when_little_is_free_as_well(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(hours=8), _growing(clock, 8.0, 75.0))
    assert past.look(FORECAST).status is Status.WARNING
    clock.advance(hours=9)
    past.measure(fill, timedelta(hours=8), _growing(clock, 8.0, 85.0))
    assert past.look(FORECAST).status is Status.CRITICAL


def test_a_disk_that_stands_still_is_fine(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(hours=8), _growing(clock, 0.0, 70.0))
    assert past.look(FORECAST).status is Status.OK


def test_less_than_two_hours_say_nothing_yet(past: Past, clock: ManualClock) -> None:
    assert past.look(FORECAST).status is Status.PENDING
    past.measure(fill, timedelta(minutes=80), _growing(clock, 5.0, 70.0))
    verdict = past.look(FORECAST)
    assert verdict.status is Status.PENDING
    assert "30 min to go" in verdict.summary


def test_after_a_gap_nothing_is_said(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(hours=8), _growing(clock, 5.0, 70.0))
    clock.advance(hours=2)
    assert past.look(FORECAST).status is Status.PENDING


def test_what_must_not_run_out_is_foreseen_downwards(past: Past, clock: ManualClock) -> None:
    end = clock.now()
    past.measure(
        left,
        timedelta(hours=8),
        lambda at: Metric("files", 100 + 50 * ((end - at) / timedelta(hours=1)), limit=1000),
    )
    verdict = past.look(LEFT)
    assert verdict.status is Status.CRITICAL
    assert "about 2026-03-02 11:" in verdict.summary


def test_a_site_may_have_its_own_times(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(hours=8), _growing(clock, 3.0, 70.0))
    stricter = FORECAST.overridden(levels=levels("2h:", "1h:"))
    assert past.look(stricter).status is Status.OK


def test_the_same_height_yesterday_is_no_alarm(past: Past, clock: ManualClock) -> None:
    def nightly(at: datetime) -> Metric:
        return Metric("used", (40 + 5 * ((at.hour - 3) % 24 + at.minute / 60) % 10) * GIB, "B", 100 * GIB)

    past.measure(fill, timedelta(hours=32), nightly)
    assert past.look(FORECAST).status is Status.OK


def test_a_rhythm_needs_weeks(past: Past, clock: ManualClock) -> None:
    def rows(at: datetime) -> Metric:
        return Metric("rows", 100.0 + 50 * (at.hour >= 8) + at.minute / 10)

    clock.jump(datetime(2026, 3, 19, 10, 0, tzinfo=clock.now().tzinfo))
    past.measure(fill, timedelta(days=5), rows)
    assert past.look(UNUSUAL).status is Status.PENDING


@pytest.mark.parametrize(
    ("times", "status"), [(1.0, Status.OK), (3.0, Status.WARNING), (0.2, Status.WARNING)]
)
def test_only_what_is_far_from_other_weeks_is_unusual(
    past: Past, clock: ManualClock, times: float, status: Status
) -> None:
    clock.jump(datetime(2026, 3, 26, 10, 0, tzinfo=clock.now().tzinfo))
    end = clock.now()

    def rows(at: datetime) -> Metric:
        lately = times if end - at < timedelta(hours=1) else 1.0
        return Metric("rows", (100.0 + 50 * (at.hour >= 8) + at.minute / 10) * lately)

    past.measure(fill, timedelta(days=29), rows, wanted=lambda at: at.weekday() == 3 and 7 <= at.hour < 11)
    verdict = past.look(UNUSUAL)
    assert verdict.status is status
    assert "usually" in verdict.summary or status is Status.OK


def test_month_ends_are_not_compared(past: Past, clock: ManualClock) -> None:
    clock.jump(datetime(2026, 3, 31, 10, 0, tzinfo=clock.now().tzinfo))
    past.measure(fill, timedelta(hours=1), lambda at: Metric("rows", 1.0))
    verdict = past.look(UNUSUAL)
    assert verdict.status is Status.PENDING
    assert "month end" in verdict.summary


def test_a_check_that_is_switched_off_takes_its_forecast_with_it() -> None:
    registry = Registry()
    registry.add(fill)
    off = Settings.model_validate(SITE | {"checks": {"sqlite.fill": {"enabled": False}}})
    assert assignments(off, registry.checks)[0] == []
    only = Settings.model_validate(SITE | {"checks": {"sqlite.fill-forecast": {"enabled": False}}})
    kept = [a.runnable.check.id for a in assignments(only, registry.checks)[0]]
    assert kept == ["sqlite.fill", "sqlite.fill-unusual"]


def test_no_site_has_a_target_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="that of LexOps itself"):
        Settings.model_validate(
            {"site": {"name": "T"}, "targets": {"lexops": {"kind": "sqlite", "url": "sqlite:///x.db"}}}
        )


def test_the_past_is_read_in_the_step_that_reaches_back() -> None:
    assert [step_for(timedelta(days=days)) for days in (1, 7, 60, 1000)] == [0, 300, 3600, 86_400]


def test_rollups_go_up_to_days(past: Past, clock: ManualClock) -> None:
    past.measure(fill, timedelta(days=3), _growing(clock, 0.1, 50.0), every=30)
    history = History(past.store, "db", clock)
    for step, least in ((0, 144), (300, 144), (3600, 72), (86_400, 2)):
        [track] = history.tracks("sqlite.fill", "used", timedelta(days=4), step)
        assert len(track.points) >= least


def test_a_forecast_follows_the_interval_that_the_site_gives_its_parent(
    past: Past, clock: ManualClock
) -> None:
    registry = Registry()
    registry.add(fill)
    hourly = {"sqlite.fill": {"every": "1h"}, "sqlite.fill-forecast": {"warn": "12h:"}}
    assigned, wrong = assignments(Settings.model_validate(SITE | {"checks": hourly}), registry.checks)
    assert wrong == {}
    parent, ahead, unusual = (a.runnable for a in assigned)
    assert {each.check.every for each in (parent, ahead, unusual)} == {timedelta(hours=1)}
    past.measure(parent, timedelta(hours=5), _growing(clock, 3.0, 70.0), every=60)
    verdict = past.look(ahead)
    assert verdict.status is Status.PENDING
    assert "needs 8 h 00 without a gap" in verdict.summary
    clock.advance(hours=20)
    past.measure(parent, timedelta(hours=19), _growing(clock, 3.0, 70.0), every=60)
    verdict = past.look(ahead)
    assert verdict.status is Status.WARNING
    assert "reaches 100 GiB" in verdict.summary


def test_what_is_looked_at_too_rarely_for_hours_is_not_compared(past: Past) -> None:
    registry = Registry()
    registry.add(fill)
    settings = Settings.model_validate(SITE | {"checks": {"sqlite.fill": {"every": "2h"}}})
    unusual = assignments(settings, registry.checks)[0][-1].runnable
    assert past.look(unusual).status is Status.NOT_APPLICABLE


def test_a_threshold_that_is_none_spoils_no_forecast() -> None:
    registry = Registry()
    registry.add(fill)
    settings = Settings.model_validate(SITE | {"checks": {"sqlite.fill": {"warn": "many"}}})
    assigned, wrong = assignments(settings, registry.checks)
    assert list(wrong) == ["[checks.sqlite.fill]"]
    assert len(assigned) == 3
