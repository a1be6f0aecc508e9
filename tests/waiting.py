"""Waiting for what others do in their own time, with one patience for all tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 60.0
"""Seconds until what should happen counts as not happening: far more than the busiest machine needs."""

STRIDE = 5.0
"""Seconds that one look counts for at most: a machine that stood still has not had that time."""

T = TypeVar("T")


def until(
    look: Callable[[], T], what: str = "it did not happen", seconds: float = PATIENCE, pause: float = 0.02
) -> T:
    """The first true value of `look`; fails with `what` when there is none in time."""
    left, before = seconds, time.monotonic()
    while not (found := look()):
        now = time.monotonic()
        left, before = left - min(STRIDE, now - before), now
        assert left > 0, what
        time.sleep(pause)
    return found
