"""Arithmetic of bills in whole numbers, rounded half away from zero as invoices are."""

from __future__ import annotations

from lexops.billing.model import MILLION, TEN_THOUSAND


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` (positive) to the nearest whole number, halves away from zero."""
    if denominator <= 0:
        raise ValueError("the denominator must be above 0")
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def priced(units: int, unit_price: int) -> int:
    """What `units` (ten-thousandths) cost at `unit_price` (minor units), in minor units."""
    return half_up(units * unit_price, TEN_THOUSAND)


def share_of(amount: int, share: int) -> int:
    """The `share` (millionths) of an amount, in the amount's minor units."""
    return half_up(amount * share, MILLION)
