"""A calendar day by day: the days of a month account for every open second of it."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from lexops.calendars.business import BusinessTime
from lexops.calendars.model import DAY
from lexops.calendars.month import month
from tests.calendars.helping import LONDON, OFFICE, Wall, calendar, day, period
from tests.calendars.making import CHANGES, calendars


def test_a_day_has_its_hours_what_it_differs_by_and_what_begins_on_it() -> None:
    eve, new = day("2026-12-24", "09:00-12:00"), period("always", since="2026-12-28")
    found = month(calendar(OFFICE, LONDON, eve, later=(new,)), date(2026, 12, 17))
    assert [each.date.day for each in found] == list(range(1, 32))
    assert (found[23].differs, found[23].hours, found[23].open) == (eve, eve.hours, 3 * 3600)
    assert (found[27].begins, found[27].open) == (new, DAY)
    assert (found[5].hours, found[5].open, found[5].is_shifted) == ((), 0, False)


def test_the_days_on_which_the_clocks_change_have_their_real_length() -> None:
    spring = month(calendar("always"), date(2026, 3, 1))
    autumn = month(calendar("always"), date(2026, 10, 1))
    assert [(each.date.day, each.length) for each in [*spring, *autumn] if each.is_shifted] == [
        (29, 23 * 3600),
        (25, 25 * 3600),
    ]
    assert (spring[28].open, autumn[24].open) == (23 * 3600, 25 * 3600)


def test_a_date_that_was_left_out_has_no_length() -> None:
    samoa = month(calendar("always", "Pacific/Apia"), date(2011, 12, 1))
    assert [(each.length, each.open) for each in samoa[28:]] == [(DAY, DAY), (0, 0), (DAY, DAY)]


def test_a_february_of_a_leap_year_has_its_day() -> None:
    assert len(month(calendar(), date(2028, 2, 1))) == 29


@settings(max_examples=40)
@given(st.sampled_from(sorted(CHANGES)), st.data())
def test_the_days_of_a_month_add_up_to_the_month(zone: str, data: st.DataObject) -> None:
    made = data.draw(calendars(zone))
    first = date.fromisoformat(data.draw(st.sampled_from(CHANGES[zone]))[:8] + "01")
    found = month(made, first)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    begin, end = (_midnight(made.periods, on) for on in (first, following))
    assert sum(each.open for each in found) == BusinessTime(made).elapsed(begin, end)


def _midnight(periods: object, on: date) -> int:
    assert isinstance(periods, tuple)
    holds = [each for each in periods if each.since is None or each.since <= on][-1]
    return Wall(calendar("always", holds.zone.key)).second(on.isoformat())
