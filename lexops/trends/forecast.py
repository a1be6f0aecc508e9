"""When does a metric reach its limit? Theil–Sen over the medians of twelve spans: one spike moves nothing.

What was as high at this hour yesterday is left out: a nightly backup grows for hours, too. The numbers are
measured against other people's rules on quiet and run-away disks (`python -m benchmarks trends`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

Points = Sequence[tuple[float, float]]
"""(seconds since 1970, value), oldest first."""

SPAN = 1800.0
"""Seconds of which one median is taken."""
SPANS = 12
"""Medians that a forecast rests on at most: six hours."""
FEWEST = 4
"""Medians without which nothing is said: two hours."""
HELD = 1800.0
"""Seconds for which a forecast has to say the same before it counts."""
HELD_STEP = 300.0
ROOMY = 40.0
"""Percent free from which on a forecast further away than `SOON` is nobody's concern."""
SOON = 86_400.0
TIGHT = 20.0
"""Percent free below which it does not matter that yesterday went well."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """How a metric goes on: seconds until its limit, by the middle slope and by its quartiles."""

    seconds: float
    soonest: float
    latest: float
    """Infinite when the lower quartile of the slopes does not grow."""
    slope: float
    """Per second."""
    level: float
    """Where the line stands now."""


@dataclass(frozen=True, slots=True)
class Short:
    """There is too little to say anything: measurements without a gap for so many seconds are missing."""

    missing: float


def medians(points: Points, now: float, span: float = SPAN) -> list[tuple[float, float]]:
    """Up to `SPANS` medians, newest first, back to the first gap."""
    spans: list[list[tuple[float, float]]] = [[] for _ in range(SPANS)]
    for at, value in points:
        age = math.floor((now - at) / span)
        if 0 <= age < SPANS:
            spans[age].append((at, value))
    found = []
    for part in spans:
        if not part:
            break
        found.append((median(at for at, _ in part), median(value for _, value in part)))
    return found


def slopes(points: Points) -> list[float]:
    """The slopes between all pairs, in order."""
    return sorted((b - a) / (t - s) for (s, a), (t, b) in combinations(points, 2) if t != s)


def quartiles(ordered: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of ordered values (linear between neighbours)."""

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.25), at(0.5), at(0.75)


def ahead(points: Points, limit: float, now: float, span: float = SPAN) -> Ahead | Short | None:
    """When the metric reaches `limit`; None when it does not grow.

    After a gap nothing is said before two hours of measurements are there again.
    """
    steady = medians(points, now, span)
    if len(steady) < FEWEST:
        return Short((FEWEST - len(steady)) * span)
    lower, middle, upper = quartiles(slopes(steady))
    newest, value = steady[0]
    level = value + middle * (now - newest)
    if middle <= 0:
        return None
    room = max(0.0, limit - level)
    return Ahead(
        room / middle, room / upper, room / lower if lower > 0 else math.inf, slope=middle, level=level
    )


def matters(seconds: float, free: float) -> bool:
    """Whether a time left is anybody's concern: it is soon, or little is free (percent)."""
    return seconds < SOON or free < ROOMY


def is_daily(found: Ahead, yesterday: Sequence[float], free: float) -> bool:
    """Whether the metric stood about as high around this hour yesterday: it will come down as it did then.

    So a nightly backup that is copied away again alarms nobody, unless hardly anything is left (`free`, in
    percent). Without a yesterday nothing is known.
    """
    if not yesterday or free < TIGHT:
        return False
    return found.level - max(yesterday) < 0.5 * found.slope * SPANS * SPAN


def is_held(points: Points, limit: float, now: float, within: float, span: float = SPAN) -> bool:
    """Whether the limit was less than `within` seconds away at every moment of the last half hour."""
    for step in range(1, round(HELD / HELD_STEP) + 1):
        then = now - step * HELD_STEP
        before = ahead([point for point in points if point[0] <= then], limit, then, span)
        if not isinstance(before, Ahead) or before.seconds >= within:
            return False
    return True
