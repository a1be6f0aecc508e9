"""Calendars and moments for tests, written as people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.calendars.business import BusinessTime, moment, seconds
from lexops.calendars.model import Calendar, Day, Period
from lexops.calendars.notation import parse_day, parse_week

LONDON = "Europe/London"
OFFICE = "mon-fri 09:00-17:00"


def period(hours: str, zone: str = LONDON, since: str | None = None) -> Period:
    return Period(ZoneInfo(zone), parse_week(hours), date.fromisoformat(since) if since else None)


def day(on: str, hours: str = "", source: str = "") -> Day:
    return Day(date.fromisoformat(on), "differs", parse_day(hours) if hours else (), source)


def calendar(hours: str = OFFICE, zone: str = LONDON, *days: Day, later: tuple[Period, ...] = ()) -> Calendar:
    return Calendar("test", (period(hours, zone), *later), {each.date: each for each in days})


class Wall:
    """Business time asked and answered on the wall clock of the calendar's first zone."""

    def __init__(self, calendar: Calendar) -> None:
        self.time = BusinessTime(calendar)
        self.zone = calendar.periods[0].zone

    def elapsed(self, start: str, end: str) -> timedelta:
        return timedelta(seconds=self.time.elapsed(self.second(start), self.second(end)))

    def due(self, start: str, **budget: float) -> str:
        found = self.time.due(self.second(start), int(timedelta(**budget).total_seconds()))
        return f"{moment(found).astimezone(self.zone):%a %Y-%m-%d %H:%M:%S %Z}"

    def second(self, text: str) -> int:
        """A local time, or with a Z or an offset that moment."""
        found = datetime.fromisoformat(text)
        return seconds(found if found.tzinfo else found.replace(tzinfo=self.zone))


def wall(hours: str = OFFICE, zone: str = LONDON, *days: Day, later: tuple[Period, ...] = ()) -> Wall:
    return Wall(calendar(hours, zone, *days, later=later))
