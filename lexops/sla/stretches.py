"""What every second of a clock's life was: counted, paused, or closed, and why. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from lexops.calendars.business import BusinessTime, Span, moment
from lexops.calendars.model import Calendar, Interval, Period
from lexops.calendars.notation import show_day
from lexops.sla.clock import RESOLVED
from lexops.sla.model import Clock, Pause
from lexops.sla.view import Part, Segment
from lexops.text import one_line

WEEKEND = "weekend"
REOPENED = "resolved until it was re-opened"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds that are alike, cut wherever anything differs."""

    start: int
    end: int
    is_open: bool
    pause: Pause | None
    why: str = ""
    """Of one that is closed."""

    @property
    def part(self) -> Part:
        if not self.is_open:
            return Part.CLOSED
        return Part.PAUSED if self.pause else Part.COUNTED


class Wall:
    """The clock on the wall of a calendar: dates and hours of a second, in the zone in force."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._begins = [
            int(datetime.combine(period.since, time(), period.zone).timestamp())
            for period in calendar.periods[1:]
            if period.since is not None
        ]

    def period(self, at: int) -> Period:
        return self.calendar.periods[bisect_right(self._begins, at)]

    def local(self, at: int) -> datetime:
        return moment(at).astimezone(self.period(at).zone)

    def changes(self, start: int, end: int) -> list[int]:
        """When other hours or another zone come into force."""
        return [at for at in self._begins if start < at < end]

    def hours(self, on: date, at: int) -> tuple[Interval, ...]:
        """The hours of the date that a second lies on."""
        differing = self.calendar.days.get(on)
        return self.period(at).week[on.weekday()] if differing is None else differing.hours

    def day_ends(self, at: int) -> int:
        """When the date of a second ends, or its hours are replaced by others."""
        local = self.local(at)
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
        # Where the clocks go back over midnight, it comes twice.
        found = [int(each.timestamp()) for each in (midnight, midnight.replace(fold=1))]
        ends = next((each for each in found if each > at), at + 1)
        return min([ends, *self.changes(at, ends)])

    def why_closed(self, at: int) -> str:
        """In words, for a second that is not open."""
        on = self.local(at).date()
        differing = self.calendar.days.get(on)
        hours = self.hours(on, at)
        if differing is not None:
            name = one_line(differing.name, 80)
            return f"{name}, open {show_day(hours)}" if hours else name
        if hours:
            return f"outside {show_day(hours)}"
        return WEEKEND if on.weekday() >= 5 else f"closed on {on:%A}s"


def stretches(clock: Clock, time: BusinessTime, more: Iterable[int] = ()) -> list[Stretch]:
    """A clock's life from its start to its end, or to what it is due at if that is later, without a gap.

    Cut at its end, at what it is due at, at the edges of pauses and at the seconds in `more`.
    """
    wall = Wall(time.calendar)
    last = max(clock.end, clock.due or clock.end)
    edges = {clock.start, clock.end, last, clock.due or last, *more}
    for pause in clock.pauses:
        edges |= {pause.start, last if pause.end is None else pause.end}
    cuts = sorted(edge for edge in edges if clock.start <= edge <= last)
    found: list[Stretch] = []
    for start, end in pairwise(cuts):
        meanwhile = next((each for each in clock.pauses if _covers(each, start)), None)
        found += [replace(each, pause=meanwhile) for each in _between(time, wall, start, end)]
    return found


def segments(found: Iterable[Stretch]) -> tuple[Segment, ...]:
    """The same in the words of a view; of what is closed it does not matter whether the ticket waited."""
    return tuple(Segment(each.start, each.end, each.part, _why(each)) for each in found)


def waiting_words(pause: Pause) -> str:
    """Why a pause does not count."""
    if pause.why == RESOLVED:
        return REOPENED
    return f"waiting: {one_line(pause.why, 200)}" if pause.why else "waiting"


def _why(stretch: Stretch) -> str:
    return waiting_words(stretch.pause) if stretch.is_open and stretch.pause else stretch.why


def _covers(pause: Pause, at: int) -> bool:
    return pause.start <= at and (pause.end is None or at < pause.end)


def _between(time: BusinessTime, wall: Wall, start: int, end: int) -> Iterator[Stretch]:
    reached = start
    for opens, closes in _touching(time.spans(start, end)):
        yield from _closed(wall, reached, opens)
        yield Stretch(opens, closes, True, None)
        reached = closes
    yield from _closed(wall, reached, end)


def _touching(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans that touch as one: they are cut at the turn of a year."""
    standing: Span | None = None
    for start, end in spans:
        if standing is not None and start == standing[1]:
            standing = (standing[0], end)
            continue
        if standing is not None:
            yield standing
        standing = (start, end)
    if standing is not None:
        yield standing


def _closed(wall: Wall, start: int, end: int) -> Iterator[Stretch]:
    standing: Stretch | None = None
    while start < end:
        until = min(end, wall.day_ends(start))
        why = wall.why_closed(start)
        if standing is not None and standing.why == why:
            standing = replace(standing, end=until)
        else:
            if standing is not None:
                yield standing
            standing = Stretch(start, until, False, None, why)
        start = until
    if standing is not None:
        yield standing
