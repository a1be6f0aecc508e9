"""What went wrong in another on-call product (Grafana OnCall, by its issues), kept from ours."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from lexops.cli.present_oncall import Watch, shift_row, watch_row
from lexops.oncall.model import Turn
from lexops.oncall.rotation import current, following, gaps, on_call, shifts
from tests.oncall.helping import at, book, layer, told

CHICAGO = "America/Chicago"
NEW_YORK = "America/New_York"


def test_oncall_3261_hours_of_a_schedule_made_in_summer_stay_after_the_clocks_go_back() -> None:
    known = book(layer("ana", "2023-09-01T08:30", hours="mon-fri 08:30-17:30"))
    for day, zone in (("2023-10-27", "BST"), ("2023-10-30", "GMT"), ("2024-04-01", "BST")):
        shift = on_call(known, "support", at(f"{day}T12:00"))
        assert told([shift]) == [f"ana {day} 08:30 {zone} - {day} 17:30 {zone}"]


def test_oncall_5247_a_weekly_rotation_has_no_gap_in_autumn_and_no_overlap_in_spring() -> None:
    known = book(layer("ana bo", "2024-10-01T09:00"), zone=CHICAGO)
    found = shifts(known, "support", at("2024-10-01T09:00", CHICAGO), at("2025-04-01T09:00", CHICAGO))
    assert [each.person for each in found] == ["ana", "bo"] * 13
    assert all(
        each.starts.astimezone(ZoneInfo(CHICAGO)).strftime("%a %H:%M") == "Tue 09:00" for each in found
    )
    odd = {each.ends - each.starts - timedelta(days=7) for each in found}
    assert odd == {timedelta(0), timedelta(hours=1), timedelta(hours=-1)}


def test_oncall_5455_a_shift_over_the_change_ends_when_the_next_one_begins() -> None:
    known = book(layer("ana bo", "2025-03-08T17:00", Turn.DAILY), zone=NEW_YORK)
    one, other = shifts(known, "support", at("2025-03-08T17:00", NEW_YORK), at("2025-03-10T17:00", NEW_YORK))
    assert told([one, other], NEW_YORK) == [
        "ana 2025-03-08 17:00 EST - 2025-03-09 17:00 EDT",
        "bo 2025-03-09 17:00 EDT - 2025-03-10 17:00 EDT",
    ]


def test_oncall_2950_shifts_beyond_a_change_are_shown_with_the_time_they_have_then() -> None:
    known = book(layer("ana bo", "2023-09-04T09:00"), zone=NEW_YORK)
    found = on_call(known, "support", at("2024-01-17T12:00", NEW_YORK))
    row = shift_row(found, ZoneInfo(NEW_YORK), None)
    assert row[:2] == ("Mon 2024-01-15 09:00 EST", "Mon 2024-01-22 09:00 EST")


def test_oncall_3576_every_time_says_in_which_zone_it_is_and_the_rota_says_which() -> None:
    known = book(layer("ana bo", "2026-03-23T09:00"))
    now = at("2026-03-24T12:00")
    watch = Watch(
        current(known, "support"), on_call(known, "support", now), following(known, "support", now), None
    )
    assert watch_row(watch) == (
        "support",
        "ana",
        "Mon 2026-03-23 09:00 GMT",
        "Mon 2026-03-30 09:00 BST",
        "week",
        "bo from Mon 2026-03-30 09:00 BST",
    )


def test_oncall_4103_no_gap_where_the_clocks_change_between_start_and_end_of_a_rotation() -> None:
    for zone in ("Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo"):
        for turn, length in ((Turn.DAILY, 1), (Turn.WEEKLY, 2), (Turn.MONTHLY, 1), (Turn.HOURLY, 12)):
            known = book(layer("ana bo", "2018-01-20T00:30", turn, length), zone=zone)
            assert gaps(known, "support", at("2018-01-20T00:30", zone), at("2019-03-01T00:30", zone)) == []


def test_oncall_4846_where_nobody_is_on_call_the_one_who_comes_next_is_known() -> None:
    known = book(layer("ana bo", "2026-01-05T09:00", hours="mon-fri 09:00-17:30"))
    friday_night = at("2026-01-09T22:00")
    assert on_call(known, "support", friday_night).person == ""
    then = following(known, "support", friday_night)
    assert then is not None
    assert told([then]) == ["bo 2026-01-12 09:00 GMT - 2026-01-12 17:30 GMT"]
