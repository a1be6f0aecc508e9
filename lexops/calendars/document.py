"""A calendar as the JSON document of its revision, and back. Pure.

    {
        "periods": [{"zone": "Europe/London", "since": null, "week": [[[32400, 61200]], …]}],
        "days": [{"date": "2026-12-25", "name": "Christmas Day", "hours": [], "source": "ana"}]
    }

Hours are seconds on the wall clock since midnight. Reading takes nothing for granted: what it gives back can
be counted in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.model import DAY, Calendar, Day, Interval, Period

Document = dict[str, Any]
_YEARS = range(1970, 2200)
"""Business time is counted within them."""


class Unusable(ValueError):
    """A document is not what it was kept as: no calendar, or no policy."""


@contextmanager
def reading() -> Iterator[None]:
    """Whatever a document has that cannot be read is said as Unusable."""
    try:
        yield
    except Unusable:
        raise
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        raise Unusable(f"{type(error).__name__}: {error}") from None


def moment(text: str | None) -> datetime | None:
    """A moment of a document, aware; None stays None. Raises Unusable, or what reading it raises."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise Unusable(f"a moment in no zone: {text}")
    return found


def to_document(calendar: Calendar) -> Document:
    """The calendar without its name, days in order: the same calendar is always the same document."""
    return {
        "periods": [_period_document(period) for period in calendar.periods],
        "days": [_day_document(day) for _, day in sorted(calendar.days.items())],
    }


def from_document(name: str, document: Any) -> Calendar:
    """The calendar of a document. Raises Unusable that says what is wrong with it."""
    with reading():
        periods = tuple(_period(each) for each in document["periods"])
        days = [_day(each) for each in document["days"]]
    if not periods or periods[0].since is not None:
        raise Unusable("no hours from always on")
    since = [period.since for period in periods[1:]]
    if None in since or any(one >= other for one, other in pairwise(filter(None, since))):
        raise Unusable("the dates from which hours hold are not in order")
    return Calendar(name, periods, {day.date: day for day in days})


def _period_document(period: Period) -> Document:
    since = period.since.isoformat() if period.since else None
    return {"zone": period.zone.key, "since": since, "week": [_pairs(hours) for hours in period.week]}


def _day_document(day: Day) -> Document:
    return {
        "date": day.date.isoformat(),
        "name": day.name,
        "hours": _pairs(day.hours),
        "source": day.source,
    }


def _pairs(hours: Sequence[Interval]) -> list[list[int]]:
    return [[start, end] for start, end in hours]


def _period(document: Document) -> Period:
    since = document["since"]
    week = tuple(_hours(each) for each in document["week"])
    if len(week) != 7:
        raise Unusable(f"a week of {len(week)} days")
    return Period(ZoneInfo(document["zone"]), week, None if since is None else _date(since))


def _day(document: Document) -> Day:
    on = _date(document["date"])
    return Day(on, str(document["name"]), _hours(document["hours"]), str(document["source"]))


def _date(text: str) -> date:
    found = date.fromisoformat(text)
    if found.year not in _YEARS:
        raise Unusable(f"{found} is out of reach")
    return found


def _hours(pairs: Sequence[Sequence[int]]) -> tuple[Interval, ...]:
    hours = tuple((start, end) for start, end in pairs)
    edges = [edge for pair in hours for edge in pair]
    if not all(type(edge) is int for edge in edges):
        raise Unusable("hours that are no whole seconds")
    if edges != sorted(edges) or any(start == end for start, end in hours):
        raise Unusable("hours that are not in order")
    if edges and not 0 <= edges[0] < edges[-1] <= DAY:
        raise Unusable("hours outside of their day")
    return hours
