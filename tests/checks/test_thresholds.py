"""Ranges as the monitoring-plugins guidelines define them, with units and percent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.thresholds import parse_range


@pytest.mark.parametrize(
    ("text", "bad", "good"),
    [
        pytest.param("10", [-1, 10.1], [0, 5, 10], id="outside 0 to 10"),
        pytest.param("10:", [9.9], [10, 1e9], id="below 10"),
        pytest.param("~:10", [10.1], [-1e9, 10], id="above 10"),
        pytest.param("10:20", [9.9, 20.1], [10, 15, 20], id="outside 10 to 20"),
        pytest.param("@10:20", [10, 15, 20], [9.9, 20.1], id="inside 10 to 20"),
        pytest.param("5m", [301], [300], id="minutes are seconds"),
        pytest.param("10GiB", [10 * 2**30 + 1], [10 * 2**30], id="binary multiples"),
        pytest.param("0.5s:", [0.4], [0.5], id="fractions"),
    ],
)
def test_a_range_alerts_where_the_guidelines_say(text: str, bad: list[float], good: list[float]) -> None:
    found = parse_range(text)
    assert [found.alerts(value) for value in bad] == [True] * len(bad)
    assert [found.alerts(value) for value in good] == [False] * len(good)


def test_percent_refers_to_the_limit() -> None:
    assert parse_range("80%").alerts(81, 100)
    assert not parse_range("80%").alerts(81, 200)
    with pytest.raises(ValueError, match="limit"):
        parse_range("80%").alerts(81)


@pytest.mark.parametrize("text", ["", ":", "ten", "20:10", "5 parsecs", "5m%", "1:2:3"])
def test_what_is_no_range_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|number|above"):
        parse_range(text)


@given(st.floats(allow_nan=False), st.integers(-100, 100), st.integers(0, 100))
def test_inside_and_outside_are_opposites(value: float, low: int, width: int) -> None:
    text = f"{low}:{low + width}"
    assert parse_range(text).alerts(value) is not parse_range(f"@{text}").alerts(value)


def test_no_number_is_never_fine() -> None:
    assert parse_range("~:10").alerts(float("nan"))
