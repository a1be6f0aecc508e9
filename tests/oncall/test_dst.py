"""Nights in which the clocks change: the arithmetic against a walk through every minute of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from lexops.oncall.model import Turn
from lexops.oncall.rotation import handoff, shifts, turn_at, who
from lexops.oncall.walls import date_at, instant, midnight
from tests.oncall.helping import book, layer, utc
from tests.oncall.oracle import NIGHTS, Night, people

TURNS = (
    (Turn.HOURLY, 5),
    (Turn.DAILY, 1),
    (Turn.DAILY, 2),
    (Turn.WEEKLY, 1),
    (Turn.MONTHLY, 1),
)
HANDOFFS = ("00:00", "00:10", "01:30", "02:15", "02:30", "03:00", "23:30")

# What the clocks show, and the moment at which they first show it or anything later.
WALLS = (
    ("Europe/London", "2026-03-29T00:59", "2026-03-29T00:59"),
    ("Europe/London", "2026-03-29T01:00", "2026-03-29T01:00"),
    ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00"),
    ("Europe/London", "2026-03-29T02:00", "2026-03-29T01:00"),
    ("Europe/London", "2026-03-29T02:01", "2026-03-29T01:01"),
    ("Europe/London", "2026-10-25T01:00", "2026-10-25T00:00"),
    ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30"),
    ("Europe/London", "2026-10-25T02:00", "2026-10-25T02:00"),
    ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
    ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00"),
    ("America/Sao_Paulo", "2018-11-04T00:45", "2018-11-04T03:00"),
    ("America/Sao_Paulo", "2018-11-04T01:00", "2018-11-04T03:00"),
    ("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30"),
    ("America/Sao_Paulo", "2018-02-18T00:00", "2018-02-18T03:00"),
    ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
    ("Asia/Kathmandu", "1986-01-01T00:05", "1985-12-31T18:30"),
    ("Asia/Kathmandu", "2026-03-29T02:30", "2026-03-28T20:45"),
    ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00"),
    ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00"),
    ("Pacific/Apia", "2011-12-31T09:00", "2011-12-30T19:00"),
)


@pytest.mark.parametrize(("zone", "wall", "moment"), WALLS)
def test_a_skipped_time_is_the_first_one_after_it_and_a_double_one_the_first(
    zone: str, wall: str, moment: str
) -> None:
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(moment)


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_every_minute_of_the_night_has_the_person_that_a_walk_finds(night: Night) -> None:
    for turn, length in TURNS:
        for clock in HANDOFFS:
            start = f"{night.since + timedelta(days=1):%Y-%m-%d}T{clock}"
            known = book(layer("ana bo cy", start, turn, length), zone=night.zone)
            found = iter(shifts(known, "support", night.since, night.until))
            shift = next(found)
            for at, person in people(known, night):
                if at >= shift.ends:
                    shift = next(found)
                assert shift.person == person, (turn, length, clock, at)


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_a_moment_between_two_hand_offs_is_found_without_the_ones_before(night: Night) -> None:
    for clock in HANDOFFS:
        start = f"{night.since + timedelta(days=1):%Y-%m-%d}T{clock}"
        known = book(layer("ana bo cy", start, Turn.DAILY), zone=night.zone)
        for at, person in list(people(known, night))[::10]:
            assert who(known, "support", at) == person, (clock, at)


@pytest.mark.parametrize("night", NIGHTS, ids=str)
@pytest.mark.parametrize("turn", [Turn.HOURLY, Turn.DAILY])
def test_each_hand_off_of_the_night_happens_once(night: Night, turn: Turn) -> None:
    zone = ZoneInfo(night.zone)
    for clock in HANDOFFS:
        taken = layer("ana bo", f"{night.since - timedelta(days=1):%Y-%m-%d}T{clock}", turn)
        last = turn_at(taken, zone, night.until)
        moments = [handoff(taken, zone, number) for number in range(last + 1)]
        assert moments == sorted(moments)
        # A date that the zone has left out has no length: at its midnight two hand-offs fall together.
        doubled = [one for one, other in pairwise(moments) if one == other]
        left_out = (night.zone, turn, clock) == ("Pacific/Apia", Turn.DAILY, "00:00")
        assert doubled == ([utc("2011-12-30T10:00")] if left_out else [])
        for number, moment in enumerate(moments):
            if moment not in doubled:
                assert turn_at(taken, zone, moment) == number
            assert turn_at(taken, zone, moment - timedelta.resolution) < number


def test_turns_of_a_date_that_was_left_out_go_on_the_day_after() -> None:
    taken = layer("ana bo cy", "2011-12-28T09:00", Turn.DAILY)
    zone = ZoneInfo("Pacific/Apia")
    shown = [f"{handoff(taken, zone, number).astimezone(zone):%d %H:%M}" for number in range(5)]
    assert shown == ["28 09:00", "29 09:00", "31 00:00", "31 09:00", "01 09:00"]


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_every_moment_has_exactly_one_date(night: Night) -> None:
    zone = ZoneInfo(night.zone)
    at = night.since
    while at < night.until:
        on = date_at(at, zone)
        assert midnight(on, zone) <= at < midnight(on + timedelta(days=1), zone)
        at += timedelta(minutes=15)
