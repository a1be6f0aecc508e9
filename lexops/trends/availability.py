"""How much of the time was a service up, what may it still lose, and how fast is it losing that? Pure.

What looks saw is up, down or unknown. A look holds until the next one, but only so long; after that nothing
is known. Unknown time is neither up nor down: it counts in no percentage, and the coverage beside it says how
much of the time the percentage speaks for. Announced maintenance is cut out before anything is counted. Where
nothing is known there is no number: None, never 100 %. All times are exact, so parts add up to the whole.

The error budget is the share of the known time that may be down: it is overspent exactly when the objective
is missed. Burn rate 1 uses up the budget of a whole window within one window.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

Span = tuple[datetime, datetime]
"""Half open."""


class State(StrEnum):
    """What a service was."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a service was the same. As looks: from the first to the last one that saw it so."""

    start: datetime
    end: datetime
    state: State


Timeline = Sequence[Stretch]
"""Without overlaps, oldest first; where nothing stands, nothing is known."""


@dataclass(frozen=True, slots=True)
class Availability:
    """How long a service was what. The four parts are the whole window; two windows that meet add up."""

    up: timedelta = timedelta()
    down: timedelta = timedelta()
    unknown: timedelta = timedelta()
    maintenance: timedelta = timedelta()

    def __add__(self, other: Availability) -> Availability:
        return Availability(
            self.up + other.up,
            self.down + other.down,
            self.unknown + other.unknown,
            self.maintenance + other.maintenance,
        )

    @property
    def known(self) -> timedelta:
        return self.up + self.down

    @property
    def percent(self) -> float | None:
        """How much of the known time it was up; None when nothing is known."""
        return 100 * (self.up / self.known) if self.known else None

    @property
    def coverage(self) -> float | None:
        """How much of the time outside maintenance is known, in percent; None when there is no such time."""
        asked = self.known + self.unknown
        return 100 * (self.known / asked) if asked else None


@dataclass(frozen=True, slots=True)
class Budget:
    """What an objective allows to be down, of the time that is known."""

    allowed: timedelta
    spent: timedelta

    @property
    def left(self) -> timedelta:
        """Negative when the objective is missed."""
        return self.allowed - self.spent

    @property
    def percent(self) -> float:
        """How much is left of what was allowed; negative when it is overspent."""
        return 100 * (self.left / self.allowed) if self.allowed else 0.0


# From looks to a timeline.


def held(looks: Timeline, longest: timedelta, until: datetime) -> list[Stretch]:
    """What looks say about the time between them: each holds to the next one, at most for `longest`.

    Nothing is said about what is after `until`.
    """
    following = [*(look.start for look in looks), until][1:]
    found = [
        Stretch(look.start, min(look.end + longest, after, until), look.state)
        for look, after in zip(looks, following, strict=True)
    ]
    return [stretch for stretch in found if stretch.start < stretch.end]


def together(parts: Sequence[Timeline]) -> list[Stretch]:
    """A service that needs all of its parts: down while any is, up only while all are known to be up."""
    return _combined(parts, _needs_all)


def behind(own: Timeline, below: Sequence[Timeline]) -> list[Stretch]:
    """What cannot be seen itself is down while something below it is: a server without its host."""
    if not any(below):
        return list(own)
    return _combined([own, *below], _seen_or_fallen)


def maintained(service: Timeline, maintenance: Iterable[Span]) -> list[Stretch]:
    """The timeline with announced maintenance cut out of it; the spans may overlap."""
    cut = [Stretch(start, end, State.MAINTENANCE) for start, end in _merged(maintenance)]
    if not cut:
        return list(service)
    return _combined([cut, service], _unless_maintained)


def _needs_all(states: Sequence[State]) -> State:
    if State.DOWN in states:
        return State.DOWN
    return State.UP if all(state is State.UP for state in states) else State.UNKNOWN


def _seen_or_fallen(states: Sequence[State]) -> State:
    own, *below = states
    return State.DOWN if own is State.UNKNOWN and State.DOWN in below else own


def _unless_maintained(states: Sequence[State]) -> State:
    cut, state = states
    return cut if cut is State.MAINTENANCE else state


def _combined(parts: Sequence[Timeline], rule: Callable[[Sequence[State]], State]) -> list[Stretch]:
    """One timeline made of several, wherever any of them says something."""
    moments = sorted({moment for part in parts for each in part for moment in (each.start, each.end)})
    found: list[Stretch] = []
    states = zip(*(_states(part, moments) for part in parts), strict=True)
    for (start, end), now in zip(pairwise(moments), states, strict=False):
        state = rule(now)
        if found and found[-1].state is state:
            found[-1] = Stretch(found[-1].start, end, state)
        else:
            found.append(Stretch(start, end, state))
    return found


def _states(timeline: Timeline, moments: Iterable[datetime]) -> Iterator[State]:
    """What stands at each of the moments, which have to be in order."""
    stretches = iter(timeline)
    current = next(stretches, None)
    for moment in moments:
        while current is not None and current.end <= moment:
            current = next(stretches, None)
        yield current.state if current is not None and current.start <= moment else State.UNKNOWN


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


# From a timeline to numbers.


def measured(timeline: Timeline, start: datetime, end: datetime) -> Availability:
    """How long it was what within a window, half open. What began before it or outlives it is cut to it."""
    return sum(measured_between(timeline, [start, end]), Availability())


def measured_between(timeline: Timeline, cuts: Sequence[datetime]) -> list[Availability]:
    """The same for each window from one of the cuts, which have to be in order, to the next."""
    first = bisect_right(timeline, cuts[0], key=lambda each: each.end)
    beyond = bisect_left(timeline, cuts[-1], key=lambda each: each.start)
    inside = timeline[first:beyond]
    edges = {moment for each in inside for moment in (each.start, each.end)}
    moments = sorted({*cuts, *(edge for edge in edges if cuts[0] < edge < cuts[-1])})
    windows, found = set(cuts), list[dict[State, timedelta]]()
    for (start, end), state in zip(pairwise(moments), _states(inside, moments), strict=False):
        if start in windows:
            found.append(dict.fromkeys(State, timedelta()))
        found[-1][state] += end - start
    return [
        Availability(sums[State.UP], sums[State.DOWN], sums[State.UNKNOWN], sums[State.MAINTENANCE])
        for sums in found
    ]


def budget(found: Availability, objective: float) -> Budget | None:
    """What `objective` (percent of the time) allows and what of that is spent; None when nothing is known."""
    if not found.known:
        return None
    allowed = _microseconds(found.known) * _tolerated(objective)
    return Budget(timedelta(microseconds=round(allowed)), found.down)


def burn_rate(found: Availability, objective: float) -> Fraction | None:
    """How many times faster than allowed the budget is spent; None when nothing is known."""
    if not found.known:
        return None
    share = Fraction(_microseconds(found.down), _microseconds(found.known))
    return share / _tolerated(objective)


def _tolerated(objective: float) -> Fraction:
    """The share of the time that may be down, without the rounding of 99.9 as a binary fraction."""
    return 1 - Fraction(str(objective)) / 100


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


# Burn-rate alerts.


@dataclass(frozen=True, slots=True)
class Pair:
    """An alert: the budget burns faster than `limit` over the long window and, still, over the short one."""

    long: timedelta
    short: timedelta
    limit: Fraction
    pages: bool
    """Somebody has to come now; otherwise a ticket does."""


@dataclass(frozen=True, slots=True)
class _Share:
    """Percent of the budget that may be gone after so many minutes."""

    percent: Fraction
    long: int
    short: int
    pages: bool


_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)
_SHARES = {
    _MONTH: (
        _Share(Fraction(2), 60, 5, True),
        _Share(Fraction(5), 360, 30, True),
        _Share(Fraction(10), 1440, 120, False),
        _Share(Fraction(10), 4320, 360, False),
    ),
    _WEEK: (
        _Share(Fraction(8), 60, 5, True),
        _Share(Fraction(25, 2), 360, 30, True),
        _Share(Fraction(20), 1440, 120, False),
        _Share(Fraction(42), 4320, 360, False),
    ),
}
"""Google's pairs for 30 days (SRE workbook, chapter 5) and sloth's for 7 (`examples/windows/7d.yaml`)."""


def pairs(window: timedelta) -> tuple[Pair, ...]:
    """The alerts of an objective over `window`, the quickest first.

    For windows other than 7 and 30 days their lengths grow and shrink with the window, in whole minutes, and
    the limit is what spends the same percent of the budget in them.
    """
    base = _WEEK if window <= 2 * _WEEK else _MONTH
    found = []
    for share in _SHARES[base]:
        long = _stretched(share.long, window, base)
        limit = share.percent / 100 * Fraction(_microseconds(window), _microseconds(long))
        found.append(Pair(long, _stretched(share.short, window, base), limit, share.pages))
    return tuple(found)


def _stretched(minutes: int, window: timedelta, base: timedelta) -> timedelta:
    return timedelta(minutes=max(1, round(minutes * (window / base))))


def window_text(span: timedelta) -> str:
    """A window by name, exact to the minute: `5 min`, `1 h`, `1 d 10 h`."""
    minutes = span // timedelta(minutes=1)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"
