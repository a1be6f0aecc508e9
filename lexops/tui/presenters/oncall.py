"""Who is on call: now, next, and by day over two weeks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.cells import cell_len

from lexops.oncall.model import NO_END, Shift
from lexops.oncall.walls import midnight
from lexops.text import one_line
from lexops.tui.duty import RotaView
from lexops.tui.ink import Ink, Line, Tone, fitted, line
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.status import age

DAYS = 14
NOBODY = "✖ nobody"
_CELL = 3
"""Cells of a day in the strip."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a rota."""

    on: date
    person: str
    """Who serves longest on it; empty: nobody does at all."""
    gap: bool
    """Whether nobody is on call for a part of it."""
    several: bool
    """Whether others serve, too."""


def is_served(shift: Shift, rota: RotaView) -> bool:
    """Whether somebody is there in a shift who may act."""
    return bool(shift.person) and (not rota.able or shift.person in rota.able)


def days(rota: RotaView, first: date, zone: ZoneInfo) -> list[Day]:
    """Two weeks of a rota, by the days of a zone."""
    return [_day(rota, first + timedelta(days=n), zone) for n in range(DAYS)]


def _day(rota: RotaView, on: date, zone: ZoneInfo) -> Day:
    starts, ends = midnight(on, zone), midnight(on + timedelta(days=1), zone)
    served: dict[str, timedelta] = {}
    for shift in rota.shifts:
        length = min(shift.ends, ends) - max(shift.starts, starts)
        if length > timedelta(0) and is_served(shift, rota):
            served[shift.person] = served.get(shift.person, timedelta(0)) + length
    seen = max(starts, min((each.starts for each in rota.shifts), default=starts))
    gap = sum(served.values(), timedelta(0)) < ends - seen
    person = max(served, key=lambda name: served[name], default="")
    return Day(on, person, gap, len(served) > 1)


def columns(
    rotas: Sequence[RotaView], first: date, now: datetime, zone: ZoneInfo
) -> tuple[Column[RotaView], ...]:
    """Rota, who now, for how long, the strip of days in a zone, who next."""
    names = widest((each.name for each in rotas), least=6, most=14)
    people = widest((each.now.person for each in rotas), least=8, most=12)
    return (
        Column("rota", lambda each: (Ink(each.name, Tone.STRONG),), names),
        Column("on call", lambda each: (_person(each.now, each),), people),
        Column("for", lambda each: (_for(each, now),), 5, right=True),
        Column(_heading(first), lambda each: _strip(days(each, first, zone)), _CELL * DAYS),
        Column("next", lambda each: (_next(each),), people, priority=1, grow=1),
    )


def _heading(first: date) -> str:
    """The days of the month over the strip."""
    return "".join(f"{(first + timedelta(days=n)).day:<{_CELL}}" for n in range(DAYS))


def _person(shift: Shift, rota: RotaView) -> Ink:
    if not shift.person:
        return Ink(NOBODY, Tone.CRITICAL)
    return Ink(shift.person) if is_served(shift, rota) else Ink(f"✖ {shift.person}", Tone.CRITICAL)


def _for(rota: RotaView, now: datetime) -> Ink:
    return Ink("" if rota.now.ends == NO_END else age(now, rota.now.ends), Tone.QUIET)


def _next(rota: RotaView) -> Ink:
    """Who comes next; a shift that goes on beyond what is shown is followed by nobody, and needs nobody."""
    if rota.following:
        return Ink(rota.following.person, Tone.QUIET)
    goes_on = rota.now.person and rota.shifts and rota.now.ends >= rota.shifts[-1].ends
    return Ink("") if goes_on else Ink(NOBODY, Tone.CRITICAL)


def _strip(shown: Sequence[Day]) -> Line:
    """Two letters for each day: who serves longest; a gap in it has a cross."""
    pieces: list[Ink] = []
    before = ""
    for each in shown:
        if not each.person:
            pieces.append(Ink("✖✖ ", Tone.CRITICAL))
        else:
            calm = Tone.QUIET if each.person == before else Tone.PLAIN
            pieces += _letters(Ink(one_line(each.person), calm))
            pieces.append(
                Ink("✖", Tone.CRITICAL) if each.gap else Ink("·" if each.several else " ", Tone.QUIET)
            )
        before = each.person
    return tuple(pieces)


def _letters(name: Ink) -> Line:
    """The first letters of a name; wide ones take the room of two."""
    cut = name.text[:2] if cell_len(name.text[:2]) <= 2 else name.text[:1]
    return fitted((Ink(cut, name.tone),), _CELL - 1)


def haystack(rota: RotaView) -> str:
    """What a filter looks through."""
    people = "\n".join(sorted({each.person for each in rota.shifts}))
    served = is_served(rota.now, rota)
    return f"{rota.name}\n{rota.title}\n{people}\n{'' if served else 'is:gap'}"


def shift_lines(rota: RotaView, now: datetime, zone: ZoneInfo, width: int) -> list[Line]:
    """The shifts of a rota in words, gaps so that nobody overlooks them."""
    return [fitted(_shift(each, rota, now, zone), width) for each in rota.shifts]


def _shift(shift: Shift, rota: RotaView, now: datetime, zone: ZoneInfo) -> Line:
    starts, ends = (f"{each.astimezone(zone):%a %d %b %H:%M %Z}" for each in (shift.starts, shift.ends))
    under_way = shift.starts <= now < shift.ends
    span = Ink(f" {starts} – {ends}  ", Tone.PLAIN if under_way else Tone.QUIET)
    if not is_served(shift, rota):
        why = "nobody is on call" if not shift.person else f"{shift.person} may not act here any more"
        wanted = ", and that was wanted" if shift.layer == "override" else ""
        return line(span, Ink(f"✖ {why}{wanted}", Tone.CRITICAL))
    return line(
        span,
        Ink(shift.person, Tone.STRONG if under_way else Tone.PLAIN),
        Ink(f"  {shift.layer}" if shift.layer else "", Tone.QUIET),
    )


def unmanned(rotas: Iterable[RotaView]) -> list[str]:
    """The rotas with nobody on call now."""
    return [each.name for each in rotas if not is_served(each.now, each)]
