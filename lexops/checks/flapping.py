"""Does a check change its mind too often? Icinga's method (docs, chapter 8): the last 20 results,
each change weighted from 0.8 for the oldest to 1.2 for the newest; starts above 30 %, ends below 25 %."""

from __future__ import annotations

from itertools import pairwise

SLOTS = 20
START = 30.0
END = 25.0
_OLDEST, _NEWEST = 0.8, 1.2


def remember(history: str, mark: str) -> str:
    """The last results as one letter each, the newest at the end."""
    return (history + mark)[-SLOTS:]


def change_percent(history: str) -> float:
    """Weighted share of changes among the slots; slots not yet filled count as no change."""
    changes = [old != new for old, new in pairwise(history)]
    step = (_NEWEST - _OLDEST) / (SLOTS - 2)
    offset = SLOTS - 1 - len(changes)
    weighted = sum(_OLDEST + (offset + i) * step for i, changed in enumerate(changes) if changed)
    return 100.0 * weighted / (SLOTS - 1)


def is_flapping(history: str, was_flapping: bool) -> bool:
    """Whether it flaps now, with hysteresis."""
    return change_percent(history) > (END if was_flapping else START)
