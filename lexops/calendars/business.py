"""Business time, exact to the second across every change of the clocks. Pure.

A calendar is unrolled into sorted open intervals of UTC seconds, a year at a time, with the sums before each:
what has passed between two moments is a difference of two sums, and a due moment is the inverse. Wall times
follow PEP 495 with fold=0: a time in the spring gap is moved by the gap, of the hour that comes twice the
first one counts. A budget that ends exactly at closing time is due at closing time, not at the next opening.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate

from lexops.calendars.model import DAY, Calendar, Interval, Period

Span = tuple[int, int]
"""Seconds since 1970 UTC, half open."""
FURTHEST = 10
"""Years after which a due moment is given up: the calendar hardly ever opens."""


class NeverDue(ValueError):
    """The calendar does not open often enough for the budget to be used up."""


@dataclass(frozen=True, slots=True)
class _Year:
    """The open intervals of one UTC year."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    """Open seconds of the year before each interval."""
    total: int


class BusinessTime:
    """The open time of one calendar. Moments are whole seconds since 1970 UTC; see :func:`seconds`."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._years: dict[int, _Year] = {}

    def elapsed(self, start: int, end: int) -> int:
        """Open seconds from `start` to `end`; negative when `end` is before `start`."""
        if end < start:
            return -self.elapsed(end, start)
        first, last = _year_of(start), _year_of(end)
        passed = self._passed(last, end) - self._passed(first, start)
        return passed + sum(self._year(year).total for year in range(first, last))

    def due(self, start: int, budget: int) -> int:
        """The first moment by which `budget` open seconds have passed since `start`.

        With a budget of 0, `start` itself. Raises NeverDue, and ValueError for a negative budget.
        """
        if budget < 0:
            raise ValueError(f"a budget of {budget} s is negative")
        if budget == 0:
            return start
        year = _year_of(start)
        wanted = self._passed(year, start) + budget
        for following in range(year, year + FURTHEST):
            found = self._year(following)
            if wanted <= found.total:
                # The interval in which the last second lies: at closing time still the one that closes.
                place = bisect_left(found.before, wanted) - 1
                return found.starts[place] + wanted - found.before[place]
            wanted -= found.total
        raise NeverDue(f"{self.calendar.name} is not open for {budget} s within {FURTHEST} years")

    def is_open(self, at: int) -> bool:
        """Whether the second that begins at `at` is open."""
        found = self._year(_year_of(at))
        place = bisect_right(found.starts, at) - 1
        return place >= 0 and at < found.ends[place]

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """The open intervals within `start` and `end`, cut to them."""
        for year in range(_year_of(start), _year_of(end) + 1):
            found = self._year(year)
            first = max(0, bisect_right(found.starts, start) - 1)
            for opens, closes in zip(found.starts[first:], found.ends[first:], strict=True):
                if opens >= end:
                    break
                if closes > start:
                    yield max(opens, start), min(closes, end)

    def _passed(self, year: int, at: int) -> int:
        """Open seconds of a year before `at`."""
        found = self._year(year)
        place = bisect_right(found.starts, at) - 1
        return found.before[place] + min(at, found.ends[place]) - found.starts[place] if place >= 0 else 0

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:
            spans = list(_unrolled(self.calendar, year))
            lengths = [end - start for start, end in spans]
            before = [0, *accumulate(lengths)]
            found = _Year([s for s, _ in spans], [e for _, e in spans], before[:-1], before[-1])
            self._years[year] = found
        return found


def seconds(moment: datetime) -> int:
    """A moment in whole seconds since 1970 UTC, the fraction cut off."""
    return int(moment.timestamp() // 1)


def moment(second: int) -> datetime:
    """The moment of a second, aware, in UTC."""
    return datetime.fromtimestamp(second, UTC)


_STARTS = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in range(1970, 2201)]


def _year_of(second: int) -> int:
    return 1969 + bisect_right(_STARTS, second)


def _unrolled(calendar: Calendar, year: int) -> Iterator[Span]:
    """The open intervals of a UTC year, sorted and joined."""
    first, last = _STARTS[year - 1970], _STARTS[year - 1969]
    for start, end in _joined(sorted(_opened(calendar, year))):
        if end > first and start < last:
            yield max(start, first), min(end, last)


def _opened(calendar: Calendar, year: int) -> Iterator[Span]:
    for place, period in enumerate(calendar.periods):
        following = calendar.periods[place + 1] if place + 1 < len(calendar.periods) else None
        begins = _midnight(period) if period.since else None
        ends = _midnight(following) if following else None
        # A day on either side: no zone is further from UTC.
        on = date(year, 1, 1) - timedelta(days=2)
        while on <= date(year + 1, 1, 2):
            for interval in _hours(calendar, period, on) if _exists(period, on) else ():
                start, end = _on(period, on, interval)
                start = max(start, begins) if begins is not None else start
                end = min(end, ends) if ends is not None else end
                if start < end:
                    yield start, end
            on += timedelta(days=1)


def _exists(period: Period, on: date) -> bool:
    """Whether the zone has this date at all: Samoa went from 29 to 31 December 2011."""
    return _wall(period, on, 0) < _wall(period, on, DAY)


def _hours(calendar: Calendar, period: Period, on: date) -> tuple[Interval, ...]:
    differing = calendar.days.get(on)
    return differing.hours if differing is not None else period.week[on.weekday()]


def _on(period: Period, on: date, interval: Interval) -> Span:
    start, end = interval
    return _wall(period, on, start), _wall(period, on, end)


def _wall(period: Period, on: date, second: int) -> int:
    """A wall time of a date as a UTC second; 24:00 is the midnight after."""
    days, rest = divmod(second, DAY)
    local = datetime.combine(on + timedelta(days=days), time(), period.zone) + timedelta(seconds=rest)
    return int(local.timestamp())


def _midnight(period: Period) -> int:
    assert period.since is not None
    return _wall(period, period.since, 0)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Sorted intervals with touching and overlapping ones made one: a shifted one may meet its neighbour."""
    standing: Span | None = None
    for start, end in spans:
        if standing is None:
            standing = (start, end)
        elif start <= standing[1]:
            standing = (standing[0], max(standing[1], end))
        else:
            yield standing
            standing = (start, end)
    if standing is not None:
        yield standing
