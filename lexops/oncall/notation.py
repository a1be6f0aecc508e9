"""What rotas are made of, as people write it, and back. Pure; what cannot be read raises ValueError."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.calendars.edit import YEARS
from lexops.calendars.notation import parse_week, show_week
from lexops.clock import parse_moment
from lexops.oncall.model import NO_BEGINNING, NO_END, Layer, Shift, Turn
from lexops.oncall.walls import instant
from lexops.text import one_line

NOBODY = "-"
"""Stands for nobody, where an operator's name is expected."""
MOST_PEOPLE = 100
_LONGEST = {Turn.HOURLY: 8784, Turn.DAILY: 366, Turn.WEEKLY: 52, Turn.MONTHLY: 12}
"""Units of a turn: about a year."""
_UNITS = {Turn.HOURLY: "hours", Turn.DAILY: "days", Turn.WEEKLY: "weeks", Turn.MONTHLY: "months"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HOLIDAYS = re.compile(rf"[+-]{_NAME.pattern}")


# Reading.


def name(of: str, text: str) -> str:
    """The name of a rota or a layer."""
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{one_line(text, 60)!r} cannot name a {of}; write small letters, digits and dashes, at most 40"
        )
    return text


def people(text: str) -> tuple[str, ...]:
    """`ana, bo, cy`: operators in the order of their turns; a name may come twice."""
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    if not found:
        raise ValueError("nobody; write the operators in the order of their turns: ana, bo")
    if len(found) > MOST_PEOPLE:
        raise ValueError(f"{len(found)} names; at most {MOST_PEOPLE} take turns")
    return found


def wall(text: str) -> datetime:
    """`2026-11-23T09:00`: a time on the clocks of the rota's zone, to the minute, without a zone."""
    sample = "write for example 2026-11-23T09:00"
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{one_line(text, 40)!r} is no date and time; {sample}") from None
    if found.tzinfo is not None:
        raise ValueError(f"{text} names a zone, but counts in the rota's; {sample}")
    if len(text.strip()) <= len("2026-11-23"):
        raise ValueError(f"{text} has no time of day; {sample}")
    if found.second or found.microsecond:
        raise ValueError(f"{text} is not on the minute; {sample}")
    if found.year not in YEARS:
        raise ValueError(f"{found.year} is not between {YEARS[0]} and {YEARS[-1]}")
    return found


def length(turn: Turn, count: int) -> int:
    """How many units a turn of a layer has: at least one, about a year at most."""
    if type(count) is not int or count < 1:
        raise ValueError(f"{count} is less than one turn; write 1 or more")
    if count > _LONGEST[turn]:
        raise ValueError(f"{count} {_UNITS[turn]} are longer than a year; write {_LONGEST[turn]} at most")
    return count


def hours(text: str) -> str:
    """Weekly hours as calendars write them; always is nothing, since it leaves nothing out."""
    if not text.strip():
        return ""
    week = show_week(parse_week(text))
    return "" if week == "always" else week


def holidays(text: str) -> str:
    """`-london`: not on the days off of that calendar; `+london`: only on them; nothing: whatever the day."""
    found = text.strip()
    if found and not _HOLIDAYS.fullmatch(found):
        raise ValueError(
            f"{one_line(text, 60)!r} says not whether; write -london for a layer that is free on the days off"
            " of the calendar london, +london for one that serves only on them"
        )
    return found


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A moment as typed: on the clocks of a zone unless it names one, or so long after `now`: 90m."""
    try:
        typed = datetime.fromisoformat(text.strip())
    except ValueError:
        found = parse_moment(text, zone, lambda span: now + span)
    else:
        found = instant(typed, zone) if typed.tzinfo is None else parse_moment(text, zone, lambda _: now)
    if found.year not in YEARS:
        raise ValueError(f"{found.year} is not between {YEARS[0]} and {YEARS[-1]}")
    return found


# Writing.


def wall_text(wall: datetime) -> str:
    """A wall time as it is written."""
    return wall.isoformat(timespec="minutes")


def time_text(at: datetime, zone: ZoneInfo) -> str:
    """`Mon 2026-11-23 09:00 GMT`; with seconds only where there are some."""
    shown = at.astimezone(zone)
    seconds = ":%S" if shown.second else ""
    return shown.strftime(f"%a %Y-%m-%d %H:%M{seconds} %Z")


def turn_text(layer: Layer) -> str:
    """`weekly`, `every 2 weeks`."""
    return layer.turn.value if layer.length == 1 else f"every {layer.length} {_UNITS[layer.turn]}"


def layer_text(layer: Layer) -> str:
    """`ana, bo weekly from 2026-11-23 09:00, mon-fri 09:00-17:30, not on the days off of london`."""
    told = [f"{', '.join(layer.people)} {turn_text(layer)} from {layer.start:%Y-%m-%d %H:%M}"]
    told += [layer.hours] if layer.hours else []
    if layer.holidays:
        which = "only" if layer.holidays.startswith("+") else "not"
        told.append(f"{which} on the days off of {layer.holidays[1:]}")
    return ", ".join(told)


def shift_text(shift: Shift, zone: ZoneInfo) -> str:
    """`ana from Mon 2026-11-23 09:00 GMT until Mon 2026-11-30 09:00 GMT`."""
    return f"{shift.person or 'nobody'} {span_text(shift, zone)}"


def span_text(shift: Shift, zone: ZoneInfo) -> str:
    """`from Mon 2026-11-23 09:00 GMT until Mon 2026-11-30 09:00 GMT`; a bound out of sight is left out."""
    starts = "" if shift.starts == NO_BEGINNING else f"from {time_text(shift.starts, zone)} "
    ends = "with no end planned" if shift.ends == NO_END else f"until {time_text(shift.ends, zone)}"
    return f"{starts}{ends}"
