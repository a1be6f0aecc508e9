"""Clocks, how they came about, and the register of breaches of data: lines of text and JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment
from lexops.clock import show_moment, utc_text
from lexops.sla.definitions import lasted
from lexops.text import one_line

if TYPE_CHECKING:
    from lexops.sla.duty import Duty
    from lexops.sla.legal import Jurisdiction
    from lexops.sla.model import Clock
    from lexops.sla.view import Explanation, Segment, Ticket, Told

CLOCKS = ("ticket", "priority", "client", "clock", "state", "due", "left", "used")
DUTIES = ("incident", "law", "to be told", "aware", "due", "notified", "left")
JURISDICTIONS = ("code", "within", "who is to be told", "law", "where")


def clock_row(ticket: Ticket, clock: Clock, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the list of clocks that run; what is left is open time of the clock's calendar."""
    return (
        f"#{ticket.incident.id}",
        one_line(clock.facts.priority, 10),
        one_line(clock.facts.client, 40),
        clock_name(clock),
        clock.state.value,
        show_moment(moment(clock.due), zone) if clock.due is not None else "",
        left_words(clock),
        f"{clock.used} %",
    )


def clock_name(clock: Clock) -> str:
    """`resolution`, `update 2`, `notice EU`."""
    if clock.kind.value == "notice":
        return f"notice {one_line(clock.policy, 40)}"
    return f"{clock.kind} {clock.round}" if clock.round > 1 else clock.kind.value


def left_words(clock: Clock) -> str:
    """`40 h 00`, `12 min over`: open time, of which a day is no day."""
    words = lasted(abs(clock.left))
    return words if clock.left >= 0 else f"{words} over"


def clock_json(ticket: Ticket, clock: Clock) -> dict[str, Any]:
    """A clock as data; lengths are open seconds of its calendar."""
    return {
        "incident": ticket.incident.id,
        "title": ticket.incident.title,
        "clock": clock.kind.value,
        "round": clock.round,
        "state": clock.state.value,
        "priority": clock.facts.priority,
        "client": clock.facts.client,
        "provider": clock.facts.provider,
        "queue": clock.facts.queue,
        "start": _text(clock.start),
        "end": _text(clock.end),
        "due": _text(clock.due),
        "budget": clock.budget,
        "used": clock.worked,
        "left": clock.left,
        "percent": clock.used,
        "paused": clock.paused,
        "pauses": [
            {"start": _text(each.start), "end": _text(each.end), "why": each.why} for each in clock.pauses
        ],
        "policy": clock.policy,
        "policy_revision": clock.policy_revision,
        "calendar": clock.calendar,
        "calendar_revision": clock.calendar_revision,
        "contract": clock.contract,
        "reopened": clock.reopened,
        "first_end": _text(clock.first_end),
    }


def explanation_lines(explanation: Explanation, told: Iterable[Told]) -> Iterator[str]:
    """How some clocks of a ticket came about, one after the other."""
    incident = explanation.ticket.incident
    yield f"#{incident.id} {one_line(incident.title)}"
    for each in told:
        yield ""
        yield f"{clock_name(each.clock).upper()}: {each.clock.state}"
        yield from (f"  {line}" for line in each.lines)


def explanation_json(explanation: Explanation, told: Iterable[Told]) -> dict[str, Any]:
    """The same as data, with every stretch of each clock's life."""
    ticket = explanation.ticket
    return {
        "incident": ticket.incident.id,
        "title": ticket.incident.title,
        "clocks": [
            clock_json(ticket, each.clock)
            | {
                "lines": list(each.lines),
                "segments": [
                    {
                        "start": _text(segment.start),
                        "end": _text(segment.end),
                        "seconds": segment.end - segment.start,
                        "part": _part(segment, each.clock),
                        "why": segment.why,
                    }
                    for segment in each.segments
                ],
            }
            for each in told
        ],
    }


def _part(segment: Segment, clock: Clock) -> str:
    """What a stretch was; what is counted would be counted beyond the end of the clock, but is left."""
    from lexops.sla.view import Part

    is_left = segment.part is Part.COUNTED and segment.start >= clock.end
    return "left" if is_left else segment.part.value


def duty_row(duty: Duty, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of the register of breaches of data."""
    return (
        f"#{duty.incident.id}",
        duty.law.code,
        duty.law.recipient,
        show_moment(duty.aware, zone),
        show_moment(duty.due, zone) if duty.due else "without delay",
        show_moment(duty.notified, zone) if duty.notified else "not yet",
        _left(duty, now),
    )


def _left(duty: Duty, now: datetime) -> str:
    if duty.notified is not None:
        return "late" if duty.is_late(duty.notified) else "in time" if duty.due else "done"
    if duty.due is None:
        return f"{_hours(now - duty.aware)} since"
    span = _hours(abs(duty.due - now))
    return f"{span} over" if duty.is_late(now) else span


def _hours(span: timedelta) -> str:
    """As the laws count: `71 h 55`, which in days would have lost a day."""
    return lasted(int(span.total_seconds()))


def duty_json(duty: Duty, now: datetime) -> dict[str, Any]:
    """A line of the register as data."""
    return {
        "incident": duty.incident.id,
        "jurisdiction": duty.law.code,
        "recipient": duty.law.recipient,
        "law": duty.law.law,
        "aware": utc_text(duty.aware),
        "due": utc_text(duty.due) if duty.due else None,
        "notified": utc_text(duty.notified) if duty.notified else None,
        "late": duty.is_late(duty.notified or now),
    }


def jurisdiction_row(law: Jurisdiction) -> tuple[str, ...]:
    """One line of the table of laws."""
    return (law.code, within(law), law.recipient, law.law, law.name)


def within(law: Jurisdiction) -> str:
    """`72 h`, `30 d`, or that the law names no number."""
    if law.seconds is None:
        return "without delay"
    hours = law.seconds // 3600
    return f"{hours // 24} d" if hours % 24 == 0 and hours > 72 else f"{hours} h"


def jurisdiction_json(law: Jurisdiction) -> dict[str, Any]:
    """A row of the table of laws as data."""
    return {
        "code": law.code,
        "name": law.name,
        "law": law.law,
        "recipient": law.recipient,
        "seconds": law.seconds,
        "source": law.source,
        "note": law.note,
    }


def _text(second: int | None) -> str | None:
    return None if second is None else utc_text(moment(second))
