"""Calendars as plain values: weekly hours, days that differ from them, changes from a day on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

DAY = 86_400
"""Seconds on the wall clock of a day; 24:00 is this second, and the first one of the next day."""

Interval = tuple[int, int]
"""From the first second on to before the second one, in seconds since midnight on the wall clock."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date that differs from its weekday: a holiday, a half day, a closure, an extra shift."""

    date: date
    name: str
    hours: tuple[Interval, ...] = ()
    """What replaces the hours of the weekday; empty: closed."""
    source: str = ""
    """Where it comes from: `holidays 0.110 GB-ENG`, or who entered it."""


@dataclass(frozen=True, slots=True)
class Period:
    """The hours from a date on, in a zone."""

    zone: ZoneInfo
    week: tuple[tuple[Interval, ...], ...]
    """Monday to Sunday; each sorted, without overlaps."""
    since: date | None = None
    """The first date, in `zone`; None: always."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods in order, the first one from always; and the days that differ, whatever the period."""

    name: str
    periods: tuple[Period, ...]
    days: Mapping[date, Day] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.name, self.periods, tuple(sorted(self.days))))


Entered = TypeVar("Entered")


@dataclass(frozen=True, slots=True)
class Revision(Generic[Entered]):
    """A calendar, or what else a contract rests on, as it was entered at some moment."""

    value: Entered
    number: int
    recorded: datetime
    correction: bool
    """Whether it was wrong before, so that what is finished is counted anew."""
    operator: str
    reason: str


def known(revisions: Sequence[Revision[Entered]], at: datetime | None) -> Revision[Entered] | None:
    """The revision that counts for what was finished `at` a moment (None: for what still runs).

    What was finished keeps what was known then, but for corrections: those say that it had been wrong all
    along. A correction is the whole of what holds now, so it brings the changes before it along; see
    :func:`taken_up`. What was entered only after everything counts from its first revision on. `revisions` in
    the order of their numbers; None when there are none.
    """
    if at is None:
        return revisions[-1] if revisions else None
    counting = [each for each in revisions if each.correction or each.recorded <= at]
    return counting[-1] if counting else (revisions[0] if revisions else None)


def taken_up(before: Sequence[Revision[Entered]]) -> str:
    """`what is finished takes up revisions 2, 3 too`: what a correction of these brings along, if anything.

    Those are the changes since the last correction, which so far counted only for what ran.
    """
    numbers = list[int]()
    for each in before:
        numbers = [] if each.correction else [*numbers, each.number]
    changes = [str(number) for number in numbers if number > 1]
    several = "s" if len(changes) > 1 else ""
    return f"what is finished takes up revision{several} {', '.join(changes)} too" if changes else ""
