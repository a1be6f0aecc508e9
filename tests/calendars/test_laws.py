"""What holds for every calendar, whatever its hours, days and zone; and a slow oracle that agrees."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import DAY, Calendar
from tests.calendars.making import CHANGES, calendars, moments

zones = st.sampled_from(sorted(CHANGES))
YEAR = 366 * DAY
law = settings(max_examples=max(40, settings().max_examples // 2))
"""A year of a calendar is unrolled for nearly every example."""


@law
@given(zones, st.data())
def test_what_has_passed_adds_up_wherever_it_is_split(zone: str, data: st.DataObject) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    a, b, c = (data.draw(moments(zone, 400)) for _ in range(3))
    assert time.elapsed(a, b) + time.elapsed(b, c) == time.elapsed(a, c)


@law
@given(zones, st.data())
def test_what_has_passed_never_shrinks_and_is_never_more_than_really_passed(
    zone: str, data: st.DataObject
) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    a, b, c = sorted(data.draw(moments(zone)) for _ in range(3))
    assert 0 <= time.elapsed(a, b) <= time.elapsed(a, c) <= c - a


@law
@given(zones, st.data())
def test_backwards_is_the_same_with_a_minus(zone: str, data: st.DataObject) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    a, b = (data.draw(moments(zone)) for _ in range(2))
    assert time.elapsed(a, b) == -time.elapsed(b, a)


@law
@given(zones, st.data())
def test_a_due_moment_is_the_first_by_which_the_budget_has_passed(zone: str, data: st.DataObject) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    start = data.draw(moments(zone))
    budget = data.draw(st.integers(0, time.elapsed(start, start + YEAR)))
    due = time.due(start, budget)
    assert time.elapsed(start, due) == budget
    assert due == start or time.elapsed(start, due - 1) == budget - 1


@settings(max_examples=20)
@given(zones, st.data())
def test_answers_do_not_depend_on_what_was_asked_before(zone: str, data: st.DataObject) -> None:
    calendar = data.draw(calendars(zone))
    start, end = (data.draw(moments(zone)) for _ in range(2))
    asked = BusinessTime(calendar)
    for year in data.draw(st.permutations(range(2016, 2028, 2))):
        asked.elapsed(seconds(datetime(year, 2, 1, tzinfo=UTC)), seconds(datetime(year, 8, 1, tzinfo=UTC)))
    fresh = BusinessTime(calendar)
    assert asked.elapsed(start, end) == fresh.elapsed(start, end)
    budget = fresh.elapsed(start, start + YEAR)
    assert asked.due(start, budget) == BusinessTime(calendar).due(start, budget)


@law
@given(zones, st.data())
def test_the_open_spans_are_apart_in_order_and_add_up(zone: str, data: st.DataObject) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    start, end = sorted(data.draw(moments(zone)) for _ in range(2))
    spans = list(time.spans(start, end))
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges) and all(start <= edge <= end for edge in edges)
    assert sum(closes - opens for opens, closes in spans) == time.elapsed(start, end)


@law
@given(zones, st.data())
def test_a_second_is_open_when_it_counts(zone: str, data: st.DataObject) -> None:
    time = BusinessTime(data.draw(calendars(zone)))
    at = data.draw(moments(zone))
    assert time.is_open(at) == (time.elapsed(at, at + 1) == 1)


# A slow oracle: minute by minute, and wall times without the standard library's rules for them.


@law
@given(zones, st.data())
def test_stepping_minute_by_minute_agrees(zone: str, data: st.DataObject) -> None:
    calendar = data.draw(calendars(zone))
    start = data.draw(moments(zone)) // 60 * 60
    time, opened = BusinessTime(calendar), _open_minutes(calendar, start, start + 4 * DAY)
    for place in range(0, len(opened), 97):
        until = start + place * 60
        assert time.elapsed(start, until) == sum(opened[:place]) * 60
    count = sum(opened)
    if count:
        last = max(place for place, is_open in enumerate(opened) if is_open)
        assert time.due(start, count * 60) == start + (last + 1) * 60


def _open_minutes(calendar: Calendar, start: int, end: int) -> list[bool]:
    begins = [_utc(period.zone, period.since, 0) if period.since else 0 for period in calendar.periods]
    spans = [list(_spans(calendar, place, start)) for place in range(len(begins))]
    return [
        any(opens <= at < closes for opens, closes in spans[bisect_right(begins, at) - 1])
        for at in range(start, end, 60)
    ]


def _spans(calendar: Calendar, place: int, start: int) -> Iterator[tuple[int, int]]:
    """The hours of an entry on the dates around some days, as UTC."""
    period = calendar.periods[place]
    first = datetime.fromtimestamp(start, UTC).date()
    for on in (first + timedelta(days=n) for n in range(-2, 7)):
        hours = calendar.days[on].hours if on in calendar.days else period.week[on.weekday()]
        for opens, closes in hours:
            yield _utc(period.zone, on, opens), _utc(period.zone, on, closes)


def _utc(zone: ZoneInfo, on: date, second: int) -> int:
    """The first moment at which the clocks show a time; in a gap, where it would be had they not moved."""
    wall = datetime.combine(on, time(), UTC) + timedelta(seconds=second)
    before, after = (
        (wall + timedelta(days=away)).astimezone(zone).utcoffset() or timedelta() for away in (-2, 2)
    )
    shown = [at for at in (wall - before, wall - after) if at.astimezone(zone).replace(tzinfo=UTC) == wall]
    return seconds(min(shown, default=wall - before))
