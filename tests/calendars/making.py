"""Calendars that nobody would think of, for hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from lexops.calendars.business import seconds
from lexops.calendars.model import DAY, Calendar, Day, Interval, Period

CHANGES = {
    "Europe/London": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "America/Sao_Paulo": ("2017-10-15T03:00", "2018-02-18T02:00"),
    "Antarctica/Troll": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Asia/Kathmandu": ("2026-06-01T18:15", "2026-12-31T18:15"),
}
"""Zones whose clocks change by an hour, half an hour, two hours, at midnight, or never; and when."""

_minutes = st.integers(0, 24 * 60).map(lambda minute: minute * 60)


@st.composite
def day_hours(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Hours of a date, to the minute, that could be typed: nothing ends at 23:59."""
    edges = sorted(draw(st.lists(_minutes, max_size=6, unique=True)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple((start, end) for start, end in pairs if end != DAY - 60)


weeks = st.tuples(*[day_hours()] * 7).filter(any)


@st.composite
def moments(draw: st.DrawFn, zone: str, days: int = 3) -> int:
    """A second within some days of a change of the clocks."""
    change = draw(st.sampled_from(CHANGES[zone]))
    near = seconds(datetime.fromisoformat(change).replace(tzinfo=UTC))
    return near + draw(st.integers(-days * DAY, days * DAY))


@st.composite
def calendars(draw: st.DrawFn, zone: str) -> Calendar:
    """A calendar with days that differ near the changes of its clocks, and perhaps new hours."""
    dates = [datetime.fromisoformat(each).date() for each in CHANGES[zone]]
    near = st.builds(_shifted, st.sampled_from(dates), st.integers(-3, 3))
    days = draw(st.dictionaries(near, day_hours(), max_size=3))
    periods = [Period(ZoneInfo(zone), draw(weeks))]
    if draw(st.booleans()):
        other = draw(st.sampled_from([zone, "Europe/London", "America/New_York"]))
        periods.append(Period(ZoneInfo(other), draw(weeks), draw(near)))
    return Calendar("made", tuple(periods), {on: Day(on, "made", hours) for on, hours in days.items()})


def _shifted(on: date, days: int) -> date:
    return on + timedelta(days=days)
