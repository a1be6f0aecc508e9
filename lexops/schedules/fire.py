"""Hands over what the schedules find due. Any number of workers may do so; a due time happens once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from lexops import crash
from lexops.clock import Clock, utc_text
from lexops.errors import LexOpsError, StoreError
from lexops.schedules import store as schedules
from lexops.schedules.model import Memory, Schedule
from lexops.schedules.plan import plan
from lexops.store import event
from lexops.store.database import Store

ABANDONED = timedelta(minutes=1)
"""Claimed so long ago and not handed over: who claimed it is gone."""
HANDED_OVER = "handed over"
OVERLAPPING = "skipped: the run before has not ended"

log = logging.getLogger(__name__)

Submit = Callable[[str, Mapping[str, object], str, str], None]
"""Asks the gate for an act: operation, arguments, operator, key. The same key never acts twice."""
IsRunning = Callable[[str], bool]
"""Whether the request of a key was made and has not ended."""


def fire(store: Store, clock: Clock, due: Iterable[Schedule], submit: Submit, is_running: IsRunning) -> None:
    """Look at every schedule once. Raises StoreError; a refusal or a fault is kept as the outcome."""
    for schedule in due:
        now = clock.now()
        with store.read() as connection:
            memory = schedules.recall(connection, schedule)
            left = schedules.abandoned(connection, schedule, now - ABANDONED)
        if not schedule.enabled:
            if memory is not None:
                with store.begin() as connection:
                    schedules.rest(connection, schedule)
        elif memory is None:
            with store.begin() as connection:
                schedules.begin(connection, schedule, now)
        else:
            key = left or _claimed(store, schedule, memory, now, is_running)
            if key is not None:
                _hand_over(store, schedule, key, now, submit)


def _claimed(
    store: Store, schedule: Schedule, memory: Memory, now: datetime, is_running: IsRunning
) -> str | None:
    """The key of a due time that is this worker's to hand over."""
    if memory.next_due > now:
        return None
    running = memory.last_key is not None and is_running(memory.last_key)
    found = plan(schedule, memory.next_due, now, running)
    if found.fire is None and found.next_due == memory.next_due:
        return None
    with store.begin() as connection:
        if not schedules.claim(connection, schedule, memory.next_due, found, now):
            return None
        if found.missed:
            told: dict[str, object] = {
                "times": found.missed,
                "because": OVERLAPPING if found.overlapping else "",
            }
            event.append(connection, now, "schedule.missed", schedule.name, told)
        if found.overlapping and memory.last_key is not None:
            schedules.tell(connection, schedule, memory.last_key, OVERLAPPING)
    return schedule.key(found.fire) if found.fire is not None else None


def _hand_over(store: Store, schedule: Schedule, key: str, now: datetime, submit: Submit) -> None:
    kind, outcome = "schedule.fired", HANDED_OVER
    try:
        submit(schedule.operation, schedule.arguments, schedule.operator, key)
    except StoreError:
        raise  # nothing is known; whoever looks next hands it over again, under the same key
    except LexOpsError as error:
        kind, outcome = "schedule.refused", f"refused: {error}"
        log.warning("the schedule %s was refused (%s)", schedule.name, type(error).__name__)
    except Exception as error:  # else the schedules after it would never have their turn
        kind, outcome = "schedule.failed", f"failed: {crash.sentence(crash.keep(error))}"
        log.warning("the schedule %s failed (%s)", schedule.name, type(error).__name__)
    with store.begin() as connection:
        schedules.tell(connection, schedule, key, outcome)
        told = {"key": key, "outcome": outcome, "at": utc_text(now)}
        event.append(connection, now, kind, schedule.name, told)
