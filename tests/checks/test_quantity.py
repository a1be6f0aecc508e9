"""Measured numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.checks.quantity import show

GIB = 2**30


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (97, "", "97"),
        (93.14, "%", "93.1 %"),
        (1234.5, "", "1,234"),
        (999.7, "", "1,000"),
        (-999.7, "", "-1,000"),
        (0.00001234, "", "0.000012"),
        (4.24 * GIB, "B", "4.24 GiB"),
        (1010 * GIB, "B", "1,010 GiB"),
        (0, "B", "0 B"),
        (0.5, "s", "500 ms"),
        (0.9996, "s", "1 s"),
        (12.34, "s", "12.3 s"),
        (0.000001, "s", "0.001 ms"),
    ],
)
def test_a_number_is_shown_short_and_with_its_unit(value: float, unit: str, shown: str) -> None:
    assert show(value, unit) == shown


@given(st.floats(-1e13, 1e13), st.sampled_from(["", "%", "s", "B"]))
def test_no_number_is_shown_as_a_power_of_ten(value: float, unit: str) -> None:
    assert "e" not in show(value, unit)
