"""Schedules and the store: a due time happens once, whoever looks and whatever breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lexops.clock import utc_text
from lexops.config import load
from lexops.errors import ConfigError, Refused, StoreError
from lexops.schedules import store as schedules
from lexops.schedules.fire import ABANDONED, HANDED_OVER, OVERLAPPING, fire
from lexops.schedules.model import Missed, Schedule
from lexops.schedules.model import schedules as of_file
from lexops.schedules.plan import Plan
from lexops.store import event
from lexops.store.database import Store
from tests.clock import ManualClock
from tests.sites import write_site
from tests.waiting import PATIENCE

HOURLY = Schedule("hourly", "0 * * * *", ZoneInfo("UTC"), "check.run", {"target": "db"}, "ana", Missed.ONCE)


class Gate:
    """Takes what is handed over, as the gate does: the same key acts once."""

    def __init__(self, *errors: Exception) -> None:
        self.asked: list[str] = []
        self.running: set[str] = set()
        self.errors = list(errors)

    def submit(self, operation: str, arguments: Mapping[str, object], operator: str, key: str) -> None:
        assert (operation, arguments, operator) == ("check.run", {"target": "db"}, "ana")
        if self.errors:
            raise self.errors.pop(0)
        self.asked.append(key)

    def look(self, store: Store, clock: ManualClock, *due: Schedule) -> None:
        fire(store, clock, due or (HOURLY,), self.submit, lambda key: key in self.running)


def _view(store: Store, clock: ManualClock, schedule: Schedule = HOURLY) -> schedules.ScheduleView:
    with store.read() as connection:
        (found,) = schedules.views(connection, [schedule], clock.now())
    return found


def _events(store: Store) -> list[str]:
    with store.read() as connection:
        return [e.kind for e in event.after(connection, 0)]


def _next_hour(clock: ManualClock) -> datetime:
    return clock.now().replace(minute=0, second=0) + timedelta(hours=1)


def test_a_due_time_is_handed_over_once_and_the_next_is_planned(store: Store, clock: ManualClock) -> None:
    gate = Gate()
    gate.look(store, clock)
    assert gate.asked == [] and _view(store, clock).next_due == _next_hour(clock)
    due = _next_hour(clock)
    clock.advance(hours=1, seconds=3)
    gate.look(store, clock)
    gate.look(store, clock)
    assert gate.asked == [f"schedule:hourly:{utc_text(due)}"]
    view = _view(store, clock)
    assert (view.last_due, view.last_outcome, view.missed) == (due, HANDED_OVER, 0)
    assert view.next_due == due + timedelta(hours=1)
    assert _events(store) == ["schedule.fired"]


def test_two_workers_that_look_at_the_same_moment_hand_a_due_time_over_once(
    store: Store, clock: ManualClock
) -> None:
    gate = Gate()
    gate.look(store, clock)
    for _ in range(5):
        clock.advance(hours=1)
        start = threading.Barrier(4)

        def look(start: threading.Barrier = start) -> None:
            start.wait(PATIENCE)
            gate.look(store, clock)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert len(gate.asked) == len(set(gate.asked)) == 5


def test_of_two_claims_of_what_was_seen_due_one_fails(store: Store, clock: ManualClock) -> None:
    due = _next_hour(clock)
    with store.begin() as connection:
        schedules.begin(connection, HOURLY, clock.now())
    found = Plan(due, due + timedelta(hours=1))
    with store.begin() as connection:
        assert schedules.claim(connection, HOURLY, due, found, clock.now())
        assert not schedules.claim(connection, HOURLY, due, found, clock.now())


def test_a_refusal_is_kept_as_the_outcome_and_told(store: Store, clock: ManualClock) -> None:
    gate = Gate(Refused("ana may not"))
    gate.look(store, clock)
    clock.advance(hours=1)
    gate.look(store, clock)
    assert _view(store, clock).last_outcome == "refused: ana may not"
    assert _events(store) == ["schedule.refused"]
    clock.advance(hours=1)
    gate.look(store, clock)
    assert len(gate.asked) == 1 and _view(store, clock).last_outcome == HANDED_OVER


def test_a_fault_in_one_schedule_is_its_outcome_and_the_others_have_their_turn(
    store: Store, clock: ManualClock
) -> None:
    gate, later = Gate(ZeroDivisionError("a client's name")), replace(HOURLY, name="later")
    gate.look(store, clock, HOURLY, later)
    clock.advance(hours=1)
    gate.look(store, clock, HOURLY, later)
    outcome = _view(store, clock).last_outcome or ""
    assert outcome.startswith("failed: LexOps failed unexpectedly (reference ") and "client" not in outcome
    assert _view(store, clock, later).last_outcome == HANDED_OVER
    assert _events(store) == ["schedule.failed", "schedule.fired"]


def test_what_a_dead_worker_claimed_and_did_not_hand_over_is_handed_over_by_another(
    store: Store, clock: ManualClock
) -> None:
    gate = Gate(StoreError("gone"))
    gate.look(store, clock)
    due = _next_hour(clock)
    clock.advance(hours=1)
    with pytest.raises(StoreError):
        gate.look(store, clock)
    gate.look(store, clock)
    assert gate.asked == []
    clock.jump(clock.now() + ABANDONED + timedelta(seconds=1))
    gate.look(store, clock)
    gate.look(store, clock)
    assert gate.asked == [HOURLY.key(due)]


def test_while_the_run_before_goes_on_the_next_is_skipped_and_says_so(
    store: Store, clock: ManualClock
) -> None:
    gate = Gate()
    gate.look(store, clock)
    clock.advance(hours=1)
    gate.look(store, clock)
    gate.running = set(gate.asked)
    clock.advance(hours=1)
    gate.look(store, clock)
    view = _view(store, clock)
    assert (len(gate.asked), view.missed, view.last_outcome) == (1, 1, OVERLAPPING)
    assert _events(store) == ["schedule.fired", "schedule.missed"]
    gate.running.clear()
    clock.advance(hours=1)
    gate.look(store, clock)
    assert len(gate.asked) == 2


def test_a_night_without_a_worker_is_made_up_for_once(store: Store, clock: ManualClock) -> None:
    gate = Gate()
    gate.look(store, clock)
    clock.advance(hours=9, minutes=30)
    gate.look(store, clock)
    gate.look(store, clock)
    assert len(gate.asked) == 1
    assert _view(store, clock).missed == 8


def test_a_schedule_that_was_changed_or_rested_has_missed_nothing(store: Store, clock: ManualClock) -> None:
    gate = Gate()
    gate.look(store, clock)
    clock.advance(hours=5)
    gate.look(store, clock, replace(HOURLY, cron="30 * * * *"))
    assert gate.asked == []
    clock.advance(hours=5)
    gate.look(store, clock, replace(HOURLY, enabled=False))
    assert _view(store, clock, replace(HOURLY, enabled=False)).next_due is None
    gate.look(store, clock)
    assert gate.asked == []
    clock.advance(hours=1)
    gate.look(store, clock)
    assert len(gate.asked) == 1


def _schedules(folder: Path, lines: Iterable[str]) -> tuple[Schedule, ...]:
    text = "\n".join(["[schedules.nightly-check]", 'operation = "check.run"', 'operator = "ana"', *lines])
    return of_file(load(write_site(folder, text)))


def test_schedules_are_read_from_the_site_s_file(tmp_path: Path) -> None:
    (found,) = _schedules(
        tmp_path, ['cron = "@daily"', 'zone = "Europe/Zurich"', 'arguments = {target = "db"}']
    )
    assert (found.cron, found.zone.key, found.missed) == ("0 0 * * *", "Europe/Zurich", Missed.ONCE)
    assert found.arguments == {"target": "db"}
    (found,) = _schedules(tmp_path, ['cron = "15 2 * * *"'])
    assert found.zone.key == "UTC"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('cron = "15 2 * *"', "is no cron expression"),
        ('cron = "0 15 2 * * *"', "is no cron expression"),
        ('cron = "61 2 * * *"', "bad minute"),
        ('cron = "0 0 31 2 *"', "bad day-of-month"),
        ('cron = "@daily"\nzone = "Europe/Zürich"', "is no time zone"),
        ('cron = "@daily"\nmissed = "never"', "missed"),
    ],
)
def test_a_bad_schedule_is_one_line_with_file_key_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _schedules(tmp_path, [line])
    told = str(refused.value)
    assert told.startswith(f"{tmp_path / 'lexops.toml'}: [schedules.nightly-check] ") and reason in told
    assert "\n" not in told
