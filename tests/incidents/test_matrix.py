"""Impact and urgency give the priority."""

from __future__ import annotations

from itertools import product

import pytest

from lexops.incidents.matrix import priority
from lexops.incidents.model import Level

HIGH, MEDIUM, LOW = Level


@pytest.mark.parametrize(("impact", "row"), [(HIGH, "P1 P2 P3"), (MEDIUM, "P2 P3 P4"), (LOW, "P3 P4 P4")])
def test_the_matrix_is_the_documented_one(impact: Level, row: str) -> None:
    assert [priority(impact, urgency) for urgency in Level] == row.split()


def test_what_nobody_has_said_counts_as_medium() -> None:
    assert priority(None, None) is None
    for level in Level:
        assert priority(level, None) == priority(level, MEDIUM)
        assert priority(None, level) == priority(MEDIUM, level)


def test_more_impact_or_urgency_is_never_less_important() -> None:
    order = list(Level)
    for (i, u), (j, v) in product(product(order, order), repeat=2):
        if order.index(i) <= order.index(j) and order.index(u) <= order.index(v):
            one, other = priority(i, u), priority(j, v)
            assert one is not None and other is not None and one <= other
