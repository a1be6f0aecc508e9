"""What is done about due and missed times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.schedules.model import Missed, Schedule
from lexops.schedules.plan import MOST, Plan, plan

DUE = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)


def _schedule(missed: Missed, cron: str = "15 2 * * *") -> Schedule:
    return Schedule("nightly", cron, ZoneInfo("UTC"), "check.run", {}, "ana", missed)


def _days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize("missed", Missed)
def test_before_its_time_nothing_happens_and_at_its_time_it_runs(missed: Missed) -> None:
    schedule = _schedule(missed)
    assert plan(schedule, DUE, DUE - timedelta(seconds=1), False) == Plan(None, DUE)
    assert plan(schedule, DUE, DUE + timedelta(seconds=4), False) == Plan(DUE, DUE + _days(1))


def test_missed_times_are_skipped_and_counted() -> None:
    found = plan(_schedule(Missed.SKIP), DUE, DUE + _days(3) + timedelta(hours=1), False)
    assert found == Plan(None, DUE + _days(4), missed=4)


def test_skipping_what_was_missed_does_not_skip_what_is_due_now() -> None:
    found = plan(_schedule(Missed.SKIP), DUE, DUE + _days(3), False)
    assert found == Plan(DUE + _days(3), DUE + _days(4), missed=3)


def test_missed_times_are_made_up_for_by_one_run() -> None:
    found = plan(_schedule(Missed.ONCE), DUE, DUE + _days(3) + timedelta(hours=1), False)
    assert found == Plan(DUE + _days(3), DUE + _days(4), missed=3)


def test_missed_times_are_made_up_for_each_one_after_the_other() -> None:
    schedule, now, due, fired = _schedule(Missed.ALL), DUE + _days(3), DUE, []
    while due <= now:
        found = plan(schedule, due, now, False)
        assert plan(schedule, due, now, True) == Plan(None, due)
        fired.append(found.fire)
        due = found.next_due
    assert fired == [DUE + _days(n) for n in range(4)]


def test_of_too_many_missed_times_only_the_newest_are_made_up_for() -> None:
    schedule = _schedule(Missed.ALL, "* * * * *")
    found = plan(schedule, DUE, DUE + timedelta(minutes=99), False)
    assert found.missed == 100 - MOST
    assert found.fire == DUE + timedelta(minutes=100 - MOST)


def test_after_a_week_away_only_the_newest_missed_times_are_made_up_for() -> None:
    schedule, now, due, fired = _schedule(Missed.ALL, "* * * * *"), DUE + _days(7), DUE, []
    while due <= now:
        found = plan(schedule, due, now, False)
        fired.append(found.fire)
        due = found.next_due
    assert fired == [now - timedelta(minutes=n) for n in reversed(range(MOST))]


@pytest.mark.parametrize("missed", [Missed.SKIP, Missed.ONCE])
def test_while_the_last_run_goes_on_a_due_time_is_skipped_and_said_so(missed: Missed) -> None:
    found = plan(_schedule(missed), DUE, DUE, is_running=True)
    assert found == Plan(None, DUE + _days(1), missed=1, overlapping=True)


@given(
    st.sampled_from(Missed),
    st.sampled_from(["15 2 * * *", "* * * * *", "0 */6 * * *"]),
    st.integers(0, 100_000),
    st.booleans(),
)
def test_no_due_time_is_run_for_twice_and_none_before_its_time(
    missed: Missed, cron: str, minutes: int, is_running: bool
) -> None:
    schedule = _schedule(missed, cron)
    due = DUE.replace(hour=0, minute=0) if cron.startswith("0") else DUE
    now = due + timedelta(minutes=minutes)
    found = plan(schedule, due, now, is_running)
    assert found.fire is None or (due <= found.fire <= now and found.fire < found.next_due)
    assert found.next_due >= due
    assert found.missed >= 0
    assert not (is_running and found.fire)
