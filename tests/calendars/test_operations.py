"""Calendars changed through the gate: every change a revision, what is impossible refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from lexops.calendars import store as calendars
from lexops.calendars.business import BusinessTime, seconds
from lexops.calendars.model import Calendar, Revision, known
from lexops.calendars.operations import OPERATIONS
from lexops.errors import InvalidRequest, LexOpsError, NotFound, Refused
from lexops.gate.model import SecondFactorNeeded
from lexops.store.database import Store
from tests.calendars.helping import OFFICE
from tests.gates import World, world
from tests.stores import sqlite_store

LONDON = {"name": "london", "zone": "Europe/London", "hours": OFFICE, "reason": "contract 4.2"}
EVE = {"name": "london", "date": "2026-12-24", "title": "Christmas Eve"}
GB = {"name": "london", "country": "GB", "subdivision": "ENG", "first": 2026}


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[World]:
    store = sqlite_store(tmp_path)
    made = world(store, tmp_path, operations=OPERATIONS)
    made.prove("ana", "change:production")
    yield made
    store.close()


@pytest.fixture
def london(firm: World) -> World:
    ask(firm, "set", **LONDON)
    return firm


def ask(firm: World, verb: str, /, **arguments: object) -> str:
    return firm.submit("ana", f"calendar.{verb}", **arguments)


def revisions(firm: World, name: str = "london") -> list[Revision[Calendar]]:
    with firm.store.read() as connection:
        return calendars.history(connection, name)


def days(firm: World) -> dict[str, str]:
    """The days of the newest revision: what each is called."""
    return {str(on): each.name for on, each in sorted(revisions(firm)[-1].value.days.items())}


def hours_open(firm: World, start: str, end: str) -> float:
    time = BusinessTime(revisions(firm)[-1].value)
    zone = revisions(firm)[-1].value.periods[0].zone
    moments = (seconds(datetime.fromisoformat(each).replace(tzinfo=zone)) for each in (start, end))
    return time.elapsed(*moments) / 3600


# Hours.


def test_a_calendar_is_made_and_says_what_was_understood(store: Store, tmp_path: Path) -> None:
    firm = world(store, tmp_path, operations=OPERATIONS)
    firm.prove("ana", "change:production")
    said = ask(firm, "set", **LONDON)
    assert said == "london revision 1: mon-fri 09:00-17:00 Europe/London (40 h a week)"
    (made,) = revisions(firm)
    assert (made.operator, made.reason, made.correction) == ("ana", "contract 4.2", False)
    assert made.recorded == firm.clock.now()
    assert "calendar.changed" in firm.kinds() and "done" in firm.entries()


def test_new_hours_from_a_date_on_leave_what_was_before(london: World) -> None:
    said = ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00", "since": "2027-01-04"})
    assert said == ("london revision 2: from 2027-01-04 mon-fri 08:00-18:00 Europe/London (50 h a week)")
    assert hours_open(london, "2026-12-28", "2027-01-02") == 40
    assert hours_open(london, "2027-01-04", "2027-01-09") == 50


def test_hours_without_a_date_are_the_first_ones_and_later_ones_stay(london: World) -> None:
    ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00", "since": "2027-01-04"})
    ask(london, "set", **LONDON | {"hours": "mon-fri 09:00-16:00"})
    assert hours_open(london, "2026-12-28", "2027-01-02") == 35
    assert hours_open(london, "2027-01-04", "2027-01-09") == 50


def test_the_same_date_again_replaces_its_hours(london: World) -> None:
    for hours in ("mon-fri 08:00-18:00", "mon-fri 07:00-19:00"):
        ask(london, "set", **LONDON | {"hours": hours, "since": "2027-01-04"})
    assert hours_open(london, "2027-01-04", "2027-01-09") == 60
    assert len(revisions(london)[-1].value.periods) == 2


def test_the_hours_of_before_take_an_entry_back(london: World) -> None:
    ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00", "since": "2027-01-04"})
    said = ask(london, "set", **LONDON | {"since": "2027-01-04"})
    assert said == "london revision 3: no change of hours on 2027-01-04 any more"
    assert revisions(london)[-1].value == revisions(london)[0].value


def test_a_client_who_moves_gets_another_zone_from_a_date_on(london: World) -> None:
    ask(london, "set", **LONDON | {"zone": "America/New_York", "since": "2027-01-04"})
    zones = [each.zone.key for each in revisions(london)[-1].value.periods]
    assert zones == ["Europe/London", "America/New_York"]


def test_a_correction_is_kept_as_one_and_may_say_the_same_again(london: World) -> None:
    london.clock.advance(days=1)
    london.prove("ana", "change:production")
    ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00"})
    said = ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00", "correction": True})
    assert said == (
        "london revision 3 (what is finished takes up revision 2 too):"
        " nothing changed, and it was so all along"
    )
    found = revisions(london)
    finished = found[0].recorded + timedelta(hours=1)
    assert known(found[:2], finished) == found[0], "what was finished keeps the hours of then"
    assert known(found, finished) == found[2], "but for a correction"


def test_a_correction_says_which_changes_it_brings_into_what_is_finished(london: World) -> None:
    for hours in ("mon-fri 08:00-18:00", "mon-fri 08:00-19:00"):
        ask(london, "set", **LONDON | {"hours": hours})
    said = ask(london, "day", **EVE | {"correction": True})
    assert said == ("london revision 4 (what is finished takes up revisions 2, 3 too): 2026-12-24 closed")
    said = ask(london, "day", **EVE | {"hours": "-", "correction": True})
    assert said == "london revision 5: 2026-12-24 as every thu", "nothing was changed since the correction"


@pytest.mark.parametrize(
    ("given", "said", "mend"),
    [
        ({"name": "London"}, "name: 'London' cannot name a calendar", "small letters"),
        ({"name": "-x"}, "cannot name a calendar", "no dash in front"),
        ({"name": "x" * 41}, "cannot name a calendar", "up to 40"),
        ({"name": "lon\n"}, "cannot name a calendar", "small letters"),
        ({"zone": "Europe/Lodnon"}, "zone: 'Europe/Lodnon' is no time zone", "Europe/London"),
        ({"zone": "europe/london"}, "is no time zone", "did you mean Europe/London?"),
        ({"zone": "localtime"}, "is no time zone", ""),
        ({"zone": "../../etc/passwd"}, "is no time zone", ""),
        ({"hours": "mon-fri 09:00-25:00"}, "hours: 'mon-fri 09:00-25:00': 25:00", "00:00 to 24:00"),
        ({"hours": "mon 09:00-09:30"}, "mon 09:00-09:30 is less than 1 h a week", "might never fall due"),
        ({"since": "2027-02-29"}, "since: '2027-02-29' is no date", "2026-12-25"),
        ({"since": "2027-01-04T10:00"}, "is no date", "2026-12-25"),
        ({"since": "1999-12-31"}, "since: 1999 is not between 2000 and 2099", ""),
        ({"name": "paris", "since": "2027-01-04"}, "paris is new", "leave since out"),
        ({"reason": ""}, "needs reason", ""),
    ],
)
def test_impossible_hours_are_refused_and_nothing_is_entered(
    london: World, given: dict[str, object], said: str, mend: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(london, "set", **LONDON | {"hours": "mon-fri 08:00-18:00"} | given)
    assert said in str(refused.value) and mend in refused.value.hint
    assert len(revisions(london)) == 1


def test_what_changes_nothing_is_refused(london: World) -> None:
    with pytest.raises(Refused, match="london is so already"):
        ask(london, "set", **LONDON)


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("set", LONDON), ("day", EVE), ("holidays", GB)],
)
def test_the_built_in_calendar_cannot_be_changed(
    london: World, verb: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(Refused, match="every second of every day"):
        ask(london, verb, **arguments | {"name": "always"})


@pytest.mark.parametrize(("verb", "arguments"), [("set", LONDON), ("day", EVE), ("holidays", GB)])
def test_only_an_administrator_who_proves_it_changes_a_calendar(
    london: World, verb: str, arguments: dict[str, object]
) -> None:
    for who in ("sam", "mia", "aud"):
        with pytest.raises(Refused, match="needs the role"):
            london.submit(who, f"calendar.{verb}", **arguments)
    with pytest.raises(SecondFactorNeeded):
        london.submit("bo", f"calendar.{verb}", **arguments)
    assert len(revisions(london)) == 1


# Days.


def test_a_day_is_closed_or_has_hours_of_its_own_and_can_be_removed_again(london: World) -> None:
    assert ask(london, "day", **EVE) == "london revision 2: 2026-12-24 closed"
    assert hours_open(london, "2026-12-24", "2026-12-25") == 0
    said = ask(london, "day", **EVE, hours="09:00-12:30 13:00-14:00")
    assert said == "london revision 3: 2026-12-24 09:00-12:30 13:00-14:00"
    assert hours_open(london, "2026-12-24", "2026-12-25") == 4.5
    assert ask(london, "day", **EVE | {"title": "we work"}, hours="-") == (
        "london revision 4: 2026-12-24 as every thu"
    )
    assert hours_open(london, "2026-12-24", "2026-12-25") == 8
    assert [each.reason for each in revisions(london)][1:] == ["Christmas Eve", "Christmas Eve", "we work"]


def test_a_day_knows_who_entered_it(london: World) -> None:
    ask(london, "day", **EVE, reason="the landlord closes the house")
    (day,) = revisions(london)[-1].value.days.values()
    assert (day.source, revisions(london)[-1].reason) == ("ana", "the landlord closes the house")


def test_a_title_from_elsewhere_is_cleaned_and_kept_short(london: World) -> None:
    ask(london, "day", **EVE | {"title": "Eve\x1b]0;x\x07\n" + "y" * 200})
    (name,) = days(london).values()
    assert "\x1b" not in name and "\n" not in name and len(name) < 140


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"date": "2026-13-01"}, "date: '2026-13-01' is no date"),
        ({"date": "2100-01-01"}, "date: 2100 is not between"),
        ({"date": "tomorrow"}, "date: 'tomorrow' is no date"),
        ({"hours": "22:00-06:00"}, "hours: 22:00-06:00 ends before it begins"),
        ({"hours": "noon"}, "hours: 'noon' is no span of hours"),
        ({"title": " \t"}, "needs title"),
    ],
)
def test_an_impossible_day_is_refused(london: World, given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        ask(london, "day", **EVE | given)
    assert len(revisions(london)) == 1


def test_a_day_of_no_calendar_and_one_that_does_not_differ_are_told(london: World) -> None:
    with pytest.raises(NotFound, match="no calendar 'paris'"):
        ask(london, "day", **EVE | {"name": "paris"})
    with pytest.raises(NotFound, match="2026-12-24 does not differ in london") as missing:
        ask(london, "day", **EVE, hours="-")
    assert missing.value.hint == "see: lexops sla calendar show london --month 2026-12"


def test_days_that_close_a_year_nearly_whole_are_refused(firm: World) -> None:
    ask(firm, "set", **LONDON | {"hours": "sat 10:00-11:00"})
    saturdays = [date(2027, 1, 2) + timedelta(weeks=n) for n in range(52)]
    said = ""
    for place, on in enumerate(saturdays):
        try:
            ask(firm, "day", name="london", date=str(on), title="closed", key=f"day-{place}")
        except InvalidRequest as error:
            said = str(error)
            break
    assert said == "london: in 2027 it would be open for 39 h, less than 40 h"


# Holidays.


def test_holidays_are_imported_with_where_they_come_from_and_when_they_are_observed(london: World) -> None:
    assert ask(london, "holidays", **GB) == "london revision 2: 9 holidays of GB-ENG added"
    assert days(london) == {
        "2026-01-01": "New Year's Day",
        "2026-04-03": "Good Friday",
        "2026-04-06": "Easter Monday",
        "2026-05-04": "May Day",
        "2026-05-25": "Spring Bank Holiday",
        "2026-08-31": "Late Summer Bank Holiday",
        "2026-12-25": "Christmas Day",
        "2026-12-26": "Boxing Day",
        "2026-12-28": "Boxing Day (observed)",
    }
    sources = {each.source for each in revisions(london)[-1].value.days.values()}
    assert sources == {f"holidays {version('holidays')} GB-ENG"}
    assert revisions(london)[-1].reason == "public holidays of GB-ENG 2026"


def test_days_entered_by_hand_are_never_overwritten(london: World) -> None:
    ask(london, "day", name="london", date="2026-12-28", title="hotline", hours="10:00-12:00")
    assert ask(london, "holidays", **GB) == (
        "london revision 3: 8 holidays of GB-ENG added, 1 kept as they were"
    )
    assert days(london)["2026-12-28"] == "hotline"


def test_an_imported_day_that_was_edited_is_one_entered_by_hand(london: World) -> None:
    ask(london, "holidays", **GB)
    ask(london, "day", name="london", date="2026-05-04", title="we work", hours="09:00-17:00")
    ask(london, "holidays", **GB | {"last": 2027})
    assert days(london)["2026-05-04"] == "we work"


def test_importing_the_same_again_changes_nothing(london: World) -> None:
    ask(london, "holidays", **GB)
    with pytest.raises(Refused, match="london is so already"):
        ask(london, "holidays", **GB)


def test_an_import_of_more_years_adds_only_those(london: World) -> None:
    ask(london, "holidays", **GB)
    said = ask(london, "holidays", **GB | {"country": "gb", "subdivision": "eng", "last": 2028})
    assert said.startswith("london revision 3: 19 holidays of GB-ENG added")
    assert sum(on.startswith("2028") for on in days(london)) == 9


def test_what_an_earlier_import_had_wrong_goes_with_the_next_one(london: World) -> None:
    ask(london, "holidays", **GB)
    with london.store.begin() as connection:
        found = calendars.get(connection, "london")
        wrong = next(iter(found.value.days.values()))
        moved = {date(2026, 7, 4): type(wrong)(date(2026, 7, 4), "moved", (), "holidays 0.80 GB-ENG")}
        changed = Calendar("london", found.value.periods, {**found.value.days, **moved})
        calendars.add(connection, changed, at=found.recorded, operator="ana", reason="", after=2)
    assert ask(london, "holidays", **GB) == (
        "london revision 4: 0 holidays of GB-ENG added, 1 no longer holidays"
    )
    assert "2026-07-04" not in days(london)


def test_holidays_of_a_second_country_stand_beside_the_first(london: World) -> None:
    ask(london, "holidays", **GB)
    said = ask(london, "holidays", name="london", country="CH", subdivision="ZH", first=2026)
    assert "kept as they were" in said and "2026-08-01" in days(london)
    assert days(london)["2026-12-25"] == "Christmas Day"


@pytest.mark.parametrize(
    ("given", "error", "said", "mend"),
    [
        ({"country": "XX"}, InvalidRequest, "country: no holidays are known of 'XX'", "GB"),
        ({"subdivision": "TX"}, InvalidRequest, "GB has no 'TX'", "ENG, NIR, SCT, WLS"),
        ({"last": 2025}, InvalidRequest, "last: 2025 is not within 10 years from 2026 on", ""),
        ({"last": 2036}, InvalidRequest, "last: 2036 is not within 10 years from 2026 on", ""),
        ({"first": 1999}, InvalidRequest, "first: 1999 is not between", ""),
        ({"first": "soon"}, InvalidRequest, "first: 'soon' is no int", ""),
        ({"name": "paris"}, NotFound, "no calendar 'paris'", "london"),
    ],
)
def test_an_impossible_import_is_refused_with_what_is_possible(
    london: World, given: dict[str, object], error: type[LexOpsError], said: str, mend: str
) -> None:
    with pytest.raises(error) as refused:
        ask(london, "holidays", **GB | given)
    assert said in str(refused.value) and mend in refused.value.hint
    assert len(revisions(london)) == 1
