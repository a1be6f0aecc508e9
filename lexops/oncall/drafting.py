"""Rotas and overrides as somebody wants them: read, and checked against what there is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from lexops.calendars.model import Revision
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.oncall import notation
from lexops.oncall.model import OVERRIDE, Book, Layer, Override, Rota, Shift, Turn
from lexops.oncall.rotation import current, gaps, on_call, shifts
from lexops.text import one_line, plural

MOST_LAYERS = 20
LONGEST_TITLE = 100
LONGEST_OVERRIDE = timedelta(days=366)
LONGEST_SWAP = timedelta(days=183)
"""A longer shift is as good as one without end."""
AHEAD = timedelta(days=14)
"""How far a change of a rota is looked ahead for gaps."""
_NO_ZONES = {"Factory", "localtime"}
"""What the machine or nobody has set; another machine would read them differently."""
_Typed = TypeVar("_Typed")
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class WantedLayer:
    """A layer as it is typed; None: the usual, or as it was."""

    rota: str
    layer: str
    people: str
    turn: Turn
    start: str
    length: int = 1
    hours: str | None = None
    holidays: str | None = None
    zone: str | None = None
    title: str | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class WantedOverride:
    """An override as it is typed; None: the usual."""

    rota: str
    person: str
    starts: str | None = None
    ends: str | None = None
    minutes: int | None = None
    instead_of: str | None = None


# Rotas.


def layered(
    wanted: WantedLayer, before: Rota | None, able: Collection[str], calendars: Collection[str], zone: str
) -> Rota:
    """The rota with a layer put in or replaced; a new rota has `zone` where none is wanted.

    `able` are the operators who may act. Raises InvalidRequest with the reason.
    """
    layer = Layer(
        name=_layer_name(wanted.layer),
        people=_read("people", notation.people, wanted.people),
        turn=wanted.turn,
        start=_read("start", notation.wall, wanted.start),
        length=_read("length", lambda count: notation.length(wanted.turn, count), wanted.length),
        hours=_read("hours", notation.hours, wanted.hours or ""),
        holidays=_read("holidays", notation.holidays, wanted.holidays or ""),
    )
    for person in layer.people:
        _check_person("people", person, able)
    if layer.holidays and layer.holidays[1:] not in calendars:
        known = ", ".join(sorted(calendars))
        raise InvalidRequest(
            f"holidays: there is no calendar {layer.holidays[1:]!r}", hint=f"there are: {known}"
        )
    rota = before or Rota(_read("rota", lambda text: notation.name("rota", text), wanted.rota), zone, ())
    return replace(
        rota,
        zone=_zone(wanted.zone) if wanted.zone else rota.zone,
        title=one_line(wanted.title, LONGEST_TITLE) if wanted.title else rota.title,
        layers=_placed(rota.layers, layer, wanted.place),
    )


def _layer_name(text: str) -> str:
    if text == OVERRIDE:
        raise InvalidRequest(f"layer: {OVERRIDE} is what shifts that an override gave are called")
    return _read("layer", lambda typed: notation.name("layer", typed), text)


def _placed(layers: Sequence[Layer], layer: Layer, place: int | None) -> tuple[Layer, ...]:
    """The layers with one in its place: that of the one it replaces, else on top."""
    names = [each.name for each in layers]
    others = [each for each in layers if each.name != layer.name]
    usual = names.index(layer.name) if layer.name in names else len(others)
    if place is not None and not 1 <= place <= len(others) + 1:
        raise InvalidRequest(
            f"place: {place} is not between 1 and {len(others) + 1}",
            hint="1 is the lowest; later ones go over",
        )
    if len(others) >= MOST_LAYERS:
        raise InvalidRequest(f"layer: a rota has {MOST_LAYERS} layers at most")
    at = usual if place is None else place - 1
    return (*others[:at], layer, *others[at:])


def unlayered(rota: Rota, layer: str) -> Rota:
    """The rota without a layer. Raises NotFound."""
    if layer not in {each.name for each in rota.layers}:
        known = ", ".join(each.name for each in rota.layers) or "none"
        raise NotFound(f"{rota.name} has no layer {one_line(layer, 60)!r}", hint=f"there are: {known}")
    return replace(rota, layers=tuple(each for each in rota.layers if each.name != layer))


def revised(book: Book, rota: Rota, at: datetime, *, correction: bool = False) -> Book:
    """The book with a rota entered at a moment, as if it had been."""
    before = book.rotas.get(rota.name, ())
    entered = Revision(rota, len(before) + 1, at, correction, "", "")
    return replace(book, rotas={**book.rotas, rota.name: [*before, entered]})


def check_gaps(book: Book, rota: str, at: datetime, able: Mapping[str, datetime | None]) -> None:
    """Raises Refused when a rota has nobody at some time of the next 14 days that nobody wanted so."""
    missing = [each for each in gaps(book, rota, at, at + AHEAD, able) if not each.is_wanted_gap]
    if missing:
        zone = ZoneInfo(current(book, rota).zone)
        more = f", and {plural(len(missing) - 1, 'more gap')}" if len(missing) > 1 else ""
        raise Refused(
            f"{rota} would have {gap_text(missing[0], zone)}{more} in the next {AHEAD.days} days",
            hint="put a layer that is always there at place 1; or say that you know, with gaps",
        )


def gap_text(gap: Shift, zone: ZoneInfo) -> str:
    """`nobody from … until …`; or who is there by name only."""
    who = f"only {gap.person}, who may not act here," if gap.person else "nobody"
    return f"{who} {notation.span_text(gap, zone)}"


# Overrides.


def overriding(
    wanted: WantedOverride, book: Book, able: Collection[str], at: datetime, operator: str, reason: str
) -> Override:
    """The override that is wanted. Raises InvalidRequest, NotFound or Refused with the reason.

    One that would change nothing is refused: whoever enters it believes something that is not so.
    """
    rota = current(book, wanted.rota)
    zone = ZoneInfo(rota.zone)
    person = "" if wanted.person == notation.NOBODY else wanted.person
    if person:
        _check_person("person", person, able)
    starts, ends = _span(wanted, zone, at)
    override = Override(
        id=0,
        rota=rota.name,
        starts=starts,
        ends=ends,
        person=person,
        instead_of=wanted.instead_of or "",
        reason=reason,
        operator=operator,
        recorded=at,
    )
    check_override(override, book, zone)
    return override


def check_override(override: Override, book: Book, zone: ZoneInfo) -> None:
    """Raises Refused when an override would change nothing."""
    before = shifts(book, override.rota, override.starts, override.ends)
    after = shifts(with_override(book, override), override.rota, override.starts, override.ends)
    if _people(before) != _people(after):
        return
    there = "; ".join(notation.shift_text(each, zone) for each in before[:3])
    said = f"{override.instead_of} is not on call then" if override.instead_of else "it is so already"
    raise Refused(f"{said}: {there}", hint=f"see: lexops oncall shifts {override.rota}")


def _people(found: Sequence[Shift]) -> list[tuple[datetime, str]]:
    """Who comes on when, whatever puts them there; what follows the same person is no change."""
    people = [(each.starts, each.person) for each in found]
    return [each for place, each in enumerate(people) if place == 0 or people[place - 1][1] != each[1]]


def with_override(book: Book, override: Override) -> Book:
    """The book with an override entered last."""
    last = max((each.id for each in book.overrides), default=0)
    return replace(book, overrides=(*book.overrides, replace(override, id=last + 1)))


def swapped(
    book: Book, rota: str, one: str, other: str, at: datetime, operator: str, reason: str
) -> tuple[Override, Override]:
    """The two overrides that swap the shifts under way at two moments; one of them may have begun.

    Raises InvalidRequest, NotFound or Refused with the reason.
    """
    zone = ZoneInfo(current(book, rota).zone)
    first = _swappable(book, rota, zone, _moment("one", one, zone, at), at)
    second = _swappable(book, rota, zone, _moment("other", other, zone, at), at)
    if first.person == second.person:
        raise Refused(f"{first.person} is on call at both times", hint=f"see: lexops oncall shifts {rota}")

    def served(shift: Shift, person: str) -> Override:
        return Override(
            0, rota, shift.starts, shift.ends, person, shift.person, reason, operator, at
        )  # fmt: skip

    return served(first, second.person), served(second, first.person)


def _swappable(book: Book, rota: str, zone: ZoneInfo, moment: datetime, at: datetime) -> Shift:
    """What is left of the shift at a moment."""
    if moment < at:
        raise InvalidRequest(f"{notation.time_text(moment, zone)} is over", hint="swap what is still to come")
    shift = on_call(book, rota, moment)
    if not shift.person:
        raise Refused(f"there is {gap_text(shift, zone)}", hint="put somebody there: lexops oncall override")
    left = replace(shift, starts=max(shift.starts, at))
    if left.ends - left.starts > LONGEST_SWAP:
        raise Refused(
            f"{shift.person} is on call for more than half a year",
            hint="give it away in parts: lexops oncall override",
        )
    return left


def _span(wanted: WantedOverride, zone: ZoneInfo, at: datetime) -> tuple[datetime, datetime]:
    """From when to when; what is over already cannot be given away any more."""
    starts = max(at, _moment("starts", wanted.starts, zone, at)) if wanted.starts else at
    if (wanted.ends is None) == (wanted.minutes is None):
        raise InvalidRequest(
            "ends: until when?", hint="give either ends, 2026-12-24T18:00 or in: 4h; or minutes"
        )
    if wanted.minutes is not None and not 0 < wanted.minutes <= LONGEST_OVERRIDE // timedelta(minutes=1):
        raise InvalidRequest(f"minutes: {wanted.minutes} is not between a minute and a year")
    if wanted.minutes is not None:
        return starts, starts + timedelta(minutes=wanted.minutes)
    ends = _moment("ends", wanted.ends or "", zone, at)
    if ends <= starts:
        told = notation.time_text(starts, zone)
        raise InvalidRequest(f"ends: {notation.time_text(ends, zone)} is not after {told}")
    if ends - starts > LONGEST_OVERRIDE:
        raise InvalidRequest("ends: an override holds for a year at most", hint="change the layer instead")
    return starts, ends


# Reading.


def _read(name: str, read: Callable[[_Typed], _Read], typed: _Typed) -> _Read:
    try:
        return read(typed)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}", hint=getattr(error, "hint", "")) from None


def _moment(name: str, text: str, zone: ZoneInfo, at: datetime) -> datetime:
    return _read(name, lambda typed: notation.moment(typed, zone, at), text)


def _check_person(name: str, person: str, able: Collection[str]) -> None:
    if person not in able:
        close = get_close_matches(person, able, 1)
        hint = f"did you mean {close[0]}?" if close else "see: lexops operator list"
        raise InvalidRequest(
            f"{name}: {one_line(person, 60)!r} is no active operator of this site", hint=hint
        )


def _zone(name: str) -> str:
    known = available_timezones() - _NO_ZONES
    if name not in known:
        close = get_close_matches(name, known, 3, 0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "an IANA name: Europe/London"
        raise InvalidRequest(f"zone: {one_line(name, 60)!r} is no time zone", hint=hint)
    return name
