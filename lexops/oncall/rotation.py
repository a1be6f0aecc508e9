"""Who is on call: by arithmetic from the rota, the overrides and a moment. Pure.

At every moment the answer rests on what was known then: a revision of a rota (or of a calendar) holds from
when it was recorded, one that corrects from always on; an override holds from when it was recorded until it
was removed. So the past never changes because somebody plans anew.

A piece is a span around a moment in which nothing that the answer rests on changes. Shifts are pieces put
together. Turns are counted from the layer's own start, in whole units on the wall clock of the rota's zone: a
fortnight is 14 dates, however many hours the clocks make of them. Turns go on through hours in which their
layer does not serve.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from lexops.calendars.model import Revision
from lexops.calendars.notation import Week, parse_week
from lexops.errors import NotFound
from lexops.oncall.model import (
    NO_BEGINNING,
    NO_END,
    OVERRIDE,
    Book,
    Layer,
    Override,
    Rota,
    Shift,
    Turn,
)
from lexops.oncall.walls import date_at, instant, local, midnight
from lexops.text import one_line

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_DAYS = {Turn.DAILY: 1, Turn.WEEKLY: 7}
_Entered = TypeVar("_Entered")


@dataclass(frozen=True, slots=True)
class _Span:
    """From a moment on to before another one."""

    starts: datetime = NO_BEGINNING
    ends: datetime = NO_END

    def __and__(self, other: _Span) -> _Span:
        return _Span(max(self.starts, other.starts), min(self.ends, other.ends))


_ALWAYS = _Span()


# Asking.


def who(book: Book, rota: str, at: datetime) -> str:
    """The person who is on call at a moment, empty for nobody: the quick answer. Raises NotFound."""
    return _piece(book, rota, _touching(book, rota, _Span(at, at)), at).person


def on_call(book: Book, rota: str, at: datetime) -> Shift:
    """The shift under way at a moment, as a whole; its person is empty in a gap. Raises NotFound.

    Where no hand-off is found in the calendar years before and after it has NO_BEGINNING or NO_END.
    """
    reach = _reach(at)
    here = _around(book, rota, at)
    return replace(
        here,
        starts=here.starts if here.starts > reach.starts else NO_BEGINNING,
        ends=here.ends if here.ends < reach.ends else NO_END,
    )


def _around(book: Book, rota: str, at: datetime) -> Shift:
    """The shift under way at a moment, cut to the calendar years before and after."""
    reach = _reach(at)
    overrides = _touching(book, rota, reach)
    here = _piece(book, rota, overrides, at)
    while here.starts > reach.starts:
        before = _piece(book, rota, overrides, here.starts - timedelta.resolution)
        if not _same(before, here):
            break
        here = replace(here, starts=before.starts)
    while here.ends < reach.ends:
        after = _piece(book, rota, overrides, here.ends)
        if not _same(after, here):
            break
        here = replace(here, ends=after.ends)
    return replace(here, starts=max(here.starts, reach.starts), ends=min(here.ends, reach.ends))


def following(book: Book, rota: str, at: datetime) -> Shift | None:
    """The next shift in which somebody is on call, after the one under way; None when none is in sight.

    In a gap it is the one that ends it. Raises NotFound.
    """
    after = on_call(book, rota, at).ends
    reach = _reach(at)
    overrides = _touching(book, rota, reach)
    while after < reach.ends:
        piece = _piece(book, rota, overrides, after)
        if piece.person:
            return on_call(book, rota, after)
        after = piece.ends
    return None


def shifts(book: Book, rota: str, since: datetime, until: datetime) -> list[Shift]:
    """The shifts and gaps from a moment to another, which they fill without overlap. Raises NotFound."""
    overrides = _touching(book, rota, _Span(since, until))
    found: list[Shift] = []
    at = since
    while at < until:
        piece = _piece(book, rota, overrides, at)
        ends = min(piece.ends, until)
        if found and _same(found[-1], piece):
            found[-1] = replace(found[-1], ends=ends)
        else:
            found.append(replace(piece, starts=at, ends=ends))
        at = ends
    return found


def whole_shifts(book: Book, rota: str, since: datetime, until: datetime) -> list[Shift]:
    """Like `shifts`, with the first and the last one from hand-off to hand-off. Raises NotFound.

    One that never ends is cut to the calendar years before and after.
    """
    last = _around(book, rota, until - timedelta.resolution)
    return shifts(book, rota, _around(book, rota, since).starts, last.ends)


def complete_shifts(book: Book, rota: str, since: datetime, until: datetime) -> list[Shift]:
    """Like `shifts`, with the first and the last one as `on_call` has them. Raises NotFound."""
    found = shifts(book, rota, since, until)
    found[-1] = replace(found[-1], ends=on_call(book, rota, found[-1].starts).ends)
    found[0] = replace(found[0], starts=on_call(book, rota, since).starts)
    return found


def gaps(
    book: Book,
    rota: str,
    since: datetime,
    until: datetime,
    able: Mapping[str, datetime | None] | None = None,
) -> list[Shift]:
    """When nobody is on call, also where somebody wanted it so (`is_wanted_gap`). Raises NotFound.

    With `able`, people who may act here with when that ends, a shift of anybody else is a gap too, and keeps
    the person's name. Before its first hand-off and while it has no layers, a rota has no gaps.
    """
    found: list[Shift] = []
    for used in _used(_revisions(book, rota), _Span(since, until)):
        for shift in shifts(book, rota, used.starts, used.ends):
            found += _missing(shift, able)
    return found


def turns_of(book: Book, person: str, since: datetime, until: datetime) -> list[tuple[str, Shift]]:
    """The shifts of one person in all rotas, with the names of these, in order of time."""
    found = [
        (rota, shift)
        for rota in book.rotas
        for shift in shifts(book, rota, since, until)
        if shift.person == person
    ]
    return sorted(found, key=lambda each: (each[1].starts, each[0]))


def current(book: Book, rota: str) -> Rota:
    """A rota as it is now. Raises NotFound with those there are."""
    return _revisions(book, rota)[-1].value


# Turns.


def handoff(layer: Layer, zone: ZoneInfo, number: int) -> datetime:
    """When a turn of a layer begins; the first one is number 0."""
    units = number * layer.length
    if layer.turn is Turn.HOURLY:
        return instant(layer.start, zone) + units * _HOUR
    if layer.turn is Turn.MONTHLY:
        return instant(_months_later(layer.start, units), zone)
    return instant(layer.start + units * _DAYS[layer.turn] * _DAY, zone)


def turn_at(layer: Layer, zone: ZoneInfo, at: datetime) -> int:
    """The number of the turn that is under way at a moment; -1 before the first one."""
    first = instant(layer.start, zone)
    if at < first:
        return -1
    if layer.turn is Turn.HOURLY:
        return (at - first) // (layer.length * _HOUR)
    wall = local(at, zone)
    if layer.turn is Turn.MONTHLY:
        months = (wall.year - layer.start.year) * 12 + wall.month - layer.start.month
        number = months // layer.length
    else:
        number = (wall - layer.start) // (layer.length * _DAYS[layer.turn] * _DAY)
    # Where the clocks were put back, the wall shows less than has passed: by two turns of a day at most.
    number += 2
    while handoff(layer, zone, number) > at:
        number -= 1
    return number


def _months_later(wall: datetime, months: int) -> datetime:
    """The same day so many months later; in a month without that day its last one."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))


# Pieces.


def _piece(book: Book, rota: str, overrides: Sequence[Override], at: datetime) -> Shift:
    span, known = _in_force(_revisions(book, rota), at)
    person = layer = ""
    if known is not None:
        part, person, layer = _layered(known.value, book, at)
        span &= part
    for override in overrides:
        part, holds = _holding(override, at)
        span &= part
        if holds and (not override.instead_of or override.instead_of == person):
            person, layer = override.person, OVERRIDE
    return Shift(span.starts, span.ends, person, layer)


def _layered(rota: Rota, book: Book, at: datetime) -> tuple[_Span, str, str]:
    """Whom the top layer that serves has at a moment, and its name."""
    span = _ALWAYS
    for layer in reversed(rota.layers):
        part, person = _serving(layer, _zone(rota), book, at)
        span &= part
        if person:
            return span, person, layer.name
    return span, "", ""


def _serving(layer: Layer, zone: ZoneInfo, book: Book, at: datetime) -> tuple[_Span, str]:
    """Whom a layer has at a moment, and around it for how long at least."""
    span, number = _turn(layer, zone, at)
    if number < 0:
        return span, ""
    part, serves = _open(layer, zone, book, at)
    return span & part, layer.people[number % len(layer.people)] if serves else ""


def _turn(layer: Layer, zone: ZoneInfo, at: datetime) -> tuple[_Span, int]:
    number = turn_at(layer, zone, at)
    if number < 0:
        return _Span(ends=handoff(layer, zone, 0)), number
    if len(layer.people) == 1:
        return _Span(handoff(layer, zone, 0)), number
    return _Span(handoff(layer, zone, number), handoff(layer, zone, number + 1)), number


def _open(layer: Layer, zone: ZoneInfo, book: Book, at: datetime) -> tuple[_Span, bool]:
    """Whether a layer serves at a moment by its hours and holidays: a look at one date."""
    if not layer.hours and not layer.holidays:
        return _ALWAYS, True
    on = date_at(at, zone)
    span = _Span(midnight(on, zone), midnight(on + _DAY, zone))
    if layer.holidays:
        part, known = _in_force(book.holidays.get(layer.holidays[1:], ()), at)
        span &= part
        if (on.toordinal() in (known.value if known else ())) is not layer.holidays.startswith("+"):
            return span, False
    if not layer.hours:
        return span, True
    serves = False
    base = datetime.combine(on, time())
    for interval in _week(layer.hours)[on.weekday()]:
        opens, closes = (instant(base + timedelta(seconds=second), zone) for second in interval)
        if opens <= at < closes:
            span, serves = span & _Span(opens, closes), True
        elif closes <= at:
            span &= _Span(starts=closes)
        else:
            span &= _Span(ends=opens)
    return span, serves


def _holding(override: Override, at: datetime) -> tuple[_Span, bool]:
    """Whether an override holds at a moment: only since it was recorded, and until it was removed."""
    starts = max(override.starts, override.recorded)
    ends = override.ends if override.removed is None else min(override.ends, override.removed)
    if starts >= ends:
        return _ALWAYS, False
    if at < starts:
        return _Span(ends=starts), False
    if at >= ends:
        return _Span(starts=ends), False
    return _Span(starts, ends), True


def _in_force(
    revisions: Sequence[Revision[_Entered]], at: datetime
) -> tuple[_Span, Revision[_Entered] | None]:
    """What was known at a moment, and around it for how long; None before anything was recorded."""
    span = _ALWAYS
    found: Revision[_Entered] | None = None
    for revision in revisions:
        if revision.correction or revision.recorded <= at:
            found = revision
        if not revision.correction:
            begins = revision.recorded
            span &= _Span(starts=begins) if begins <= at else _Span(ends=begins)
    return span, found


def _used(revisions: Sequence[Revision[Rota]], span: _Span) -> list[_Span]:
    """The parts of a span in which a rota has layers, from its first hand-off on."""
    begun = (
        instant(layer.start, _zone(revision.value))
        for revision in revisions
        for layer in revision.value.layers
    )
    at = max(span.starts, min(begun, default=span.ends))
    found: list[_Span] = []
    while at < span.ends:
        part, known = _in_force(revisions, at)
        ends = min(part.ends, span.ends)
        if known is not None and known.value.layers:
            touches = bool(found) and found[-1].ends == at
            found.append(_Span(found.pop().starts if touches else at, ends))
        at = ends
    return found


def _missing(shift: Shift, able: Mapping[str, datetime | None] | None) -> list[Shift]:
    """The part of a shift in which nobody is on call who may act."""
    if not shift.person:
        return [shift]
    if able is None:
        return []
    if shift.person not in able:
        return [shift]
    leaves = able[shift.person]
    if leaves is None or leaves >= shift.ends:
        return []
    return [replace(shift, starts=max(shift.starts, leaves))]


def _touching(book: Book, rota: str, span: _Span) -> list[Override]:
    """The overrides of a rota that a span may meet, in the order in which they apply."""
    found = [
        each
        for each in book.overrides
        if each.rota == rota and each.starts <= span.ends and each.ends > span.starts
    ]
    return sorted(found, key=lambda each: (each.recorded, each.id))


def _revisions(book: Book, rota: str) -> Sequence[Revision[Rota]]:
    found = book.rotas.get(rota)
    if not found:
        hint = (
            f"there are: {', '.join(sorted(book.rotas))}" if book.rotas else "make one: lexops oncall layer"
        )
        raise NotFound(f"there is no rota {one_line(rota, 60)!r}", hint=hint)
    return found


def _reach(at: datetime) -> _Span:
    return _Span(datetime(at.year - 1, 1, 1, tzinfo=UTC), datetime(at.year + 2, 1, 1, tzinfo=UTC))


def _same(one: Shift, other: Shift) -> bool:
    return (one.person, one.layer) == (other.person, other.layer)


@lru_cache(maxsize=256)
def _week(hours: str) -> Week:
    return parse_week(hours)


def _zone(rota: Rota) -> ZoneInfo:
    return ZoneInfo(rota.zone)
