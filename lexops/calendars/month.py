"""A calendar, day by day of a month: its hours, and what is special about a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.edit import period_on
from lexops.calendars.model import DAY, Calendar, Day, Interval, Period


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One date, in the zone that holds on it."""

    date: date
    hours: tuple[Interval, ...]
    """On the wall clock."""
    open: int
    """Seconds that really pass within the hours, from this midnight to the next."""
    length: int
    """Seconds of the whole day: 23 hours when the clocks go forward, 0 when the date was left out."""
    differs: Day | None
    """What it differs by from its weekday."""
    begins: Period | None
    """The entry of hours that holds from this date on."""

    @property
    def is_shifted(self) -> bool:
        return self.length != DAY


def month(calendar: Calendar, first: date) -> list[MonthDay]:
    """Every date of the month of `first`."""
    time = BusinessTime(calendar)
    begins: Mapping[date | None, Period] = {each.since: each for each in calendar.periods if each.since}
    start = first.replace(day=1)
    dates = [start + timedelta(days=n) for n in range(32)]
    end = next(place for place, each in enumerate(dates) if each.month != start.month)
    return [_day(time, on, after, begins.get(on)) for on, after in pairwise(dates[: end + 1])]


def _day(time: BusinessTime, on: date, after: date, begins: Period | None) -> MonthDay:
    calendar = time.calendar
    period, differs = period_on(calendar, on), calendar.days.get(on)
    return MonthDay(
        date=on,
        hours=period.week[on.weekday()] if differs is None else differs.hours,
        open=time.elapsed(_midnight(period, on), _midnight(period_on(calendar, after), after)),
        length=_midnight(period, after) - _midnight(period, on),
        differs=differs,
        begins=begins,
    )


def _midnight(period: Period, on: date) -> int:
    return seconds(datetime(on.year, on.month, on.day, tzinfo=period.zone))
