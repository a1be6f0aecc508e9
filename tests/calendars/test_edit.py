"""Calendars with something changed: entries in their order, differences in words, enough open time."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime
from lexops.calendars.edit import (
    LEAST_YEARLY,
    differences,
    period_on,
    too_little,
    with_day,
    with_holidays,
    with_hours,
    without_day,
)
from lexops.calendars.model import Calendar, Day
from tests.calendars.helping import LONDON, OFFICE, calendar, day, period
from tests.calendars.making import CHANGES, calendars, moments

zones = st.sampled_from(sorted(CHANGES))
LONG = "mon-fri 08:00-18:00"


def test_entries_of_hours_stand_in_the_order_of_their_dates_however_they_came() -> None:
    entries = [period(LONG, since="2027-02-01"), period("always", since="2027-01-04"), period(OFFICE)]
    forth, back = calendar(), calendar()
    for entry in entries:
        forth = with_hours(forth, entry)
    for entry in reversed(entries):
        back = with_hours(back, entry)
    assert forth == back
    assert [each.since for each in forth.periods] == [None, date(2027, 1, 4), date(2027, 2, 1)]


def test_an_entry_that_says_what_already_holds_is_not_kept() -> None:
    assert with_hours(calendar(), period(OFFICE, since="2027-01-04")) == calendar()
    changed = with_hours(calendar(), period(LONG, since="2027-01-04"))
    assert with_hours(changed, period(LONG)).periods == (period(LONG),)


def test_the_entry_of_a_date_is_the_last_that_has_begun() -> None:
    changed = with_hours(calendar(), period(LONG, since="2027-01-04"))
    assert period_on(changed, date(2027, 1, 3)) == period(OFFICE)
    assert period_on(changed, date(2027, 1, 4)) == period(LONG, since="2027-01-04")


def test_a_day_put_in_and_taken_out_leaves_the_calendar_as_it_was() -> None:
    eve = day("2026-12-24", "09:00-12:00")
    assert without_day(with_day(calendar(), eve), eve.date) == calendar()


def test_a_holiday_from_a_newer_package_is_no_change() -> None:
    old, new = day("2026-12-25", source="holidays 0.80 GB"), day("2026-12-25", source="holidays 0.109 GB")
    done = with_holidays(calendar(OFFICE, LONDON, old), [new], {old.date: old})
    assert (done.calendar, done.added, done.kept, done.dropped) == (
        calendar(OFFICE, LONDON, old),
        0,
        0,
        0,
    )


def test_differences_are_told_in_words() -> None:
    before = calendar(OFFICE, LONDON, day("2026-12-25"), day("2026-12-26"))
    after = with_hours(
        calendar(OFFICE, LONDON, day("2026-12-25", "10:00-12:00"), day("2027-01-01")),
        period(LONG, "America/New_York", "2027-01-04"),
    )
    assert differences(before, after) == [
        "from 2027-01-04 mon-fri 08:00-18:00 America/New_York (50 h a week)",
        "2026-12-25 differs: 10:00-12:00",
        "2027-01-01 differs: closed",
        "2026-12-26 as every sat",
    ]
    assert differences(after, before)[0] == "no change of hours on 2027-01-04 any more"
    assert differences(before, before) == []
    assert differences(None, calendar()) == ["mon-fri 09:00-17:00 Europe/London (40 h a week)"]


def test_many_days_are_told_as_numbers() -> None:
    before = calendar(OFFICE, LONDON, day("2026-12-25"), day("2026-12-26"))
    after = calendar(
        OFFICE, LONDON, day("2026-12-25", "10:00-12:00"), *(day(f"2026-01-0{n}") for n in range(1, 4))
    )
    assert differences(before, after) == ["3 days more", "1 day changed", "1 day fewer"]


@given(zones, st.data())
def test_there_is_a_difference_exactly_when_something_differs(zone: str, data: st.DataObject) -> None:
    one, other = (data.draw(calendars(zone)) for _ in range(2))
    assert differences(one, one) == []
    assert bool(differences(one, other)) == (one != other)


def test_a_calendar_that_hardly_opens_is_told_where() -> None:
    assert too_little(calendar("mon 09:00-09:59")) == "mon 09:00-09:59 is less than 1 h a week"
    later = with_hours(calendar(), period("mon 09:00-09:30", since="2027-01-04"))
    assert too_little(later) == "mon 09:00-09:30 is less than 1 h a week"
    assert too_little(calendar("mon 09:00-10:00")) is None
    mondays = [date.fromordinal(date(2027, 1, 4).toordinal() + 7 * n) for n in range(15)]
    strike = Calendar("x", calendar("mon 09:00-10:00").periods, {on: Day(on, "strike") for on in mondays})
    assert too_little(strike) == "in 2027 it would be open for 37 h, less than 40 h"


@settings(max_examples=20)
@given(zones, st.data())
def test_what_may_be_entered_always_falls_due(zone: str, data: st.DataObject) -> None:
    made = data.draw(calendars(zone))
    assume(too_little(made) is None)
    start = data.draw(moments(zone))
    time = BusinessTime(made)
    assert time.elapsed(start, time.due(start, 9 * LEAST_YEARLY)) == 9 * LEAST_YEARLY
