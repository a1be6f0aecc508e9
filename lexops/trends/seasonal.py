"""Is a metric as it usually is at this hour of the week? Medians of the last four weeks, on logarithms.

The numbers are measured: on quiet series with office hours, nightly batches, month ends and spikes nothing
was called unusual, and 95 % of the injected threefold rises were (`python -m benchmarks trends`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

Direction = Literal["both", "up", "down"]

WEEKS = 4
AROUND = timedelta(minutes=15)
"""The same time of other weeks, give or take."""
FEWEST = 12
"""Earlier values without which nothing is said."""
FAR = 3.5
"""Median deviations that are far."""
OFF = 0.5
"""The least difference, as a share of what is usual, that anybody has to know."""
OF, LEAST = 8, 6
"""So many of the last so many have to be far off."""
LEAST_SPREAD = 0.1
"""On the logarithm: a metric that never moved may move by a tenth."""
_NORMAL = 1.4826
"""Median deviations of a normal distribution in one standard deviation."""
_NOTHING = 1e-9
MONTH_END = 3
"""Days before the end of a month that are unlike others; and the first of the next."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is usual at one moment: the middle, and how far it strays on the logarithm."""

    middle: float
    spread: float
    floor: float

    @property
    def low(self) -> float:
        return self.middle * min(1 - OFF, math.exp(-FAR * self.spread))

    @property
    def high(self) -> float:
        return self.middle * max(1 + OFF, math.exp(FAR * self.spread))


def rhythm(earlier: Sequence[float], least: float = 0.0) -> Rhythm | None:
    """What is usual, from the values of other weeks; None when they are too few."""
    if len(earlier) < FEWEST:
        return None
    floor = max(least, median(earlier) * 0.01, _NOTHING)
    logs = [math.log(max(value, floor)) for value in earlier]
    middle = median(logs)
    spread = max(LEAST_SPREAD, _NORMAL * median(abs(each - middle) for each in logs))
    return Rhythm(math.exp(middle), spread, floor)


def is_off(value: float, usual: Rhythm, direction: Direction = "both") -> bool:
    """Whether a value is far from what is usual, by its spread and by half of it."""
    seen = max(value, usual.floor)
    return (direction != "down" and seen >= usual.high > usual.floor) or (
        direction != "up" and seen <= usual.low and usual.middle > usual.floor
    )


def is_unusual(recent: Sequence[tuple[float, Rhythm]], direction: Direction = "both") -> bool:
    """Whether 6 of the last 8 values were off to the same side."""
    last = recent[-OF:]
    sides: tuple[Direction, ...] = ("up", "down") if direction == "both" else (direction,)
    return any(sum(is_off(value, usual, side) for value, usual in last) >= LEAST for side in sides)


def is_month_end(day: date) -> bool:
    """Whether a day is one on which bills are closed: the last three of a month and the first."""
    return day.day == 1 or (day + timedelta(days=MONTH_END)).month != day.month


def same_times(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """The same local time of the last four weeks, without month ends; oldest first."""
    local = moment.astimezone(zone)
    weeks = (local - timedelta(weeks=week) for week in range(WEEKS, 0, -1))
    return [each.astimezone(moment.tzinfo) for each in weeks if not is_month_end(each.date())]
