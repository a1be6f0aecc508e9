"""Service level objectives: what was available, what may still fail, and how fast that is used up. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from lexops.checks.model import Status
from lexops.checks.view import Burn, DayOfHours, ObjectiveView
from lexops.clock import show_duration
from lexops.text import plural
from lexops.trends.availability import Availability, State
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line
from lexops.tui.presenters.clocks import BAR, bar
from lexops.tui.presenters.columns import Column, heading_line, place, row_line, widest
from lexops.tui.presenters.facts import facts

NOTHING = Ink("n/a", Tone.QUIET)
_STATES = {
    State.UP: Ink("✔ up", Tone.OK),
    State.DOWN: Ink("✖ down", Tone.CRITICAL),
    State.UNKNOWN: Ink("? unknown", Tone.UNKNOWN),
    State.MAINTENANCE: Ink("– away", Tone.QUIET),
}
_LITTLE = 90.0
"""Percent that has to be known for the numbers to say much."""
_LOW = 25.0
"""Percent of the budget from which what is left is worth a colour."""


def haystack(row: ObjectiveView) -> str:
    """What a filter looks through."""
    words = [f"target:{target}" for target in row.targets]
    marks = ("is:missed" if row.is_missed else "", "is:burning" if row.is_alerting else "", f"is:{row.state}")
    return "\n".join((row.name, row.title, f"client:{row.client}", *words, *marks))


def columns(rows: Sequence[ObjectiveView]) -> tuple[Column[ObjectiveView], ...]:
    """Objective, what the service is, what was promised, available, known and left, and the burn rate."""
    clients = widest((row.client for row in rows), most=14)
    return (
        Column("objective", lambda row: (Ink(row.title, Tone.STRONG),), 12, grow=1),
        Column("client", lambda row: (Ink(row.client, Tone.QUIET),), clients, priority=2),
        Column("now", lambda row: (badge(row),), 9),
        Column("promised", lambda row: (Ink(f"{row.objective:g} %"),), 8, right=True),
        Column("available", lambda row: (percent(row.availability, 3),), 9, right=True),
        Column("known", lambda row: (_known(row),), 7, right=True),
        Column("budget left", _left, BAR + 7),
        Column("that is", lambda row: (_time_left(row.left),), 7, right=True),
        Column("burn", lambda row: (_rate(row.burns[0] if row.burns else None),), 6, right=True),
        Column("over", lambda row: (Ink(show_duration(row.window), Tone.QUIET),), 6, priority=1, right=True),
    )


def badge(row: ObjectiveView) -> Ink:
    """The worst that can be said of it: down, burning, missed, not known."""
    if row.state is State.DOWN:
        return _STATES[State.DOWN]
    if row.is_alerting:
        return Ink("▲ burning", _tone(row))
    return Ink("✖ missed", Tone.CRITICAL) if row.is_missed else _STATES[row.state]


def _tone(row: ObjectiveView) -> Tone:
    severe = any(burn.alerting and burn.severity is Status.CRITICAL for burn in row.burns)
    return Tone.CRITICAL if severe else Tone.WARNING


def percent(value: float | None, digits: int) -> Ink:
    """A percentage, never rounded up: what was missed must not look kept."""
    if value is None:
        return NOTHING
    scale = 10**digits
    return Ink(f"{math.floor(value * scale) / scale:.{digits}f} %")


def _known(row: ObjectiveView) -> Ink:
    said = percent(row.coverage, 1)
    return Ink(said.text, Tone.WARNING) if row.coverage is not None and row.coverage < _LITTLE else said


def _left(row: ObjectiveView) -> Line:
    left = row.left_percent
    if left is None:
        return (NOTHING,)
    whole = max(-999, math.floor(left))
    tone = Tone.CRITICAL if left < 0 else Tone.WARNING if left < _LOW else Tone.PLAIN
    return (*bar(whole, BAR, tone), Ink(f"{f'{whole} %':>7}", tone))


def _time_left(left: float | None) -> Ink:
    if left is None:
        return NOTHING
    sign = "-" if left < 0 else ""
    return Ink(
        f"{sign}{show_duration(timedelta(seconds=abs(left)))}", Tone.CRITICAL if left < 0 else Tone.QUIET
    )


def _rate(burn: Burn | None) -> Ink:
    if burn is None or burn.rate_long is None:
        return NOTHING
    return Ink(_times(burn.rate_long), Tone.WARNING if burn.alerting else Tone.PLAIN)


def _times(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:.1f} x"


def counted(rows: Sequence[ObjectiveView]) -> str:
    """`3 objectives, 1 missed, 1 burning`."""
    parts = [plural(len(rows), "objective")]
    for count, word in (
        (sum(row.is_missed for row in rows), "missed"),
        (sum(row.is_alerting for row in rows), "burning"),
    ):
        if count:
            parts.append(f"{count:,} {word}")
    return ", ".join(parts)


def objective_lines(row: ObjectiveView | None, width: int) -> list[Line]:
    """The selected one in full: whose it is, its days, and how fast its budget burns."""
    if row is None:
        return []
    about = ", ".join(row.targets) + (f"; promised to {row.client}" if row.client else "")
    lines = facts(" SERVICE", about, width - 1, 12)
    if row.unseen:
        unseen = f"? no check counts on {', '.join(row.unseen)}: nothing can be said of the service"
        lines += facts(" UNSEEN", unseen, width - 1, 12, Tone.UNKNOWN)
    if row.coverage is not None and 0 < row.coverage < _LITTLE:
        known = f"▲ {_known(row).text} of the time: little is known"
        lines += facts(" KNOWN", known, width - 1, 12, Tone.WARNING)
    lines += facts(" SPENT", _spent(row), width - 1, 12)
    if row.hours:
        lines.append(fitted((*fitted((Ink(" DAYS", Tone.QUIET),), 12), *_days(row, width - 13)), width))
    placed = place(_burn_columns(), width - 14)
    return [
        *lines,
        EMPTY,
        *(
            (Ink(" " * 12), *each)
            for each in (heading_line(placed), *(row_line(burn, placed) for burn in row.burns))
        ),
    ]


def _spent(row: ObjectiveView) -> str:
    budget = row.budget
    if budget is None:
        return "n/a: nothing is known of it"
    return f"{show_duration(budget.spent)} of {show_duration(budget.allowed)} in {show_duration(row.window)}"


def _days(row: ObjectiveView, width: int) -> Line:
    """A sign for each day, the newest ones where there is no room for all."""
    inks = [day_sign(day, row.objective) for day in row.hours[-max(1, width) :]]
    runs = ((tone, list(run)) for tone, run in groupby(inks, key=lambda ink: ink.tone))
    return tuple(Ink("".join(each.text for each in run), tone) for tone, run in runs)


def day_sign(day: DayOfHours, objective: float) -> Ink:
    """A low bar: up; a half one: down, but less than may be; a full one: more; `░` mostly not known."""
    whole = sum(day.hours, Availability())
    if whole.percent is not None and whole.down:
        more = whole.percent < objective
        return Ink("█", Tone.CRITICAL) if more else Ink("▄", Tone.WARNING)
    if whole.unknown > whole.known:
        return Ink("░", Tone.UNKNOWN)
    return Ink("▁", Tone.OK) if whole.known else Ink("·", Tone.QUIET)


def _burn_columns() -> tuple[Column[Burn], ...]:
    return (
        Column("burn over", lambda burn: (Ink(show_duration(burn.long)),), 10, right=True),
        Column("rate", lambda burn: (Ink(_times(burn.rate_long), _alert(burn)),), 9, right=True),
        Column("and over", lambda burn: (Ink(show_duration(burn.short)),), 9, right=True),
        Column("rate", lambda burn: (Ink(_times(burn.rate_short), _alert(burn)),), 9, right=True),
        Column("limit", lambda burn: (Ink(_times(burn.limit), Tone.QUIET),), 9, right=True),
        Column("", lambda burn: (_said(burn),), 14, grow=1),
    )


def _alert(burn: Burn) -> Tone:
    return Tone.WARNING if burn.alerting else Tone.PLAIN


def _said(burn: Burn) -> Ink:
    if not burn.alerting:
        return Ink("")
    severe = burn.severity is Status.CRITICAL
    return Ink("✖ come now" if severe else "▲ too fast", Tone.CRITICAL if severe else Tone.WARNING)


def reading() -> list[Line]:
    """While nothing is known yet."""
    return [line(Ink(" reading", Tone.QUIET))]
