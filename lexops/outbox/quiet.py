"""When a message may reach somebody: quiet hours on the wall clock of the person. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import ALWAYS, Unreadable, parse_week, show_week
from lexops.outbox.model import Habits, Urgency

LONGEST = 200
"""Characters of quiet hours that are kept."""
_FURTHEST = timedelta(days=9)
"""Quiet hours come back every week, so an end that is further away is none."""


def free_from(habits: Habits, urgency: Urgency, priority: str, now: datetime) -> datetime:
    """From when on a message may go: now, or the end of the quiet hours.

    A page of an incident as important as `wakes`, or of none, goes at any hour: somebody has to act. In the
    night in which the clocks change quiet hours end when the person's clock says so.
    """
    if not habits.quiet or wakes(habits, urgency, priority):
        return now
    try:
        hours = _hours(habits.quiet, habits.zone)
    except (ValueError, KeyError):  # a zone that this machine no longer knows: rather told than not
        return now
    return max(now, _end(hours, now))


def wakes(habits: Habits, urgency: Urgency, priority: str) -> bool:
    """Whether a message goes in quiet hours too."""
    return urgency is Urgency.PAGE and (not priority or priority <= habits.wakes)


def _end(hours: BusinessTime, now: datetime) -> datetime:
    """The end of the quiet hours that hold now; now when none do."""
    at, last = seconds(now), seconds(now + _FURTHEST)
    end = at
    while end < last and hours.is_open(end):
        # Spans are cut at the turn of the year: the next one may begin where this one ends.
        end = next(hours.spans(end, last))[1]
    return now if end == at or end >= last else moment(end)


@lru_cache(maxsize=256)
def _hours(quiet: str, zone: str) -> BusinessTime:
    return BusinessTime(Calendar("quiet", (Period(ZoneInfo(zone), parse_week(quiet)),)))


def plain(quiet: str) -> str:
    """Quiet hours as they are kept.

    Raises ValueError: Unreadable, also when they are longer than can be kept, or when no hour would be left.
    """
    week = parse_week(quiet)
    shown = show_week(week)
    if shown == ALWAYS:
        raise ValueError("somebody who is always quiet never hears of anything")
    if len(shown) > LONGEST:
        hint = "days with the same hours go together: mon-fri 22:00-07:00"
        raise Unreadable(f"written out they are longer than {LONGEST} characters", hint)
    return shown
