"""Thresholds: monitoring-plugins range syntax, with units and percent of a limit.

`10` alerts outside 0..10, `10:` below 10, `~:10` above 10, `10:20` outside, `@10:20` inside
(monitoring-plugins.org, developer guidelines, "Threshold and Ranges"). Units: `%` of the metric's
limit; `s m h d` seconds; `KiB MiB GiB TiB` and `k M G T` multiples.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)(%?)")
_SCALE = {
    "": 1.0,
    "s": 1.0,
    "ms": 1e-3,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "B": 1.0,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
    "TiB": 2.0**40,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}


@dataclass(frozen=True, slots=True)
class Range:
    """A range of good values (of bad ones when `inside`); percent when its text says so."""

    text: str
    low: float
    high: float
    inside: bool = False
    percent: bool = False

    def alerts(self, value: float, limit: float | None = None, *, ease: float = 0.0) -> bool:
        """Whether `value` is bad; NaN always is. Raises ValueError for a percent range without a limit.

        `ease` draws the good range in by that share, for a value that has been bad: it then has to be clearly
        good again (netdata's hysteresis).
        """
        if self.percent:
            if limit is None or limit <= 0:
                raise ValueError(f"{self.text} is a percentage, but the limit is {limit}")
            value = 100.0 * value / limit
        if self.inside:
            return self.low <= value <= self.high
        low, high = self.low + ease * abs(self.low), self.high - ease * abs(self.high)
        if low > high or math.isinf(self.low):
            low = self.low
        if low > high or math.isinf(self.high):
            high = self.high
        return not low <= value <= high


@dataclass(frozen=True, slots=True)
class Levels:
    """The two thresholds of a check; either may be absent."""

    warn: Range | None = None
    crit: Range | None = None


def parse_range(text: str) -> Range:
    """A range from its text. Raises ValueError that says what is wrong and what is allowed."""
    body = text.strip()
    inside = body.startswith("@")
    low_text, colon, high_text = body.removeprefix("@").partition(":")
    if not colon:
        low_text, high_text = "", low_text
    if not low_text and not high_text:
        raise ValueError(f"{text!r} is no range; write for example 10, 10:, ~:10, 10:20, @10:20, 80% or 5m")
    low, low_percent = (-math.inf, False) if low_text == "~" else _number(low_text or "0", text)
    high, high_percent = _number(high_text, text) if high_text else (math.inf, False)
    if low > high:
        raise ValueError(f"{text!r}: the lower end is above the upper end")
    return Range(body, low, high, inside, low_percent or high_percent)


def _number(text: str, whole: str) -> tuple[float, bool]:
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match[2] not in _SCALE or (match[2] and match[3]):
        units = ", ".join(unit for unit in _SCALE if unit)
        raise ValueError(f"{whole!r}: {text!r} is no number with a unit of: %, {units}")
    return float(match[1]) * _SCALE[match[2]], bool(match[3])


def levels(warn: str | None = None, crit: str | None = None) -> Levels:
    """Both thresholds from their texts."""
    return Levels(parse_range(warn) if warn else None, parse_range(crit) if crit else None)
