"""The cases that other products got wrong at least once, each as a sentence (reference, section 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lexops.calendars.business import BusinessTime, NeverDue, moment, seconds
from lexops.calendars.edit import without_day
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import Unreadable, parse_week
from tests.calendars.helping import LONDON, OFFICE, calendar, day, period, wall

ZERO = timedelta()
EASTER = tuple(day(on) for on in ("2025-04-18", "2025-04-21"))
CHRISTMAS = tuple(day(on) for on in ("2025-12-25", "2025-12-26", "2026-01-01"))
GERMAN = "Europe/Berlin"


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


# The clocks change.


@pytest.mark.parametrize(
    ("zone", "forward", "back", "shift"),
    [
        (LONDON, "2026-03-29", "2026-10-25", 1),
        ("America/New_York", "2026-03-08", "2026-11-01", 1),
        ("Australia/Lord_Howe", "2026-10-04", "2026-04-05", 0.5),
        ("America/Sao_Paulo", "2017-10-15", "2018-02-17", 1),
        ("Asia/Kathmandu", "2026-03-29", "2026-10-25", 0),
    ],
)
def test_a_day_is_shorter_where_the_clocks_go_forward_and_longer_where_they_go_back(
    zone: str, forward: str, back: str, shift: float
) -> None:
    time = wall("always", zone)
    after = {on: f"{date.fromisoformat(on) + timedelta(days=1)}" for on in (forward, back)}
    assert time.elapsed(forward, after[forward]) == hours(24 - shift)
    assert time.elapsed(back, after[back]) == hours(24 + shift)


def test_the_night_in_spring_has_an_hour_less() -> None:
    assert wall("always").elapsed("2025-03-30T00:00", "2025-03-30T06:00") == hours(5)


def test_the_night_in_autumn_has_an_hour_more() -> None:
    assert wall("always").elapsed("2025-10-26T00:00", "2025-10-26T06:00") == hours(7)


def test_office_hours_are_on_the_wall_clock_on_both_sides_of_the_change() -> None:
    assert wall().due("2025-03-28T16:00", hours=2) == "Mon 2025-03-31 10:00:00 BST"
    assert wall().due("2025-10-24T16:00", hours=2) == "Mon 2025-10-27 10:00:00 GMT"


def test_a_night_shift_in_spring_lacks_an_hour_that_the_next_night_gives() -> None:
    assert wall("daily 22:00-06:00").due("2025-03-29T22:00", hours=8) == "Sun 2025-03-30 23:00:00 BST"


def test_a_night_shift_in_autumn_has_an_hour_more() -> None:
    assert wall("daily 22:00-06:00").due("2025-10-25T22:00", hours=9) == "Sun 2025-10-26 06:00:00 GMT"


def test_hours_that_lie_in_the_gap_are_moved_behind_it() -> None:
    gap = wall("sun 01:15-01:45; mon 09:00-17:00")
    assert gap.elapsed("2025-03-30T00:00", "2025-03-31T09:00") == hours(0.5)
    assert gap.due("2025-03-30T00:00", minutes=30) == "Sun 2025-03-30 02:45:00 BST"


def test_hours_that_the_gap_turns_around_are_dropped() -> None:
    # 02:30 becomes 03:30, which is after 03:15.
    assert (
        wall("sun 02:30-03:15; mon 09:00-17:00", "America/Los_Angeles").elapsed(
            "2025-03-09T00:00", "2025-03-10T09:00"
        )
        == ZERO
    )


@pytest.mark.parametrize(("start", "length"), [("2025-03-30", 1), ("2025-10-26", 3), ("2025-06-01", 2)])
def test_hours_around_the_change_are_as_long_as_they_really_are(start: str, length: int) -> None:
    around = wall("sun 00:30-02:30; mon 09:00-17:00")
    assert around.elapsed(f"{start}T00:00", f"{start}T12:00") == hours(length)


def test_of_a_time_that_comes_twice_the_first_one_counts() -> None:
    half = wall("sun 01:30-01:45; mon 09:00-17:00")
    assert moment(half.time.due(half.second("2025-10-26T00:00"), 1)) == datetime(
        2025, 10, 26, 0, 30, 1, tzinfo=UTC
    )
    assert half.elapsed("2025-10-26T01:00Z", "2025-10-26T12:00Z") == ZERO


def test_midnight_in_a_midnight_gap_is_an_hour_later() -> None:
    # In Sao Paulo the 18th of October 2015 began at 01:00.
    saturday = wall("sat 22:00-24:00", "America/Sao_Paulo")
    assert saturday.due("2015-10-17T20:00", hours=2) == "Sun 2015-10-18 01:00:00 -02"
    assert wall("sun 00:00-06:00", "America/Sao_Paulo").elapsed(
        "2015-10-17T12:00", "2015-10-18T12:00"
    ) == hours(5)


def test_the_half_hour_of_lord_howe_counts_both_ways() -> None:
    nights = wall("daily 00:00-08:00", "Australia/Lord_Howe")
    assert nights.elapsed("2025-04-06T00:00", "2025-04-06T08:00") == hours(8.5)
    assert nights.elapsed("2025-10-05T00:00", "2025-10-05T08:00") == hours(7.5)


def test_the_day_that_samoa_left_out_has_no_hours() -> None:
    samoa = wall("always", "Pacific/Apia")
    assert samoa.elapsed("2011-12-29T00:00", "2011-12-31T00:00") == hours(24)
    assert wall("daily 09:00-17:00", "Pacific/Apia").elapsed("2011-12-29T00:00", "2012-01-01T00:00") == hours(
        16
    )


def test_a_client_abroad_is_due_by_the_clocks_of_the_client() -> None:
    # New York is on summer time since the 9th of March, London not until the 30th.
    abroad = wall(OFFICE, "America/New_York")
    assert abroad.due("2025-03-10T13:00Z", hours=1) == "Mon 2025-03-10 10:00:00 EDT"
    assert wall().due("2025-03-10T13:00Z", hours=1) == "Mon 2025-03-10 14:00:00 GMT"


def test_a_zone_of_quarter_hours_is_exact() -> None:
    nepal = wall("sun-fri 09:00-17:00", "Asia/Kathmandu")
    due = nepal.time.due(nepal.second("2025-06-02T16:30"), 3600)
    assert moment(due) == datetime(2025, 6, 3, 3, 45, tzinfo=UTC)


# Holidays, half days, years.


def test_a_long_weekend_of_holidays_is_jumped_over() -> None:
    assert wall(OFFICE, LONDON, *EASTER).due("2025-04-17T16:30", hours=1) == "Tue 2025-04-22 09:30:00 BST"


def test_what_comes_in_on_a_holiday_counts_from_the_next_opening() -> None:
    zammad = wall("mon-fri 08:00-20:00", GERMAN, day("2016-11-01"))
    assert zammad.time.due(zammad.second("2016-11-01T13:56:21Z"), 7200) == zammad.second("2016-11-02T09:00Z")


@pytest.mark.parametrize(
    ("week", "due"), [("daily 08:00-17:00", "2015-09-23T07:30Z"), (OFFICE, "2015-09-23T08:30Z")]
)
def test_a_holiday_between_start_and_due_does_not_count(week: str, due: str) -> None:
    zammad = wall(week, GERMAN, day("2015-09-22"))
    assert zammad.time.due(zammad.second("2015-09-21T14:30Z"), 7200) == zammad.second(due)


def test_a_holiday_that_was_removed_is_a_day_like_its_weekday() -> None:
    kept = calendar(OFFICE, GERMAN, day("2015-09-22"))
    removed = BusinessTime(without_day(kept, day("2015-09-22").date))
    start = seconds(datetime(2015, 9, 21, 14, 30, tzinfo=UTC))
    assert moment(removed.due(start, 7200)) == datetime(2015, 9, 22, 8, 30, tzinfo=UTC)


def test_the_end_of_a_year_is_full_of_holidays() -> None:
    year_end = wall(OFFICE, LONDON, *CHRISTMAS)
    assert year_end.due("2025-12-24T16:00", hours=9) == "Mon 2025-12-29 17:00:00 GMT"


def test_a_budget_goes_on_in_the_next_year() -> None:
    year_end = wall(OFFICE, LONDON, *CHRISTMAS)
    assert year_end.due("2025-12-31T16:30", hours=1) == "Fri 2026-01-02 09:30:00 GMT"


def test_the_hours_of_a_half_day_stand_for_those_of_its_weekday() -> None:
    half = wall(OFFICE, LONDON, day("2025-12-24", "09:00-12:00"), *CHRISTMAS)
    assert half.due("2025-12-24T10:00", hours=4) == "Mon 2025-12-29 11:00:00 GMT"


def test_an_extra_shift_opens_a_closed_day() -> None:
    assert wall(OFFICE, LONDON, day("2026-11-21", "10:00-14:00")).due("2026-11-20T16:00", hours=2) == (
        "Sat 2026-11-21 11:00:00 GMT"
    )


def test_the_leap_day_is_worked() -> None:
    assert wall().due("2028-02-28T16:00", hours=9) == "Tue 2028-02-29 17:00:00 GMT"


# Openings and closings.


def test_a_budget_may_lie_on_both_sides_of_a_closing() -> None:
    assert wall().due("2028-02-29T16:59:59", seconds=2) == "Wed 2028-03-01 09:00:01 GMT"


def test_what_comes_in_at_closing_counts_from_the_next_opening() -> None:
    assert wall().due("2028-02-29T17:00", seconds=1) == "Wed 2028-03-01 09:00:01 GMT"


def test_a_budget_that_ends_at_closing_is_due_at_closing() -> None:
    assert wall().due("2028-03-01T09:00", hours=8) == "Wed 2028-03-01 17:00:00 GMT"


def test_a_budget_of_nothing_is_due_at_once_and_a_negative_one_is_an_error() -> None:
    assert wall().due("2028-03-04T12:00", seconds=0) == "Sat 2028-03-04 12:00:00 GMT"
    with pytest.raises(ValueError, match="-1 s is negative"):
        wall().due("2028-03-04T12:00", seconds=-1)


def test_what_has_passed_backwards_is_negative() -> None:
    assert wall().elapsed("2028-03-01T14:00", "2028-03-01T10:00") == -hours(4)


def test_an_answer_three_seconds_after_opening_took_three_seconds() -> None:
    assert wall().elapsed("2028-03-01T02:00", "2028-03-01T09:00:03") == timedelta(seconds=3)


def test_the_lunch_break_does_not_count() -> None:
    lunch = wall("mon-fri 09:00-12:30 13:30-17:30")
    assert lunch.due("2025-06-02T12:15", hours=1) == "Mon 2025-06-02 14:15:00 BST"
    assert lunch.due("2025-06-02T12:45", hours=1) == "Mon 2025-06-02 14:30:00 BST"


def test_around_the_clock_no_minute_is_lost_at_midnight() -> None:
    assert wall("daily 00:00-24:00").due("2024-05-02T12:00", hours=24) == "Fri 2024-05-03 12:00:00 BST"
    with pytest.raises(Unreadable, match="loses a minute every night"):
        parse_week("daily 00:00-23:59")


@pytest.mark.parametrize("text", ["mon-fri 09:00-00:00", ""])
def test_hours_that_end_at_midnight_or_are_none_at_all_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_week(text)


def test_a_calendar_that_never_opens_is_an_error_and_no_endless_search() -> None:
    closed = Calendar("closed", (Period(period(OFFICE).zone, ((),) * 7),))
    with pytest.raises(NeverDue, match="closed is not open for 60 s within 10 years"):
        BusinessTime(closed).due(seconds(datetime(2026, 1, 1, tzinfo=UTC)), 60)


def test_a_budget_of_whole_days_keeps_the_time_of_day() -> None:
    # Five days of eleven hours, from a Friday to the next.
    assert wall("mon-fri 08:00-19:00", "Europe/Paris").due("2034-06-09T08:46:12", hours=55) == (
        "Fri 2034-06-16 08:46:12 CEST"
    )


# Hours that change.


def test_new_hours_hold_from_their_date_on_and_not_before() -> None:
    longer = wall(OFFICE, LONDON, later=(period("mon-fri 08:00-20:00", since="2026-11-24"),))
    assert longer.elapsed("2026-11-23T00:00", "2026-11-24T00:00") == hours(8)
    assert longer.elapsed("2026-11-24T00:00", "2026-11-25T00:00") == hours(12)
    assert longer.due("2026-11-23T16:00", hours=2) == "Tue 2026-11-24 09:00:00 GMT"


def test_a_client_who_moves_has_the_old_zone_up_to_the_day_and_the_new_one_after() -> None:
    moved = wall(OFFICE, LONDON, later=(period(OFFICE, "America/New_York", "2026-11-24"),))
    assert moved.elapsed("2026-11-23T09:00Z", "2026-11-23T17:00Z") == hours(8)
    assert moved.elapsed("2026-11-24T09:00Z", "2026-11-24T14:00Z") == ZERO
    assert moved.elapsed("2026-11-24T14:00Z", "2026-11-24T22:00Z") == hours(8)


def test_a_night_is_cut_where_new_hours_begin() -> None:
    cut = wall("daily 22:00-06:00", LONDON, later=(period(OFFICE, since="2026-11-24"),))
    assert cut.elapsed("2026-11-23T20:00", "2026-11-24T08:00") == hours(2)


def test_the_shift_that_begins_on_the_eve_of_a_holiday_ends_at_midnight() -> None:
    nights = wall("daily 22:00-06:00", LONDON, day("2026-12-25"))
    assert nights.elapsed("2026-12-24T20:00", "2026-12-26T20:00") == hours(2 + 6)


def test_a_date_that_a_zone_skips_has_no_hours() -> None:
    friday = tuple(((9 * 3600, 17 * 3600),) if day == 4 else () for day in range(7))
    time = BusinessTime(Calendar("samoa", (Period(ZoneInfo("Pacific/Apia"), friday),)))
    start, end = datetime(2011, 12, 27, tzinfo=UTC), datetime(2012, 1, 4, tzinfo=UTC)
    assert time.elapsed(seconds(start), seconds(end)) == 0
