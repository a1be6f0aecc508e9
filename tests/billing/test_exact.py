"""Rounding and pricing in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from lexops.billing.exact import half_up, priced, share_of
from lexops.billing.logical import compose, reference_profile
from lexops.targets.model import Kind

AMOUNTS = st.integers(-(10**15), 10**15)


def as_decimal(numerator: int, denominator: int) -> int:
    return int((Decimal(numerator) / denominator).quantize(Decimal(1), ROUND_HALF_UP))


@given(AMOUNTS, st.sampled_from([1, 2, 3, 7, 100, 10_000, 1_000_000]))
def test_half_up_is_what_decimal_says(numerator: int, denominator: int) -> None:
    assert half_up(numerator, denominator) == as_decimal(numerator, denominator)


@given(AMOUNTS, st.integers(1, 10**6))
def test_half_up_mirrors_at_zero(numerator: int, denominator: int) -> None:
    assert half_up(-numerator, denominator) == -half_up(numerator, denominator)


def test_half_up_needs_a_denominator_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        half_up(1, 0)


@pytest.mark.parametrize(
    ("units", "price", "cents"),
    [(2_500, 66_66, 16_67), (2_000, 30_00, 6_00), (8_333, 100_00, 83_33), (-2_500, 66_66, -16_67)],
    ids=["half a cent goes up", "0.2 h at 30", "50 minutes at 100", "a credit goes down"],
)
def test_hours_are_priced_to_the_cent(units: int, price: int, cents: int) -> None:
    assert priced(units, price) == cents


def test_vat_is_a_share_in_millionths() -> None:
    assert share_of(1_000_00, 230_000) == 230_00
    assert share_of(50, 190_000) == 10


def test_half_up_in_sql_is_half_up_in_python(kind: Kind, empty: Callable[[], Engine]) -> None:
    near_halves = [n * 5_000 + offset for n in range(-41, 42) for offset in (-1, 0, 1)]
    cases = [(n, 10_000) for n in near_halves] + [(n, 7) for n in range(-60, 61)]
    cases += [(10**17 + 5, 10), (-(10**17) - 5, 10), (1, 2), (-1, 2), (0, 3)]
    sql = " UNION ALL ".join(
        f"SELECT {i} AS place, @int(@half_up({n}, {d})) AS answer" for i, (n, d) in enumerate(cases)
    )
    with empty().connect() as connection:
        rows = connection.exec_driver_sql(compose(sql, kind, reference_profile())).all()
    assert [int(answer) for _, answer in sorted(rows)] == [as_decimal(n, d) for n, d in cases]


def test_half_up_in_sql_takes_a_sum(kind: Kind, empty: Callable[[], Engine]) -> None:
    numbers = "(SELECT 3 AS n UNION ALL SELECT 12) x"
    sql = compose(f"SELECT @half_up(SUM(n), 10) FROM {numbers}", kind, reference_profile())
    with empty().connect() as connection:
        assert int(connection.exec_driver_sql(sql).scalar_one()) == 2
