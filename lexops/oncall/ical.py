"""Shifts as an iCalendar text (RFC 5545) that calendar programs can subscribe to or import. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256

from lexops.oncall.model import Shift
from lexops.text import one_line

_OCTETS = 75
"""Of a line, its end not counted (RFC 5545, 3.1)."""


def text(site: str, rota: str, shifts: Iterable[Shift], stamped: datetime) -> str:
    """The shifts in which somebody is on call, one event each; times are UTC, so no zone has to be told.

    `stamped` is when this was made. Needs one shift at least: a calendar without a component is none.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//LexOps//on call//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(f'On call: {rota}')}",
    ]
    for shift in shifts:
        lines += _event(site, rota, shift, stamped)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def uid(site: str, rota: str, shift: Shift) -> str:
    """The same for every export of a shift: a program replaces an event whose person or end has changed."""
    named = "\0".join((site, rota, _utc(shift.starts)))
    return f"{sha256(named.encode()).hexdigest()[:32]}@oncall.lexops"


def _event(site: str, rota: str, shift: Shift, stamped: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{uid(site, rota, shift)}",
        f"DTSTAMP:{_utc(stamped)}",
        f"DTSTART:{_utc(shift.starts)}",
        f"DTEND:{_utc(shift.ends)}",
        f"SUMMARY:{_escaped(f'{shift.person} on call: {rota}')}",
        f"DESCRIPTION:{_escaped(f'{site}, layer {shift.layer}')}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(value: str) -> str:
    value = one_line(value)
    for sign in ("\\", ";", ","):
        value = value.replace(sign, f"\\{sign}")
    return value


def _folded(line: str) -> Iterator[str]:
    """A line in parts of 75 octets at most; those that go on begin with a space, no character is torn."""
    part, taken = "", 0
    for sign in line:
        size = len(sign.encode())
        if taken + size > _OCTETS:
            yield part
            part, taken = " ", 1
        part, taken = part + sign, taken + size
    yield part
