"""Calendars on the command line: made, shown as a month, with their history; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar
from lexops.calendars.operations import OPERATIONS
from tests.calendars.helping import calendar, day, period
from tests.cli.desk import Desk, Said, desk

LUNCH = "mon-fri 09:00-12:30 13:30-17:30; sat 10:00-12:00"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for made in desk(tmp_path, capsys, *OPERATIONS):
        made.world.prove("ana", "change:production")
        yield made


def ask(at: Desk, *words: str) -> Said:
    return at.run("ana", "sla", "calendar", *words)


def enter(at: Desk, entered: Calendar, after: int = 0, reason: str = "the contract") -> None:
    now = at.world.clock.now()
    with at.world.store.begin() as connection:
        calendars.add(connection, entered, at=now, operator="ana", reason=reason, after=after)


def test_a_calendar_is_set_with_holidays_and_shown_by_commands(at: Desk) -> None:
    made = ask(at, "set", "london", "Europe/London", LUNCH, "contract 4.2")
    assert made.code == 0, made.err
    assert made.out == f"london revision 1: {LUNCH} Europe/London (39 h 30 min a week)\n"
    imported = ask(at, "holidays", "london", "GB", "2026", "--subdivision", "ENG", "--last", "2027")
    assert imported.out == "london revision 2: 19 holidays of GB-ENG added\n"
    eve = ask(at, "day", "london", "2026-12-24", "Christmas Eve", "--hours", "10:00-13:00")
    assert eve.out == "london revision 3: 2026-12-24 10:00-13:00\n"
    assert ask(at, "day", "london", "2026-12-24", "we work", "--hours", "-").code == 0
    listed = ask(at, "list")
    assert listed.out.splitlines()[0].split() == ["calendar", "zone", "days", "ahead", "rev", "hours"]
    assert "london    Europe/London  18 to 2027-12-28  4    " + LUNCH in listed.out
    assert "always    UTC            0                 1    always" in listed.out


def test_a_refusal_is_one_line_with_a_hint(at: Desk) -> None:
    refused = ask(at, "set", "london", "Europe/London", "mon-fri 09:00-00:00", "contract 4.2")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "error: hours: 'mon-fri 09:00-00:00': 09:00-00:00 ends at 00:00\nhint: write 09:00-24:00\n"
    )
    assert ask(at, "show", "london").code == 2


DECEMBER = """\
london: December 2026, Europe/London, revision 1
mon-fri 09:00-12:30 13:30-17:30; sat 10:00-12:00 (39 h 30 min a week)

Mon         Tue         Wed         Thu         Fri         Sat         Sun
            1           2           3           4           5           6
            09:00-12:30 09:00-12:30 09:00-12:30 09:00-12:30 10:00-12:00 -
            13:30-17:30 13:30-17:30 13:30-17:30 13:30-17:30
7           8           9           10          11          12          13
09:00-12:30 09:00-12:30 09:00-12:30 09:00-12:30 09:00-12:30 10:00-12:00 -
13:30-17:30 13:30-17:30 13:30-17:30 13:30-17:30 13:30-17:30
14          15          16          17          18          19          20
09:00-12:30 09:00-12:30 09:00-12:30 09:00-12:30 09:00-12:30 10:00-12:00 -
13:30-17:30 13:30-17:30 13:30-17:30 13:30-17:30 13:30-17:30
21          22          23          24*         25*         26          27
09:00-12:30 09:00-12:30 09:00-12:30 10:00-13:00 -           10:00-12:00 -
13:30-17:30 13:30-17:30 13:30-17:30
28*         29          30          31
09:00-17:00 09:00-17:00 09:00-17:00 09:00-17:00

24 Dec  * differs: 10:00-13:00 (ana)
25 Dec  * differs: closed (holidays 0.109 GB-ENG)
28 Dec  * from here on: mon-fri 09:00-17:00 Europe/London
open for 170 h 30 min on 26 days
"""


def london() -> Calendar:
    made = calendar(
        LUNCH,
        "Europe/London",
        day("2026-12-24", "10:00-13:00", "ana"),
        day("2026-12-25", "", "holidays 0.109 GB-ENG"),
        later=(period("mon-fri 09:00-17:00", since="2026-12-28"),),
    )
    return Calendar("london", made.periods, made.days)


def test_a_month_is_drawn_with_what_is_special_below(at: Desk) -> None:
    enter(at, london())
    shown = ask(at, "show", "london", "--month", "2026-12")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == DECEMBER


def test_without_a_month_it_is_this_one_in_the_zone_of_the_calendar(at: Desk) -> None:
    enter(at, london())
    assert ask(at, "show", "london").out.startswith("london: March 2026")
    at.world.clock.jump(datetime(2026, 12, 31, 13, tzinfo=ZoneInfo("UTC")))
    enter(at, Calendar("apia", (period("always", "Pacific/Apia"),)))
    assert ask(at, "show", "apia").out.startswith("apia: January 2027")


@pytest.mark.parametrize(
    ("zone", "month", "told"),
    [
        ("Europe/London", "2026-03", "29 Mar  ~ the clocks go forward 1 h: 23 h long, 7 h open"),
        ("Europe/London", "2026-10", "25 Oct  ~ the clocks go back 1 h: 25 h long, 9 h open"),
        (
            "Australia/Lord_Howe",
            "2026-04",
            "05 Apr  ~ the clocks go back 30 min: 24 h 30 min long, 8 h 30 min open",
        ),
        ("Pacific/Apia", "2011-12", "30 Dec  ~ this date was left out, closed"),
    ],
)
def test_a_night_in_which_the_clocks_change_says_how_long_the_day_is(
    at: Desk, zone: str, month: str, told: str
) -> None:
    enter(at, Calendar("nights", (period("daily 00:00-06:00 22:00-24:00", zone),)))
    shown = ask(at, "show", "nights", "--month", month).out
    assert told in shown and f"{int(told[:2])}~" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_seven_days_with_two_shifts_still_fit_eighty_columns(at: Desk) -> None:
    enter(at, Calendar("long", (period("daily 09:15-12:30 13:30-17:45"),)))
    shown = ask(at, "show", "long", "--month", "2026-11").out
    assert "0915-1230 0915-1230" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_month_is_data_for_programs(at: Desk) -> None:
    enter(at, london())
    shown = ask(at, "show", "london", "--month", "2026-12", "--json").json
    assert (shown["calendar"], shown["revision"], shown["month"], shown["zone"]) == (
        "london",
        1,
        "2026-12",
        "Europe/London",
    )
    assert len(shown["days"]) == 31 and shown["open_seconds"] == 170.5 * 3600
    eve, christmas = shown["days"][23:25]
    assert (eve["hours"], eve["open_seconds"], eve["source"]) == (["10:00-13:00"], 3 * 3600, "ana")
    assert (christmas["hours"], christmas["length_seconds"], christmas["name"]) == ([], 86400, "differs")
    assert shown["days"][27]["begins"]["since"] == "2026-12-28"


def test_an_older_revision_is_shown_as_it_was(at: Desk) -> None:
    enter(at, london())
    enter(at, Calendar("london", (period("always"),)), 1)
    assert "revision 2\nalways (168 h a week)" in ask(at, "show", "london").out
    assert f"revision 1\n{LUNCH}" in ask(at, "show", "london", "--revision", "1").out
    missing = ask(at, "show", "london", "--revision", "9")
    assert (missing.code, "london has no revision 9" in missing.err) == (2, True)


@pytest.mark.parametrize("month", ["2026-13", "december", "1850-01"])
def test_a_month_that_is_none_is_refused(at: Desk, month: str) -> None:
    enter(at, london())
    refused = ask(at, "show", "london", "--month", month)
    assert (refused.code, refused.out, "error: month: " in refused.err) == (2, "", True)


def test_the_history_says_what_was_changed_by_whom_when_and_why(at: Desk) -> None:
    ask(at, "set", "london", "Europe/London", LUNCH, "contract 4.2")
    ask(at, "holidays", "london", "GB", "2026", "--subdivision", "ENG")
    ask(at, "day", "london", "2026-04-03", "we worked", "--hours", "-", "--correction")
    shown = ask(at, "history", "london").out.splitlines()
    assert shown[1].startswith("3 (correction)  2026-03-02 09:01:00 UTC  ana  2026-04-03 as every fri")
    assert "9 days more" in shown[2] and shown[2].endswith("public holidays of GB-ENG 2026")
    assert "contract 4.2" in shown[3]
    first, second, third = ask(at, "history", "london", "--json").json["revisions"]
    assert (first["revision"], second["changes"], third["correction"]) == (1, ["9 days more"], True)
    assert third["operator"] == "ana" and third["recorded"] == "2026-03-02T09:01:00Z"


def test_the_list_is_data_for_programs_with_every_day(at: Desk) -> None:
    enter(at, london())
    always, listed = ask(at, "list", "--json").json["calendars"]
    assert (always["calendar"], always["weekly_seconds"]) == ("always", 7 * 86400)
    assert (listed["hours"], listed["days_ahead"], len(listed["periods"])) == (LUNCH, 2, 2)
    assert listed["days"][1] == {
        "date": "2026-12-25",
        "name": "differs",
        "hours": [],
        "source": "holidays 0.109 GB-ENG",
    }


def test_text_that_was_entered_cannot_act_on_the_terminal(at: Desk) -> None:
    hostile = "[@click=app.quit()]x[/\x1b]0;evil\x07\u202e"
    enter(at, london(), reason=hostile)
    changed = calendar("always", "UTC", day("2026-03-10", "", hostile))
    enter(at, Calendar("london", changed.periods, changed.days), 1, hostile)
    for words in (("history", "london"), ("show", "london"), ("list",)):
        said = ask(at, *words).out
        assert "\x1b" not in said and "\x07" not in said and "\u202e" not in said


def test_the_dates_of_today_are_those_of_the_calendars_own_zone(at: Desk) -> None:
    enter(at, Calendar("apia", (period("always", "Pacific/Apia"),), {date(2026, 3, 2): day("2026-03-02")}))
    assert "1 to 2026-03-02" in ask(at, "list").out
    at.world.clock.advance(hours=2)
    assert "apia      Pacific/Apia  0 " in ask(at, "list").out


def test_an_import_names_the_version_of_its_source(at: Desk) -> None:
    ask(at, "set", "london", "Europe/London", LUNCH, "contract 4.2")
    ask(at, "holidays", "london", "GB", "2026", "--subdivision", "ENG")
    shown = ask(at, "show", "london", "--month", "2026-12").out
    assert f"28 Dec  * Boxing Day (observed): closed (holidays {version('holidays')} GB-ENG)" in shown
