"""Quiet hours: notices wait for their end on the person's own clock, whatever that does in the night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.calendars.notation import Unreadable
from lexops.outbox.model import Habits, Urgency
from lexops.outbox.quiet import LONGEST, free_from, plain
from lexops.outbox.tables import habits_table
from tests.clock import START, ManualClock
from tests.outbox.helping import Post, ana, fresh_store, notice, page

NIGHT = Habits(ana(), "daily 22:00-07:00", "Europe/London", "P2")


def at(text: str, zone: str = "Europe/London") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def freed(now: str, habits: Habits = NIGHT, urgency: Urgency = Urgency.NOTICE, priority: str = "P3") -> str:
    """When it goes, on the person's own clock."""
    found = free_from(habits, urgency, priority, at(now, habits.zone))
    return found.astimezone(ZoneInfo(habits.zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        pytest.param("2026-03-03 21:59", "2026-03-03 21:59", id="before"),
        pytest.param("2026-03-03 22:00", "2026-03-04 07:00", id="begins"),
        pytest.param("2026-03-04 06:59", "2026-03-04 07:00", id="just before the end"),
        pytest.param("2026-03-04 07:00", "2026-03-04 07:00", id="over"),
        pytest.param("2026-12-31 23:30", "2027-01-01 07:00", id="over the turn of the year"),
        pytest.param("2026-03-28 23:00", "2026-03-29 07:00", id="the night is an hour short"),
        pytest.param("2026-10-24 23:00", "2026-10-25 07:00", id="the night is an hour long"),
    ],
)
def test_notices_wait_for_the_end_of_the_quiet_hours(now: str, goes: str) -> None:
    assert freed(now) == goes


def test_a_night_with_a_clock_change_is_as_long_as_it_is() -> None:
    for day, hours in (("2026-03-28", 8), ("2026-10-24", 10), ("2026-06-01", 9)):
        begun = at(f"{day} 22:00")
        assert free_from(NIGHT, Urgency.NOTICE, "", begun) - begun == timedelta(hours=hours)


def test_zammad_4432_no_reminder_comes_at_midnight_or_on_a_weekend() -> None:
    """Nor 2157: the hours are those of the person, not those of the server."""
    office = Habits(ana(), "mon-fri 00:00-09:00 17:00-24:00; sat,sun 00:00-24:00", "America/New_York")
    assert freed("2026-03-06 17:00", office) == "2026-03-09 09:00"  # over the weekend of the clock change
    assert freed("2026-03-09 00:00", office) == "2026-03-09 09:00"
    assert freed("2026-03-09 09:00", office) == "2026-03-09 09:00"


@pytest.mark.parametrize(
    ("urgency", "priority", "waits"),
    [
        (Urgency.PAGE, "P1", False),
        (Urgency.PAGE, "P2", False),
        (Urgency.PAGE, "P3", True),
        (Urgency.PAGE, "P4", True),
        (Urgency.PAGE, "", False),
        (Urgency.NOTICE, "P1", True),
    ],
)
def test_only_pages_that_matter_enough_wake(urgency: Urgency, priority: str, waits: bool) -> None:
    assert (freed("2026-03-04 03:00", NIGHT, urgency, priority) == "2026-03-04 07:00") is waits


def test_without_quiet_hours_and_with_a_zone_that_is_gone_everything_goes() -> None:
    now = at("2026-03-04 03:00")
    assert free_from(Habits(ana()), Urgency.NOTICE, "", now) == now
    assert free_from(Habits(ana(), "daily 22:00-07:00", "Mars/Olympus"), Urgency.NOTICE, "", now) == now


@pytest.mark.parametrize("quiet", ["always", "daily 00:00-24:00"])
def test_nobody_is_always_quiet(quiet: str) -> None:
    with pytest.raises(ValueError, match="never hears"):
        plain(quiet)


def test_hours_that_are_none_say_so() -> None:
    with pytest.raises(Unreadable):
        plain("at night")


def test_hours_that_are_longer_than_what_can_be_kept_say_so() -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    many = [f"{day} 0{n}:0{n}-0{n}:3{n} 12:0{n}-13:0{n} 21:0{n}-23:1{n}" for n, day in enumerate(days)]
    assert habits_table.c.quiet.type.length == LONGEST  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="longer than 200 characters"):
        plain("; ".join(many))
    assert len(plain("; ".join(many[:4]))) <= LONGEST


@given(
    st.integers(0, 440 * 86_400),
    st.sampled_from(["Europe/London", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "UTC"]),
    st.sampled_from(["daily 22:00-07:00", "mon-fri 18:00-08:00; sat,sun 00:00-24:00", "sun 01:00-03:30"]),
)
def test_what_has_waited_waits_no_longer(second: int, zone: str, quiet: str) -> None:
    """It goes later, never earlier, within days, and then at once."""
    habits, moment = Habits(ana(), quiet, zone), START + timedelta(seconds=second)
    free = free_from(habits, Urgency.NOTICE, "", moment)
    assert moment <= free <= moment + timedelta(days=4)
    assert free_from(habits, Urgency.NOTICE, "", free) == free


def test_a_notice_of_the_night_arrives_in_the_morning_with_the_others(tmp_path: Path) -> None:
    clock = ManualClock(at("2026-03-03 22:30"))
    post = Post(fresh_store(tmp_path), tmp_path, clock)
    post.contacts(("mail", "ana@firm.example"))
    post.habits(quiet="daily 22:00-07:00", zone="Europe/London", wakes="P1")
    now = clock.now()
    post.put(
        notice("a", created=now, due=now),
        notice("b", created=now, due=now),
        page("low", priority="P2", created=now, due=now),
        page("high", created=now, due=now),
    )
    assert [each.messages for each in post.turn()] == [["high"]]
    assert post.run(8 * 3600 + 1500, 1800) == []
    morning = post.run(400, 100)
    assert sorted(key for each in morning for key in each.messages) == ["a", "b", "low"]
    assert sorted(len(each.messages) for each in morning) == [1, 2]


def test_new_quiet_hours_hold_for_what_waits_already(tmp_path: Path) -> None:
    clock = ManualClock(at("2026-03-03 22:30"))
    post = Post(fresh_store(tmp_path), tmp_path, clock)
    post.contacts(("mail", "ana@firm.example"))
    post.habits(quiet="daily 22:00-07:00", zone="Europe/London")
    post.put(notice("n", created=clock.now(), due=clock.now()))
    assert post.run(120, 60) == []
    post.habits(quiet="")
    assert [each.messages for each in post.run(120, 60)] == [["n"]]
