"""What is usual at this hour of the week."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from lexops.trends.seasonal import is_month_end, is_off, is_unusual, rhythm, same_times

EARLIER = [100.0, 104.0, 97.0, 110.0, 92.0, 101.0, 99.0] * 4


def test_what_was_always_so_is_usual() -> None:
    usual = rhythm(EARLIER)
    assert usual is not None
    assert not is_off(100.0, usual)
    assert not is_off(140.0, usual)
    assert not is_off(60.0, usual)


def test_three_times_as_much_or_a_fifth_is_off() -> None:
    usual = rhythm(EARLIER)
    assert usual is not None
    assert is_off(300.0, usual)
    assert is_off(20.0, usual)
    assert not is_off(300.0, usual, "down")
    assert not is_off(20.0, usual, "up")


def test_six_of_the_last_eight_have_to_be_off_to_one_side() -> None:
    usual = rhythm(EARLIER)
    assert usual is not None
    wild, calm = (300.0, usual), (100.0, usual)
    assert not is_unusual([wild] * 5 + [calm] * 3)
    assert is_unusual([wild] * 6 + [calm] * 2)
    assert not is_unusual([wild] * 20 + [calm] * 3)
    assert not is_unusual([wild] * 4 + [(20.0, usual)] * 4)


def test_too_few_weeks_say_nothing() -> None:
    assert rhythm(EARLIER[:11]) is None


def test_below_the_least_volume_nothing_matters() -> None:
    usual = rhythm([1.0, 2.0, 1.0, 0.0] * 7, least=50.0)
    assert usual is not None
    assert not is_off(40.0, usual)
    assert is_off(400.0, usual)


def test_a_metric_that_is_always_nothing_can_only_rise() -> None:
    usual = rhythm([0.0] * 28, least=1.0)
    assert usual is not None
    assert not is_off(0.0, usual)
    assert is_off(10.0, usual)


def test_month_ends_are_a_class_of_their_own() -> None:
    assert [day for day in range(1, 31) if is_month_end(date(2026, 11, day))] == [1, 28, 29, 30]
    assert is_month_end(date(2026, 2, 26))
    assert not is_month_end(date(2026, 2, 25))
    moment = datetime(2026, 11, 27, 9, tzinfo=UTC)
    assert [at.day for at in same_times(moment, ZoneInfo("UTC"))] == [6, 13, 20]  # 30 October is one


def test_the_same_time_is_the_same_on_the_wall() -> None:
    moment = datetime(2026, 11, 9, 9, tzinfo=UTC)
    hours = {at.day: at.hour for at in same_times(moment, ZoneInfo("Europe/Zurich"))}
    assert hours == {12: 8, 19: 8, 26: 9, 2: 9}  # summer time ended on 25 October


@given(st.lists(st.floats(1.0, 1e6), min_size=28, max_size=28), st.floats(1.0, 1e6), st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(earlier: list[float], value: float, scale: float) -> None:
    one, other = rhythm(earlier), rhythm([each * scale for each in earlier])
    assert one is not None
    assert other is not None
    near = any(abs(value / edge - 1) < 1e-6 for edge in (one.low, one.high))
    assert near or is_off(value, one) == is_off(value * scale, other)


@given(st.lists(st.floats(1.0, 1e3), min_size=28, max_size=28), st.integers(0, 27))
def test_one_wild_week_moves_little(earlier: list[float], place: int) -> None:
    wild = [*earlier]
    wild[place] = 1e9
    one, other = rhythm(earlier), rhythm(wild)
    assert one is not None
    assert other is not None
    ordered = sorted(earlier)
    assert ordered[12] * 0.999 <= other.middle <= ordered[15] * 1.001


@given(st.lists(st.floats(1.0, 1e3), min_size=28, max_size=28), st.floats(1.0, 1e4), st.floats(1.0, 10.0))
def test_further_up_is_not_less_unusual(earlier: list[float], value: float, times: float) -> None:
    usual = rhythm(earlier)
    assert usual is not None
    assert not is_off(value, usual, "up") or is_off(value * times, usual, "up")
