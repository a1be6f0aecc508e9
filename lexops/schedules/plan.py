"""What is to be done about a schedule now. Pure.

A schedule never overlaps itself: while its last run has not ended, a due time is skipped and counted, or with
`all` it waits. At most one run begins at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from lexops.schedules.cron import dues, latest_due, latest_dues, next_due
from lexops.schedules.model import Missed, Schedule

ON_TIME = timedelta(minutes=2)
"""A due time this recent is not missed: the worker looks every few seconds, and may be restarted."""
MOST = 24
"""So many missed times are made up for at most; older ones are skipped."""
MOST_COUNTED = 1000
"""Missed times are counted up to here; a minute's schedule after a year off has half a million."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a look at the clock."""

    fire: datetime | None
    """The due time to run for, if any."""
    next_due: datetime
    missed: int = 0
    """How many due times pass with this without a run of their own."""
    overlapping: bool = False
    """Whether they pass because the last run has not ended."""


def plan(schedule: Schedule, due: datetime, now: datetime, is_running: bool) -> Plan:
    """What to do about a schedule whose next due time is `due`."""
    if due > now:
        return Plan(None, due)
    cron, zone = schedule.cron, schedule.zone
    passed = [due, *takewhile(lambda at: at <= now, islice(dues(cron, zone, due), MOST_COUNTED - 1))]
    if schedule.missed is Missed.ALL:
        return _one_of(passed, schedule, now, is_running)
    latest = latest_due(cron, zone, now)
    following = next_due(cron, zone, now)
    if is_running:
        return Plan(None, following, len(passed), overlapping=True)
    if schedule.missed is Missed.SKIP and now - latest > ON_TIME:
        return Plan(None, following, len(passed))
    return Plan(latest, following, len(passed) - 1)


def _one_of(passed: list[datetime], schedule: Schedule, now: datetime, is_running: bool) -> Plan:
    """Make up for the oldest, unless there are too many: then for the oldest of the newest."""
    too_old = max(0, len(passed) - MOST)
    waiting = latest_dues(schedule.cron, schedule.zone, now, MOST) if too_old else passed
    if is_running:
        return Plan(None, waiting[0], too_old)
    following = waiting[1] if len(waiting) > 1 else next_due(schedule.cron, schedule.zone, waiting[0])
    return Plan(waiting[0], following, too_old)
