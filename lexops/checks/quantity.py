"""Measured numbers for people: `97`, `4.2 GiB`, `14 min`, `93.1 %`."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal

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
    return f"{figures(value)} {unit}".rstrip()


def figures(value: float) -> str:
    """Three digits that count, or all before the point; never a power of ten, nor less than a millionth."""
    if not abs(value) < 999.5:
        return f"{value:,.0f}"
    return f"{Decimal(f'{round(value, 6):.3g}'):f}"


def _seconds(value: float) -> str:
    if value < 0:
        return f"-{_seconds(-value)}"
    if value < 0.9995:
        return f"{figures(value * 1000)} ms"
    if value < 60:
        return f"{figures(value)} s"
    return show_duration(timedelta(seconds=value))


def _bytes(value: float) -> str:
    power = min(int(math.log2(max(abs(value), 1)) // 10), len(_BYTES) - 1)
    return f"{figures(value / 2 ** (10 * power))} {_BYTES[power]}"
