"""How the due time of a clock came about: in words, and stretch by stretch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment
from lexops.incidents.model import Incident
from lexops.sla.model import Clock
from lexops.sla.view import Explanation, Part, Segment, Told
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line, spread, wrapped
from lexops.tui.places import ExplanationPlace
from lexops.tui.presenters.clocks import badge, clock_lines, left, name

_PARTS = {Part.COUNTED: Tone.STRONG, Part.CLOSED: Tone.QUIET, Part.PAUSED: Tone.KEY}
_FROM, _LONG, _PART = 21, 10, 9


def chosen(explanation: Explanation, place: ExplanationPlace) -> int:
    """Which of the clocks is meant; else the one that runs out next, or the last one."""
    told = explanation.told
    wanted = (place.clock, place.round)
    for number, each in enumerate(told):
        if (each.clock.kind, each.clock.round) == wanted:
            return number
    following = explanation.ticket.next
    return next((n for n, each in enumerate(told) if each.clock == following), max(0, len(told) - 1))


def state_words(clock: Clock, now: datetime) -> Line:
    """Which clock it is, how it stands, and what is left of it."""
    said = left(clock, now)
    return (
        Ink(f"{name(clock)} ", Tone.STRONG),
        badge(clock),
        Ink(f" {said.text}" if said.text else "", said.tone),
    )


def explanation_lines(
    explanation: Explanation, number: int, now: datetime, zone: ZoneInfo, width: int
) -> list[Line]:
    """The page: the ticket, one clock in full, and the other ones in a line each."""
    lines = _ticket(explanation.ticket.incident, width)
    if not explanation.told:
        return [*lines, EMPTY, line(Ink(" nothing was promised for it", Tone.QUIET))]
    told = explanation.told[number]
    lines += [EMPTY, *clock_lines([told.clock], now, zone, width), EMPTY]
    for said in told.lines:
        first, *more = wrapped(said, width - 4)
        lines += [line(" ", first), *(line("   ", part) for part in more)]
    lines += [EMPTY, *_stretches(told, zone, width)]
    others = [each.clock for each in explanation.told if each is not told]
    if others:
        remark = (Ink("m shows the next ", Tone.QUIET),)
        lines += [EMPTY, spread((Ink(" OTHER CLOCKS", Tone.TITLE),), remark, width)]
        lines += clock_lines(others, now, zone, width)
    return lines


def _ticket(incident: Incident, width: int) -> list[Line]:
    return [line(" ", Ink(part, Tone.STRONG)) for part in wrapped(incident.title, width - 2)]


def _stretches(told: Told, zone: ZoneInfo, width: int) -> list[Line]:
    """Every stretch of the clock's life; what is still to come is quiet."""
    remark = (Ink(f"{zone.key} ", Tone.QUIET),)
    lines = [spread((Ink(" STRETCH BY STRETCH", Tone.TITLE),), remark, width)]
    for segment in told.segments:
        lines += _stretch(segment, segment.start >= told.clock.end, zone, width)
    past = [segment for segment in told.segments if segment.start < told.clock.end]
    lines.append(_ending(told, zone))
    totals = ", ".join(f"{part} {exact(_total(past, part, told.clock.end))}" for part in Part)
    return [*lines, line(Ink(f" {totals}; promised {exact(told.clock.budget)}", Tone.QUIET))]


def _total(segments: Sequence[Segment], part: Part, until: int) -> int:
    return sum(min(each.end, until) - each.start for each in segments if each.part is part)


def _stretch(segment: Segment, ahead: bool, zone: ZoneInfo, width: int) -> list[Line]:
    tone = Tone.QUIET if ahead else _PARTS[segment.part]
    head = (
        *fitted((Ink(_when(segment.start, zone), Tone.QUIET),), _FROM),
        *fitted((Ink(exact(segment.end - segment.start), tone),), _LONG, right=True),
        Ink("  "),
        *fitted((Ink(segment.part, tone),), _PART),
    )
    indent = _FROM + _LONG + 2 + _PART
    why = f"{segment.why}{', to come' if segment.why else 'to come'}" if ahead else segment.why
    first, *rest = wrapped(why, max(12, width - indent - 1))
    return [
        (*head, Ink(first, Tone.QUIET)),
        *(line(" " * indent, Ink(part, Tone.QUIET)) for part in rest),
    ]


def _ending(told: Told, zone: ZoneInfo) -> Line:
    """What the last stretch ends with: each of the others ends where the next one begins."""
    clock = told.clock
    end = told.segments[-1].end if told.segments else clock.end
    word = Ink("due", Tone.STRONG) if end == clock.due else badge(clock)
    return (*fitted((Ink(_when(end, zone), Tone.QUIET),), _FROM + _LONG + 2), word)


def _when(at: int, zone: ZoneInfo) -> str:
    return f" {moment(at).astimezone(zone):%a %d %b %H:%M:%S}"


def exact(length: int) -> str:
    """Seconds as `6:12:05`: hours, minutes and seconds."""
    return f"{length // 3600:,}:{length % 3600 // 60:02d}:{length % 60:02d}"
