"""Time to a limit: what is foreseen, and what is not."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from lexops.trends.forecast import Ahead, Short, ahead, is_held, matters, medians, quartiles

NOW = 1_800_000_000.0
MINUTES = 60.0


def _line(
    per_hour: float, hours: float, level: float = 50.0, every: float = 5.0
) -> list[tuple[float, float]]:
    """Values that end in `level` now."""
    count = int(hours * 60 / every)
    return [
        (NOW - age * every * MINUTES, level - per_hour * age * every / 60) for age in reversed(range(count))
    ]


def test_a_straight_line_reaches_its_limit_when_it_does() -> None:
    found = ahead(_line(5.0, 8), 100.0, NOW)
    assert isinstance(found, Ahead)
    assert found.seconds == found.soonest == found.latest or math.isclose(found.soonest, found.latest)
    assert math.isclose(found.seconds, 10 * 3600, rel_tol=1e-6)


def test_nothing_is_said_before_two_hours() -> None:
    assert ahead(_line(5.0, 1.4), 100.0, NOW) == Short(1800.0)
    assert ahead([], 100.0, NOW) == Short(7200.0)
    assert isinstance(ahead(_line(5.0, 2), 100.0, NOW), Ahead)


def test_after_a_gap_nothing_is_said_before_two_hours() -> None:
    points = _line(5.0, 8)
    before = [point for point in points if point[0] < NOW - 2 * 3600]
    after = [point for point in points if point[0] > NOW - 3600]
    assert isinstance(ahead([*before, *after], 100.0, NOW), Short)
    assert isinstance(ahead(before, 100.0, NOW), Short)


def test_what_does_not_grow_reaches_nothing() -> None:
    assert ahead(_line(0.0, 8), 100.0, NOW) is None
    assert ahead(_line(-3.0, 8), 100.0, NOW) is None


def test_a_single_leap_is_no_growth() -> None:
    points = [(at, value + (30.0 if at > NOW - 3600 else 0.0)) for at, value in _line(0.0, 8)]
    assert ahead(points, 100.0, NOW) is None


def test_an_unsteady_growth_has_a_range() -> None:
    points = [(at, value + 2 * math.sin(at / 3000)) for at, value in _line(4.0, 8)]
    found = ahead(points, 100.0, NOW)
    assert isinstance(found, Ahead)
    assert found.soonest < found.seconds < found.latest


def test_a_forecast_counts_once_it_has_been_made_for_half_an_hour() -> None:
    flat_then_steep = [(at, 50.0 + max(0.0, (at - (NOW - 3.5 * 3600)) / 360)) for at, _ in _line(0.0, 8)]
    steady = _line(5.0, 8)
    assert is_held(steady, 100.0, NOW, 24 * 3600)
    assert not is_held(flat_then_steep, 100.0, NOW - 2 * 3600, 24 * 3600)


def test_a_far_limit_with_room_left_matters_to_nobody() -> None:
    assert matters(3600.0, 90.0)
    assert matters(5 * 86_400.0, 30.0)
    assert not matters(5 * 86_400.0, 60.0)


NUMBERS = st.floats(0, 1e6, allow_nan=False)
SERIES = st.lists(NUMBERS, min_size=60, max_size=100).map(
    lambda values: [(NOW - (len(values) - i) * 300.0, value) for i, value in enumerate(values)]
)


def _alike(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-3, abs_tol=1.0) or min(one, other) > 1e9


@given(SERIES, st.floats(2e6, 1e7), st.sampled_from([0.25, 0.5, 2.0, 4.0, 1024.0]))
def test_the_unit_does_not_matter(points: list[tuple[float, float]], limit: float, scale: float) -> None:
    one, other = ahead(points, limit, NOW), ahead([(t, v * scale) for t, v in points], limit * scale, NOW)
    assert (one is None) == (other is None)
    if isinstance(one, Ahead) and isinstance(other, Ahead):
        assert _alike(one.seconds, other.seconds)


@given(SERIES, st.floats(2e6, 1e7), st.integers(-1000, 1000))
def test_when_it_happens_does_not_matter(points: list[tuple[float, float]], limit: float, days: int) -> None:
    later = days * 86_400.0
    one = ahead(points, limit, NOW)
    other = ahead([(t + later, v) for t, v in points], limit, NOW + later)
    assert (one is None) == (other is None)
    if isinstance(one, Ahead) and isinstance(other, Ahead):
        assert _alike(one.seconds, other.seconds)


@given(SERIES, st.floats(2e6, 1e7), st.floats(1.0, 1e6))
def test_a_higher_limit_is_reached_later(
    points: list[tuple[float, float]], limit: float, more: float
) -> None:
    near, far = ahead(points, limit, NOW), ahead(points, limit + more, NOW)
    if isinstance(near, Ahead) and isinstance(far, Ahead):
        assert far.seconds >= near.seconds
        assert near.soonest <= near.seconds <= near.latest


@given(st.integers(0, 71), st.floats(-1e9, 1e9))
def test_one_wild_value_moves_nothing(place: int, wild: float) -> None:
    points = _line(5.0, 6)
    points[place] = (points[place][0], wild)
    found = ahead(points, 100.0, NOW)
    assert isinstance(found, Ahead)
    assert abs(found.seconds - 36_000) < 600


@given(st.lists(NUMBERS, min_size=1).map(sorted))
def test_quartiles_are_in_order_and_among_the_values(values: list[float]) -> None:
    low, middle, high = quartiles(values)
    assert values[0] <= low <= middle <= high <= values[-1]


def test_medians_go_back_to_the_first_gap() -> None:
    assert len(medians(_line(1.0, 20), NOW)) == 12
    assert medians([], NOW) == []
