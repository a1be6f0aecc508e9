"""What another promise would change: on the tickets that are open, and what it would have meant for the past.

Pure: the same events are counted by two books.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lexops.calendars.business import seconds
from lexops.sla.clock import clocks
from lexops.sla.model import Book, Clock, ClockKind, ClockState, TicketEvent

_Key = tuple[ClockKind, int]


@dataclass(frozen=True, slots=True)
class Shift:
    """A clock that runs, as it is and as it would be; None: not promised."""

    incident: int
    kind: ClockKind
    round: int
    before: Clock | None
    after: Clock | None

    @property
    def is_newly_breached(self) -> bool:
        """Whether it would be broken and is not."""
        return _is_breached(self.after) and not _is_breached(self.before)

    @property
    def is_saved(self) -> bool:
        """Whether it is broken and would not be."""
        return _is_breached(self.before) and not _is_breached(self.after)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many promises were kept."""

    met: int = 0
    missed: int = 0

    @property
    def percent(self) -> float | None:
        """None when there was nothing to keep."""
        count = self.met + self.missed
        return 100 * self.met / count if count else None


@dataclass(frozen=True, slots=True)
class Would:
    """How many promises of one kind and priority were kept, and how many would have been."""

    kind: ClockKind
    priority: str
    before: Kept
    after: Kept


@dataclass(frozen=True, slots=True)
class Tried:
    """What a policy would change."""

    shifts: list[Shift]
    """On open tickets."""
    since: datetime
    until: datetime
    """The quarter for which is told what would have been."""
    would: list[Would]

    @property
    def newly_breached(self) -> int:
        """How many promises would be broken by it."""
        return sum(shift.is_newly_breached for shift in self.shifts)


def last_quarter(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last quarter of the year that is over, half open, from midnight to midnight in a zone."""
    today = now.astimezone(zone)
    ends = datetime(today.year, today.month - (today.month - 1) % 3, 1, tzinfo=zone)
    begins = ends.replace(month=ends.month - 3) if ends.month > 3 else ends.replace(ends.year - 1, 10)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def shifts(
    tickets: Mapping[int, Sequence[TicketEvent]], before: Book, after: Book, now: datetime
) -> list[Shift]:
    """The clocks that run now or would, and would be due at another time or on another budget."""
    return [
        shift
        for number, events in sorted(tickets.items())
        for shift in _shifts(number, events, before, after, now)
    ]


def _shifts(
    number: int, events: Sequence[TicketEvent], before: Book, after: Book, now: datetime
) -> Iterator[Shift]:
    was, would = _running(events, before, now), _running(events, after, now)
    for kind, round in sorted(was.keys() | would.keys()):
        one, other = was.get((kind, round)), would.get((kind, round))
        if _promise(one) != _promise(other):
            yield Shift(number, kind, round, one, other)


def _running(events: Sequence[TicketEvent], book: Book, now: datetime) -> dict[_Key, Clock]:
    found = clocks(events, book, now)
    return {(clock.kind, clock.round): clock for clock in found if not clock.state.is_over}


def _promise(clock: Clock | None) -> tuple[object, ...]:
    return (clock.due, clock.budget, clock.state, clock.left) if clock else ()


def _is_breached(clock: Clock | None) -> bool:
    return clock is not None and clock.is_breached


def would_have(
    tickets: Iterable[Sequence[TicketEvent]],
    before: Book,
    after: Book,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[Would]:
    """What was kept of the promises that ended in a span, by clock and priority, and what would have been.

    `after` has the other promise as a correction: as if it had been known all along. Cancelled tickets are to
    be left out of `tickets`; they count nowhere.
    """
    counts: dict[tuple[ClockKind, str], list[int]] = {}
    for events in tickets:
        for place, book in enumerate((before, after)):
            for clock in _ended(clocks(events, book, now), since, until):
                count = counts.setdefault((clock.kind, clock.facts.priority), [0, 0, 0, 0])
                count[2 * place + (clock.state is ClockState.MISSED)] += 1
    return [
        Would(kind, priority, Kept(met, missed), Kept(then_met, then_missed))
        for (kind, priority), (met, missed, then_met, then_missed) in sorted(counts.items())
    ]


def _ended(found: Iterable[Clock], since: datetime, until: datetime) -> Iterator[Clock]:
    for clock in found:
        ended = clock.state in (ClockState.MET, ClockState.MISSED) and clock.kind is not ClockKind.NOTICE
        if ended and seconds(since) <= clock.end < seconds(until):
            yield clock
