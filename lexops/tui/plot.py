"""A metric's history drawn with blocks: value axis, thresholds, and the hours of the site's zone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import median
from zoneinfo import ZoneInfo

from lexops.checks.thresholds import Levels, Range
from lexops.checks.view import Happened, Mark, Point, Series
from lexops.tui.ink import Ink, Line, Tone, cells, fitted, line

BLOCKS = " ▁▂▃▄▅▆▇█"
_UNITS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "s": ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "min"), (1, 1, "s"), (1e-9, 1e-3, "ms")),
    "B": ((2**40, 2**40, "TiB"), (2**30, 2**30, "GiB"), (2**20, 2**20, "MiB"), (2**10, 2**10, "KiB")),
    "%": (),
}
"""For each unit: from which value, divided by what, under which name."""
_TIME_STEPS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_COUNTS = ((1e10, 1e9, "G"), (1e7, 1e6, "M"), (1e4, 1e3, "k"))
_AHEAD = 5
"""One part in so many of the width is the time ahead."""
_SIGNS = {Happened.OPENED: "▲", Happened.RESOLVED: "▼", Happened.CHANGE: "◆"}
_FLAT = 1e-300
"""A range below that cannot be divided into steps."""
_FAR = 4.0
"""A threshold this many times above everything measured would flatten the plot; it stays in words."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across the plot."""

    value: float
    name: str
    tone: Tone


def show_value(value: float, unit: str = "") -> str:
    """A number as people say it: `850 s`, `14 min`, `4.2 GiB`, `1.2 k`."""
    if not math.isfinite(value):
        return str(value)
    for least, scale, name in _UNITS.get(unit, _COUNTS):
        if abs(value) >= least:
            return f"{_short(value / scale)} {name}"
    return f"{_short(value)} {unit}".rstrip()


def _short(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def thresholds(levels: Levels, limit: float | None) -> tuple[Threshold, ...]:
    """The finite ends of both ranges, in the metric's own unit."""
    found: list[Threshold] = []
    for level, name, tone in ((levels.warn, "warn", Tone.WARNING), (levels.crit, "crit", Tone.CRITICAL)):
        if level is not None:
            found += [Threshold(value, name, tone) for value in _ends(level, limit)]
    return tuple(found)


def _ends(level: Range, limit: float | None) -> list[float]:
    if level.percent and not limit:
        return []
    scale = (limit or 0.0) / 100.0 if level.percent else 1.0
    ends = [level.low, level.high]
    if level.low == 0.0 and not level.inside:
        ends = [level.high]
    return [end * scale for end in ends if math.isfinite(end)]


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the series goes on after its last point: three lines through its level, per second."""

    level: float
    least: float
    middle: float
    most: float


def plot(
    series: Series,
    levels: Levels,
    zone: ZoneInfo,
    width: int,
    height: int,
    *,
    outlook: Outlook | None = None,
    marks: Sequence[Mark] = (),
    floor: float = 0.0,
    top: float = 0.0,
) -> list[Line]:
    """The series in `width` × `height` cells, the time axis included; the peaks are what is drawn.

    With an `outlook` the last part of the width is the time ahead; `marks` are one more line under the axis.
    The axis begins at `floor`, or lower where something is, and reaches up to `top` at least.
    """
    points = [point for point in series.points if math.isfinite(point.high)]
    if not points or width < 24 or height < 3:
        return [line(Ink("no measurements kept", Tone.QUIET))]
    lines_at = () if series.info else thresholds(levels, series.limit)
    under = [mark for mark in marks if points[0].at <= mark.at <= points[-1].at]
    rows = height - 2 if under and height >= 5 else height - 1
    ticks, lines_at = _scale(points, lines_at, series.unit, rows, floor, top)
    labels = [show_value(tick, series.unit) for tick in ticks]
    gutter = max(len(label) for label in labels)
    tail = 5 if lines_at else 0
    across = width - gutter - 3 - tail
    ahead = across // _AHEAD if outlook is not None and across >= 40 else 0
    columns = _columns(points, across - ahead)
    band = _band(outlook, points, across - ahead, ahead) if outlook is not None else []
    lines = _bars(columns, ticks, labels, lines_at, gutter, rows, band)
    lines.append(_time_axis(points[0].at, points[-1].at, zone, gutter + 3, across - ahead, width))
    if rows < height - 1:
        lines.append(_marks(under, points[0].at, points[-1].at, gutter + 3, across - ahead, width))
    return lines


def _band(
    outlook: Outlook, points: Sequence[Point], across: int, ahead: int
) -> list[tuple[float, float, float]]:
    """For each column of the time ahead: least, middle and greatest value."""
    span = (points[-1].at - points[0].at).total_seconds() / max(1, across - 1)
    return [
        (
            outlook.level + outlook.least * span * n,
            outlook.level + outlook.middle * span * n,
            outlook.level + outlook.most * span * n,
        )
        for n in range(1, ahead + 1)
    ]


def _marks(
    marks: Sequence[Mark], start: datetime, end: datetime, indent: int, across: int, width: int
) -> Line:
    """A sign under the column of each mark, and what the signs mean where there is room."""
    span = (end - start).total_seconds() or 1.0
    signs = [" "] * across
    for mark in marks:
        signs[round((mark.at - start).total_seconds() / span * (across - 1))] = _SIGNS[mark.what]
    told = {mark.what: _SIGNS[mark.what] for mark in marks}
    meaning = " ".join(f"{sign} {what}" for what, sign in told.items())
    drawn = f"{''.join(signs):<{width - indent}}"
    gap = max(re.findall(" +", drawn), key=len, default="")
    if len(gap) < len(meaning) + 4:
        return line(" " * indent, Ink(drawn, Tone.STRONG))
    before, _, after = drawn.partition(gap)
    said = f"  {meaning}".ljust(len(gap))
    return line(" " * indent, Ink(before, Tone.STRONG), Ink(said, Tone.QUIET), Ink(after, Tone.STRONG))


def _scale(
    points: Sequence[Point], marks: Sequence[Threshold], unit: str, rows: int, floor: float, least_top: float
) -> tuple[list[float], tuple[Threshold, ...]]:
    """The values of the axis from the bottom to the top, and the thresholds that are on it."""
    top = max(point.high for point in points)
    bottom = min(floor, min(point.high for point in points))
    reach = max(abs(top), abs(bottom)) or 1.0
    kept = tuple(mark for mark in marks if bottom * _FAR <= mark.value <= reach * _FAR)
    top = max([top, least_top, *(mark.value for mark in kept)])
    bottom = min([bottom, *(mark.value for mark in kept)])
    if top - bottom < _FLAT:
        top = bottom + 1.0
    wanted = max(1, min(4, rows // 2))
    step = _nice((top - bottom) / wanted, unit)
    low = math.floor(bottom / step) * step
    count = max(1, math.ceil((top - low) / step - 1e-9))
    return [low + step * index for index in range(count + 1)], kept


def _nice(step: float, unit: str) -> float:
    """The next step that people count in: 1, 2, 5, or whole minutes, hours and days, or powers of 1024."""
    if unit == "s" and step > 10:
        return next((nice for nice in _TIME_STEPS if nice >= step * 0.999), _nice(step / 86_400, "") * 86_400)
    if unit == "B" and step > 1024:
        scale = 1024.0 ** int(math.log(step, 1024))
        return _nice(step / scale, "") * scale
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next((power * size for size in (1, 2, 5) if power * size >= step * 0.999), power * 10)


def _columns(points: Sequence[Point], across: int) -> list[float | None]:
    """The peak of each column; a gap longer than the usual distance stays empty."""
    start, end = points[0].at, points[-1].at
    span = (end - start).total_seconds()
    if span <= 0 or across < 2:
        return [points[-1].high] + [None] * (across - 1)
    columns: list[float | None] = [None] * across
    for point in points:
        at = round((point.at - start).total_seconds() / span * (across - 1))
        columns[at] = max(point.high, columns[at] if columns[at] is not None else -math.inf)  # type: ignore[type-var]
    usual = median((after.at - before.at).total_seconds() for before, after in pairwise(points))
    bridge = math.ceil(1.6 * usual / span * (across - 1))
    last, held = -bridge - 1, 0.0
    for at, value in enumerate(columns):
        if value is not None:
            last, held = at, value
        elif at - last < bridge:
            columns[at] = held
    return columns


def _bars(
    columns: Sequence[float | None],
    ticks: Sequence[float],
    labels: Sequence[str],
    marks: Sequence[Threshold],
    gutter: int,
    rows: int,
    band: Sequence[tuple[float, float, float]] = (),
) -> list[Line]:
    low, high = ticks[0], ticks[-1]

    def row_of(value: float) -> int:
        return min(rows - 1, max(0, round((value - low) / (high - low) * rows - 0.5)))

    at_row = {row_of(tick): label for tick, label in zip(ticks, labels, strict=True)}
    at_row |= {row_of(low): labels[0], rows - 1: labels[-1]}
    crossed = {row_of(mark.value): mark for mark in marks}
    heights = [
        None if value is None else min(8 * rows, max(1, round((value - low) / (high - low) * rows * 8)))
        for value in columns
    ]
    tones = [_tone(value, marks) for value in columns]
    lines: list[Line] = []
    for row in reversed(range(rows)):
        mark = crossed.get(row)
        signs: list[tuple[str, Tone]] = []
        for filled, tone in zip(heights, tones, strict=True):
            part = 0 if filled is None else min(8, max(0, filled - 8 * row))
            if part:
                signs.append((BLOCKS[part], tone))
            elif mark:
                signs.append(("┄", Tone.QUIET))
            else:
                signs.append((" ", Tone.PLAIN))
        signs += [(_ahead_sign(row, each, row_of, (low, high)), Tone.QUIET) for each in band]
        runs = [
            Ink("".join(sign for sign, _ in run), tone)
            for tone, run in groupby(signs, key=lambda sign: sign[1])
        ]
        named = (Ink(f" {mark.name}", mark.tone),) if mark else ()
        lines.append((Ink(f"{at_row.get(row, ''):>{gutter}} │ ", Tone.QUIET), *runs, *named))
    return lines


def _ahead_sign(
    row: int,
    band: tuple[float, float, float],
    row_of: Callable[[float], int],
    ends: tuple[float, float],
) -> str:
    """How the time ahead looks in a cell: the middle line, or between the outer ones."""
    least, middle, most = band
    if row == row_of(middle) and ends[0] <= middle <= ends[1]:
        return "•"
    inside = row_of(least) <= row <= row_of(most) and least <= ends[1] and most >= ends[0]
    return "░" if inside else " "


def _tone(value: float | None, marks: Sequence[Threshold]) -> Tone:
    """A column is coloured by the highest threshold it passes; with lower limits it stays plain."""
    passed = [mark for mark in marks if value is not None and value > mark.value > 0]
    for name in ("crit", "warn"):
        for mark in passed:
            if mark.name == name:
                return mark.tone
    return Tone.PLAIN


def _time_axis(start: datetime, end: datetime, zone: ZoneInfo, indent: int, across: int, width: int) -> Line:
    """Moments in the site's zone under their columns; days as well where the plot spans more than one."""
    span = end - start
    form = "%H:%M" if span <= timedelta(days=1) else "%d %b %H:%M" if span <= timedelta(days=10) else "%d %b"
    first, last = (moment.astimezone(zone).strftime(form) for moment in (start, end))
    ending = f"{last} {end.astimezone(zone).strftime('%Z')}"
    until = max(0, min(across - len(last), width - indent - len(ending)))
    text = f"{first:<{max(0, until - 4)}}"
    count = max(0, min(4, across // 24 - 1))
    for index in range(1, count + 1):
        at = across * index // (count + 1)
        label = (start + span * index / (count + 1)).astimezone(zone).strftime(form)
        left = at - len(label) // 2
        if text[max(0, left - 1) : left + len(label) + 1].isspace():
            text = text[:left] + label + text[left + len(label) :]
    body = fitted((Ink(text, Tone.QUIET),), until)
    return (Ink(" " * indent), *body, Ink(ending, Tone.QUIET)) if cells(body) else line(Ink(ending))
