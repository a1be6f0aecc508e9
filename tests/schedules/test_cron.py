"""When cron expressions are due, above all on nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.schedules.cron import dues, latest_due, latest_dues, next_due

ZURICH = ZoneInfo("Europe/Zurich")
SYDNEY = ZoneInfo("Australia/Sydney")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
NEW_YORK = ZoneInfo("America/New_York")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _first(cron: str, zone: ZoneInfo, after: str, count: int) -> list[str]:
    return [f"{due:%m-%d %H:%M}" for due in islice(dues(cron, zone, _utc(after)), count)]


def test_a_daily_time_keeps_its_place_on_the_local_clock() -> None:
    # Summer time in Zurich begins on 29 March 2026 and ends on 25 October 2026, both at 01:00 UTC.
    assert _first("15 12 * * *", ZURICH, "2026-03-27T12:00", 4) == [
        "03-28 11:15",
        "03-29 10:15",
        "03-30 10:15",
        "03-31 10:15",
    ]


def test_a_time_that_does_not_exist_happens_right_after_the_gap() -> None:
    assert _first("30 2 * * *", ZURICH, "2026-03-28T12:00", 2) == ["03-29 01:00", "03-30 00:30"]


def test_a_time_that_exists_twice_happens_once() -> None:
    assert _first("30 2 * * *", ZURICH, "2026-10-24T12:00", 2) == ["10-25 00:30", "10-26 01:30"]


@pytest.mark.parametrize("after", ["2026-10-25T00:31", "2026-10-25T01:05", "2026-10-25T01:31"])
def test_seen_from_inside_the_doubled_hour_what_has_been_is_not_due_again(after: str) -> None:
    assert _first("30 2 * * *", ZURICH, after, 1) == ["10-26 01:30"]


def test_every_quarter_of_an_hour_follows_the_real_hours() -> None:
    night = _first("*/15 * * * *", ZURICH, "2026-10-24T23:59", 12)
    assert night == [f"10-25 0{h}:{m:02d}" for h in (0, 1, 2) for m in (0, 15, 30, 45)]


def test_a_gap_of_half_an_hour_is_a_gap_too() -> None:
    # Lord Howe Island moves by half an hour: on 4 October 2026 02:00 becomes 02:30, at 15:30 UTC on the 3rd.
    assert _first("10 2 * * *", LORD_HOWE, "2026-10-03T00:00", 2) == ["10-03 15:30", "10-04 15:10"]


def test_the_last_day_of_the_month_and_names_are_understood() -> None:
    assert _first("0 0 L * *", ZoneInfo("UTC"), "2028-02-01T00:00", 2) == ["02-29 00:00", "03-31 00:00"]
    assert _first("0 6 * * MON-FRI", ZoneInfo("UTC"), "2026-03-06T06:00", 1) == ["03-09 06:00"]


_CRONS = st.sampled_from(
    ["30 2 * * *", "0 * * * *", "*/20 * * * *", "15 2 * * 0", "0 0 1 * *", "59 1-3 * * *", "5 3 29 2 *"]
)
_MOMENTS = st.integers(0, 4 * 366 * 24 * 60).map(lambda m: _utc("2025-01-01T00:00") + timedelta(minutes=m))
_ZONES = st.sampled_from([ZURICH, SYDNEY, LORD_HOWE, NEW_YORK, ZoneInfo("UTC")])


@given(_CRONS, _ZONES, _MOMENTS)
def test_the_next_due_time_is_later_and_the_latest_is_not_and_none_lies_between(
    cron: str, zone: ZoneInfo, at: datetime
) -> None:
    before, after = latest_due(cron, zone, at), next_due(cron, zone, at)
    assert before <= at < after
    assert next_due(cron, zone, before) == after
    assert latest_due(cron, zone, after) == after


@given(_CRONS, _ZONES, _MOMENTS, st.integers(1, 30))
def test_the_latest_due_times_follow_one_another_up_to_now(
    cron: str, zone: ZoneInfo, at: datetime, count: int
) -> None:
    found = latest_dues(cron, zone, at, count)
    assert len(found) == count and found[-1] == latest_due(cron, zone, at)
    assert found[1:] == list(islice(dues(cron, zone, found[0]), count - 1))


@given(_CRONS, _ZONES, st.integers(0, 60 * 24 * 2))
def test_a_look_from_any_minute_of_a_doubled_night_gives_the_same_times(
    cron: str, zone: ZoneInfo, minute: int
) -> None:
    start = datetime(2026, 10, 24, tzinfo=UTC)
    at = start + timedelta(minutes=minute)
    expected = [due for due in islice(dues(cron, zone, start), 400) if due > at][:3]
    assert list(islice(dues(cron, zone, at), len(expected))) == expected
