"""Turns, layers, overrides and revisions: who is on call, case by case."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lexops.calendars.model import Revision
from lexops.errors import NotFound
from lexops.oncall.model import NO_BEGINNING, NO_END, OVERRIDE, Book, Turn
from lexops.oncall.notation import shift_text
from lexops.oncall.rotation import (
    current,
    following,
    gaps,
    handoff,
    on_call,
    shifts,
    turns_of,
    who,
    whole_shifts,
)
from tests.oncall.helping import LONG_AGO, at, book, days_off, layer, override, revision, rota, told

WEEK = layer("ana bo", "2026-01-05T09:00")
OFFICE = "mon-fri 09:00-17:30"


# Turns.


def test_a_turn_ends_at_the_same_time_of_day_in_summer_and_in_winter() -> None:
    found = shifts(book(WEEK), "support", at("2026-03-23T09:00"), at("2026-04-06T09:00"))
    assert told(found) == [
        "bo 2026-03-23 09:00 GMT - 2026-03-30 09:00 BST",
        "ana 2026-03-30 09:00 BST - 2026-04-06 09:00 BST",
    ]


def test_a_fortnight_is_fourteen_dates_and_not_so_many_seconds() -> None:
    fortnight = layer("ana bo", "2026-03-23T02:00", length=2)
    moments = [handoff(fortnight, ZoneInfo("Europe/London"), number) for number in range(3)]
    assert [f"{each.astimezone(ZoneInfo('Europe/London')):%d %b %H:%M}" for each in moments] == [
        "23 Mar 02:00",
        "06 Apr 02:00",
        "20 Apr 02:00",
    ]
    assert moments[1] - moments[0] == timedelta(days=14, hours=-1)


@pytest.mark.parametrize(
    ("start", "days"),
    [
        ("2027-12-31T08:00", ["31 Dec", "31 Jan", "29 Feb", "31 Mar", "30 Apr", "31 May", "30 Jun"]),
        ("2026-01-30T08:00", ["30 Jan", "28 Feb", "30 Mar", "30 Apr", "30 May", "30 Jun", "30 Jul"]),
        ("2026-01-29T08:00", ["29 Jan", "28 Feb", "29 Mar", "29 Apr", "29 May", "29 Jun", "29 Jul"]),
        ("2026-01-15T08:00", ["15 Jan", "15 Feb", "15 Mar", "15 Apr", "15 May", "15 Jun", "15 Jul"]),
    ],
)
def test_a_month_without_the_day_has_its_last_one_and_the_day_comes_back(start: str, days: list[str]) -> None:
    monthly = layer("ana bo", start, Turn.MONTHLY)
    zone = ZoneInfo("Europe/London")
    assert [f"{handoff(monthly, zone, number).astimezone(zone):%d %b}" for number in range(7)] == days


def test_hours_of_a_turn_are_elapsed_ones() -> None:
    hourly = layer("ana bo", "2026-03-28T22:00", Turn.HOURLY, 4)
    found = shifts(book(hourly), "support", at("2026-03-28T22:00"), at("2026-03-29T07:00"))
    assert told(found) == [
        "ana 2026-03-28 22:00 GMT - 2026-03-29 03:00 BST",
        "bo 2026-03-29 03:00 BST - 2026-03-29 07:00 BST",
    ]


def test_nobody_is_on_call_before_the_first_hand_off() -> None:
    assert who(book(WEEK), "support", at("2026-01-05T08:59")) == ""
    assert who(book(WEEK), "support", at("2026-01-05T09:00")) == "ana"


def test_a_name_that_comes_twice_has_two_turns_of_three() -> None:
    known = book(layer("ana ana bo", "2026-01-05T09:00", Turn.DAILY))
    assert told(shifts(known, "support", at("2026-01-05T09:00"), at("2026-01-09T09:00"))) == [
        "ana 2026-01-05 09:00 GMT - 2026-01-07 09:00 GMT",
        "bo 2026-01-07 09:00 GMT - 2026-01-08 09:00 GMT",
        "ana 2026-01-08 09:00 GMT - 2026-01-09 09:00 GMT",
    ]


def test_who_is_on_call_in_thirty_years_is_as_quick_as_now() -> None:
    known = book(layer("ana bo cy", "2026-01-05T09:00", Turn.DAILY))
    days = (datetime.fromisoformat("2056-07-05") - datetime.fromisoformat("2026-01-05")).days
    assert who(known, "support", at("2056-07-05T09:00")) == ("ana", "bo", "cy")[days % 3]


# Layers.


def test_a_later_layer_goes_over_an_earlier_one_in_its_hours() -> None:
    known = book(layer("cy", "2026-01-01T00:00", name="base"), layer("ana", "2026-01-05T09:00", hours=OFFICE))
    assert told(shifts(known, "support", at("2026-01-09T08:00"), at("2026-01-12T10:00"))) == [
        "cy 2026-01-09 08:00 GMT - 2026-01-09 09:00 GMT",
        "ana 2026-01-09 09:00 GMT - 2026-01-09 17:30 GMT",
        "cy 2026-01-09 17:30 GMT - 2026-01-12 09:00 GMT",
        "ana 2026-01-12 09:00 GMT - 2026-01-12 10:00 GMT",
    ]


def test_turns_go_on_through_hours_in_which_their_layer_does_not_serve() -> None:
    known = book(layer("ana bo", "2026-01-05T09:00", Turn.DAILY, hours="mon,wed,fri 09:00-17:00"))
    monday, wednesday, friday = (
        who(known, "support", at(f"2026-01-{day}T10:00")) for day in ("05", "07", "09")
    )
    assert (monday, wednesday, friday) == ("ana", "ana", "ana")


def test_holidays_are_left_to_the_layer_below_or_served_alone() -> None:
    off = days_off("2026-05-25")
    under, over = layer("cy", "2026-01-01T00:00", name="base"), layer("ana", "2026-01-05T09:00")
    leaves = book(under, layer("ana", "2026-01-05T00:00", holidays="-london"), london=off)
    serves = book(over, layer("cy", "2026-01-01T00:00", name="feast", holidays="+london"), london=off)
    for known in (leaves, serves):
        assert told(shifts(known, "support", at("2026-05-24T12:00"), at("2026-05-26T12:00"))) == [
            "ana 2026-05-24 12:00 BST - 2026-05-25 00:00 BST",
            "cy 2026-05-25 00:00 BST - 2026-05-26 00:00 BST",
            "ana 2026-05-26 00:00 BST - 2026-05-26 12:00 BST",
        ]


def test_a_holiday_that_becomes_known_later_does_not_change_who_was_on_call() -> None:
    off = days_off("2026-05-25")
    late = Revision(off[0].value, 1, at("2026-05-25T12:00"), False, "mia", "forgotten")
    known = book(layer("ana", "2026-01-05T00:00", holidays="-london"), london=[late])
    assert told(shifts(known, "support", at("2026-05-25T09:00"), at("2026-05-26T09:00"))) == [
        "ana 2026-05-25 09:00 BST - 2026-05-25 12:00 BST",
        "nobody 2026-05-25 12:00 BST - 2026-05-26 00:00 BST",
        "ana 2026-05-26 00:00 BST - 2026-05-26 09:00 BST",
    ]


# Overrides.

MONDAY, TUESDAY = at("2026-01-05T09:00"), at("2026-01-06T09:00")


def test_an_override_goes_over_every_layer() -> None:
    known = book(WEEK, overrides=[override("cy", at("2026-01-05T12:00"), at("2026-01-05T14:00"))])
    found = shifts(known, "support", MONDAY, TUESDAY)
    assert [(each.person, each.layer) for each in found] == [
        ("ana", "week"),
        ("cy", OVERRIDE),
        ("ana", "week"),
    ]
    assert told(found)[1] == "cy 2026-01-05 12:00 GMT - 2026-01-05 14:00 GMT"


def test_of_overlapping_overrides_the_one_recorded_last_goes_over_the_others() -> None:
    early = override("cy", MONDAY, at("2026-01-05T15:00"), id=7)
    late = override("dee", at("2026-01-05T12:00"), TUESDAY, id=3, recorded=LONG_AGO + timedelta(days=1))
    for order in ((early, late), (late, early)):
        found = shifts(book(WEEK, overrides=order), "support", MONDAY, TUESDAY)
        assert [each.person for each in found] == ["cy", "dee"]
        assert found[0].ends == at("2026-01-05T12:00")


def test_an_override_instead_of_somebody_leaves_the_shifts_of_others() -> None:
    known = book(
        layer("ana bo", "2026-01-05T09:00", Turn.DAILY),
        overrides=[override("cy", MONDAY, at("2026-01-09T09:00"), instead_of="bo")],
    )
    assert [each.person for each in shifts(known, "support", MONDAY, at("2026-01-09T09:00"))] == [
        "ana",
        "cy",
        "ana",
        "cy",
    ]


def test_who_stands_in_can_be_stood_in_for() -> None:
    first = override("bo", MONDAY, TUESDAY, id=1, instead_of="ana")
    second = override("cy", MONDAY, TUESDAY, id=2, instead_of="bo", recorded=LONG_AGO + timedelta(days=1))
    assert who(book(WEEK, overrides=[first, second]), "support", MONDAY) == "cy"


def test_an_override_for_nobody_is_a_gap_that_somebody_wanted() -> None:
    known = book(WEEK, overrides=[override("", MONDAY, TUESDAY)])
    (gap,) = gaps(known, "support", MONDAY, at("2026-01-08T09:00"))
    assert gap.is_wanted_gap and (gap.starts, gap.ends) == (MONDAY, TUESDAY)


def test_an_override_holds_only_from_when_it_was_recorded_until_it_was_removed() -> None:
    known = book(
        WEEK,
        overrides=[
            override("cy", MONDAY, TUESDAY, recorded=at("2026-01-05T11:00"), removed=at("2026-01-05T13:00"))
        ],
    )
    found = shifts(known, "support", MONDAY, TUESDAY)
    assert [each.person for each in found] == ["ana", "cy", "ana"]
    assert (found[1].starts, found[1].ends) == (at("2026-01-05T11:00"), at("2026-01-05T13:00"))


# Revisions.


def test_a_revision_holds_from_when_it_was_recorded_and_counts_from_its_own_start() -> None:
    old, new = rota(WEEK), rota(layer("cy dee", "2026-01-07T12:00"))
    known = Book({"support": [revision(old), revision(new, 2, at("2026-01-07T10:00"))]})
    assert told(shifts(known, "support", MONDAY, at("2026-01-15T12:00"))) == [
        "ana 2026-01-05 09:00 GMT - 2026-01-07 10:00 GMT",
        "nobody 2026-01-07 10:00 GMT - 2026-01-07 12:00 GMT",
        "cy 2026-01-07 12:00 GMT - 2026-01-14 12:00 GMT",
        "dee 2026-01-14 12:00 GMT - 2026-01-15 12:00 GMT",
    ]


def test_a_correction_tells_the_past_anew() -> None:
    known = Book(
        {"support": [revision(rota(WEEK)), revision(rota(layer("cy", "2026-01-05T09:00")), 2, TUESDAY, True)]}
    )
    assert who(known, "support", MONDAY) == "cy"


def test_before_a_rota_was_made_nobody_was_on_call() -> None:
    known = Book({"support": [revision(rota(WEEK), recorded=TUESDAY)]})
    assert who(known, "support", MONDAY) == ""
    assert who(known, "support", TUESDAY) == "ana"


# Gaps.


def test_a_rota_has_no_gaps_before_it_begins_and_after_it_has_ended() -> None:
    ended = Book({"support": [revision(rota(WEEK)), revision(rota(), 2, at("2026-01-07T09:00"))]})
    assert gaps(ended, "support", at("2026-01-01T00:00"), at("2026-02-01T00:00")) == []
    assert who(ended, "support", at("2026-01-08T09:00")) == ""


def test_who_may_not_act_here_is_nobody() -> None:
    daily = book(layer("ana bo", "2026-01-05T09:00", Turn.DAILY))
    until = at("2026-01-08T09:00")
    assert gaps(daily, "support", MONDAY, until, {"ana": None, "bo": None}) == []
    (gone,) = gaps(daily, "support", MONDAY, until, {"ana": None})
    assert (gone.person, gone.starts) == ("bo", TUESDAY) and not gone.is_wanted_gap
    (leaves,) = gaps(daily, "support", MONDAY, until, {"ana": None, "bo": TUESDAY + timedelta(hours=3)})
    assert (leaves.starts, leaves.ends) == (TUESDAY + timedelta(hours=3), at("2026-01-07T09:00"))
    assert gaps(daily, "support", MONDAY, until, {"ana": None, "bo": until}) == []


def test_the_turns_of_a_person_are_found_in_every_rota() -> None:
    known = book(WEEK)
    both = Book({**known.rotas, "night": [revision(rota(layer("bo", "2026-01-05T00:00")))]})
    found = turns_of(both, "bo", MONDAY, at("2026-01-19T09:00"))
    assert [(name, f"{shift.starts:%m-%d}") for name, shift in found] == [
        ("night", "01-05"),
        ("support", "01-12"),
    ]


# Whole shifts.


def test_a_shift_under_way_is_told_as_a_whole_with_the_next_one() -> None:
    now = at("2026-01-07T12:00")
    here, then = on_call(book(WEEK), "support", now), following(book(WEEK), "support", now)
    assert then is not None
    assert told([here, then]) == [
        "ana 2026-01-05 09:00 GMT - 2026-01-12 09:00 GMT",
        "bo 2026-01-12 09:00 GMT - 2026-01-19 09:00 GMT",
    ]


def test_a_shift_that_never_ends_has_no_end_and_says_so() -> None:
    known = book(layer("ana", "2020-01-05T09:00"))
    here = on_call(known, "support", at("2026-03-07T12:00"))
    assert (here.starts, here.ends) == (NO_BEGINNING, NO_END)
    assert following(known, "support", at("2026-03-07T12:00")) is None
    assert shift_text(here, ZoneInfo("Europe/London")) == "ana with no end planned"
    assert told(whole_shifts(known, "support", at("2026-03-07T12:00"), at("2026-03-08T12:00"))) == [
        "ana 2025-01-01 00:00 GMT - 2028-01-01 00:00 GMT"
    ]


def test_whole_shifts_are_those_that_touch_a_span_from_hand_off_to_hand_off() -> None:
    found = whole_shifts(book(WEEK), "support", at("2026-01-07T12:00"), at("2026-01-19T09:00"))
    assert told(found) == [
        "ana 2026-01-05 09:00 GMT - 2026-01-12 09:00 GMT",
        "bo 2026-01-12 09:00 GMT - 2026-01-19 09:00 GMT",
    ]


def test_an_unknown_rota_is_named_with_those_there_are() -> None:
    for ask in (who, on_call, following):
        with pytest.raises(NotFound, match="no rota 'nights'") as caught:
            ask(book(WEEK), "nights", MONDAY)
        assert caught.value.hint == "there are: support"
    with pytest.raises(NotFound):
        current(Book({}), "support")
