"""Measured numbers for people: `97`, `4.2 GiB`, `14 min`, `93.1 %`."""

from __future__ import annotations

import math
from datetime import timedelta

from lexops.clock import show_duration

_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def show(value: float, unit: str = "") -> str:
    """`value` with its unit, short enough for one cell of a list."""
    if math.isnan(value) or math.isinf(value):
        return f"{value}"
    if unit == "B":
        return _bytes(value)
    if unit == "s":
        return _seconds(value)
    number = f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.3g}"
    return f"{number} {unit}".rstrip()


def _seconds(value: float) -> str:
    if value < 0:
        return f"-{_seconds(-value)}"
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 60:
        return f"{value:.3g} s"
    return show_duration(timedelta(seconds=value))


def _bytes(value: float) -> str:
    power = min(int(math.log2(max(abs(value), 1)) // 10), len(_BYTES) - 1)
    return f"{value / 2 ** (10 * power):.3g} {_BYTES[power]}"
