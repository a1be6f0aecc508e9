"""Weekly hours as text: what is read, what is refused and how to mend it, and that both ways agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.model import DAY, Interval
from lexops.calendars.notation import (
    DAYS,
    Unreadable,
    Week,
    parse_day,
    parse_week,
    show_day,
    show_week,
    weekly,
)
from tests.calendars.making import day_hours, weeks

H = 3600


def week(**days: tuple[Interval, ...]) -> Week:
    return tuple(days.get(name, ()) for name in DAYS)


OFFICE = ((9 * H, 17 * H),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("mon 09:00-17:00", week(mon=OFFICE), id="one day"),
        pytest.param("Monday 9:00–17:00", week(mon=OFFICE), id="long name, one digit, typographic dash"),
        pytest.param("mon - tue 09:00 – 17:00", week(mon=OFFICE, tue=OFFICE), id="space around dashes"),
        pytest.param("sun-tue 09:00-17:00", week(sun=OFFICE, mon=OFFICE, tue=OFFICE), id="over the weekend"),
        pytest.param("mon,wed 09:00-17:00", week(mon=OFFICE, wed=OFFICE), id="a list of days"),
        pytest.param("mon 09:00-17:00\ntue 09:00-17:00;", week(mon=OFFICE, tue=OFFICE), id="lines"),
        pytest.param(
            "mon 13:30-17:30 09:00-12:30",
            week(mon=((9 * H, 12 * H + 1800), (13 * H + 1800, 17 * H + 1800))),
            id="a lunch break, in any order",
        ),
        pytest.param("mon 09:00-12:00 12:00-17:00", week(mon=OFFICE), id="what touches is one"),
        pytest.param("always", (((0, DAY),),) * 7, id="always"),
        pytest.param("mon-sun 00:00-24:00", (((0, DAY),),) * 7, id="always in other words"),
        pytest.param("daily 09:00-17:00", (OFFICE,) * 7, id="daily"),
        pytest.param(
            "mon 22:00-06:00", week(mon=((22 * H, DAY),), tue=((0, 6 * H),)), id="a night is of both days"
        ),
        pytest.param(
            "sun 22:00-06:00", week(sun=((22 * H, DAY),), mon=((0, 6 * H),)), id="the night to Monday"
        ),
    ],
)
def test_hours_are_read_as_they_are_meant(text: str, meant: Week) -> None:
    assert parse_week(text) == meant


@pytest.mark.parametrize(
    ("text", "wrong", "mend"),
    [
        ("", "nothing is open all week", "mon-fri 09:00"),
        (" ; ", "nothing is open all week", "mon-fri 09:00"),
        ("mon", "'mon': no hours", "leave out the days that are closed"),
        ("sun closed", "'closed' is no span of hours", "write both ends"),
        ("mon 09:00-12:00 11:00-13:00", "mon: 09:00-12:00 and 11:00-13:00 overlap", "each hour once"),
        ("mon 22:00-06:00; tue 05:00-12:00", "tue: 00:00-06:00 and 05:00-12:00 overlap", "next day's"),
        ("mon 09:00-00:00", "ends at 00:00", "write 09:00-24:00"),
        ("mon 00:00-00:00", "ends at 00:00", "write 00:00-24:00"),
        ("daily 00:00-23:59", "loses a minute every night", "write 00:00-24:00"),
        ("mon 09:00-09:00", "09:00-09:00 is empty", "00:00-24:00"),
        ("mon 24:00-24:00", "begins at 24:00", "00:00 of the next day"),
        ("mon-fri 09:00-17:00; fri 18:00-19:00", "fri is named in 'mon-fri 09:00-17:00' already", "one part"),
        ("mon,mon 09:00-17:00", "mon is named", "one part"),
        ("moon 09:00-17:00", "'moon' is no day", "mon, tue, wed"),
        ("mon-fry 09:00-17:00", "'fry' is no day", "mon, tue, wed"),
        ("09:00-17:00", "'09:00' is no day", "mon, tue, wed"),
        ("mon 9-17", "'9' in '9-17' is no time", "hours and minutes"),
        ("mon 9am-5pm", "is no time", "hours and minutes"),
        ("mon 09:00:30-17:00", "'09:00:30' in '09:00:30-17:00' is no time", "seconds are not needed"),
        ("mon 09:60-17:00", "09:60 in 09:60-17:00 is not on a clock", "00:00 to 24:00"),
        ("mon 09:00-24:30", "24:30 in 09:00-24:30 is not on a clock", "00:00 to 24:00"),
        ("mon 09:00 17:00", "'09:00' is no span of hours", "write both ends"),
        ("mon " * 200, "longer than 500 characters", "mon-fri 09:00"),
        ("mon ٠٩:٠٠-17:00", "is no time", "hours and minutes"),
    ],
)
def test_impossible_hours_are_refused_with_what_where_and_how_to_mend(
    text: str, wrong: str, mend: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_week(text)
    assert wrong in str(refused.value) and mend in refused.value.hint


@pytest.mark.parametrize(
    ("text", "wrong", "mend"),
    [
        ("", "no hours", "09:00-13:00"),
        ("22:00-06:00", "ends before it begins", "22:00-24:00, and the rest at the day after"),
        ("09:00-12:00 11:00-13:00", "overlap", ""),
        ("mon 09:00-12:00", "'mon' is no span of hours", "both ends"),
        ("10:00-23:59", "loses a minute", "24:00"),
    ],
)
def test_a_date_has_hours_within_itself(text: str, wrong: str, mend: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_day(text)
    assert wrong in str(refused.value) and mend in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "always",
        "daily 22:00-06:00",
        "mon-fri 09:00-12:30 13:30-17:30; sat 10:00-12:00",
        "mon-fri 22:00-06:00",
        "mon-thu,sun 09:00-17:00",
        "mon 00:00-24:00",
        "sun 22:00-06:00",
    ],
)
def test_hours_are_shown_as_a_person_would_write_them(text: str) -> None:
    assert show_week(parse_week(text)) == text


@given(weeks)
def test_what_is_shown_is_read_as_the_same_week(given_week: Week) -> None:
    assert parse_week(show_week(given_week)) == given_week


@given(day_hours().filter(bool))
def test_what_is_shown_of_a_date_is_read_as_the_same_hours(hours: tuple[Interval, ...]) -> None:
    assert parse_day(show_day(hours)) == hours


@given(st.text(alphabet="monfritue 0123456789:-;,dailyways", max_size=30))
def test_any_text_is_a_week_or_refused(text: str) -> None:
    try:
        found = parse_week(text)
    except Unreadable as error:
        assert str(error) and error.hint
    else:
        assert parse_week(show_week(found)) == found and 0 < weekly(found) <= 7 * DAY
