"""Escalation policies, ladders and what becomes of them, as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment, next_due
from lexops.clock import show_duration, show_moment
from lexops.escalation.drafting import fits_text
from lexops.escalation.model import FACTS
from lexops.escalation.notation import people_text, steps_text
from lexops.sla.notation import duration
from lexops.text import one_line, plural

if TYPE_CHECKING:
    from lexops.calendars.model import Revision
    from lexops.escalation.model import Policy
    from lexops.escalation.view import LadderView, RungNext, RungTold, Tried, Unroutable
    from lexops.incidents.model import Incident
    from lexops.sla.model import Clock

HEAD = ("policy", "for", "delays", "revision", "steps")


def policy_row(revision: Revision[Policy]) -> tuple[str, ...]:
    """One line of the list of policies."""
    policy = revision.value
    steps = steps_text(policy.steps) or "ended"
    return policy.name, fits_text(policy.fits), policy.calendar, str(revision.number), steps


def policy_lines(revision: Revision[Policy]) -> Iterator[tuple[str, str]]:
    """A policy as it is now: what is said, and its value."""
    policy = revision.value
    yield "policy", f"{policy.name}, revision {revision.number}{', ended' if policy.is_ended else ''}"
    yield "for", fits_text(policy.fits)
    for number, part in enumerate(filter(None, steps_text(policy.steps).split("; "))):
        yield f"step {number + 1}", part
    yield "delays", "of elapsed time" if policy.calendar == "always" else f"of open time of {policy.calendar}"
    yield "repeat", f"{plural(policy.repeat, 'time')} more"
    yield "remind", _or_never(policy.remind, "without a sign of the owner")
    yield "release", _or_never(policy.release, "after that, without a sign")
    yield "fallback", people_text(policy.fallback)
    yield "then", policy.then or "-"


def _or_never(seconds: int, words: str) -> str:
    return f"{duration(seconds)} {words}" if seconds else "never"


HISTORY_HEAD = ("revision", "entered", "by", "why", "steps")


def history_row(revision: Revision[Policy], zone: ZoneInfo) -> tuple[str, ...]:
    """One line of a policy's history."""
    return (
        str(revision.number),
        show_moment(revision.recorded, zone),
        revision.operator,
        one_line(revision.reason),
        steps_text(revision.value.steps) or "ended",
    )


def policy_json(revision: Revision[Policy]) -> dict[str, Any]:
    """A revision of a policy as data; delays in seconds."""
    policy = revision.value
    return {
        "policy": policy.name,
        "revision": revision.number,
        "entered": moment(revision.recorded),
        "operator": revision.operator,
        "reason": revision.reason,
        "ended": policy.is_ended,
        "fits": {name: getattr(policy.fits, name) for name in FACTS if getattr(policy.fits, name)},
        "steps": [
            {"after": step.after, "tell": [str(who) for who in step.tell], "level": step.level or None}
            for step in policy.steps
        ],
        "calendar": policy.calendar,
        "repeat": policy.repeat,
        "remind": policy.remind,
        "release": policy.release,
        "fallback": [str(who) for who in policy.fallback],
        "then": policy.then or None,
    }


# Whom it would tell.


def tried_rows(tried: Tried, now: datetime) -> list[tuple[str, ...]]:
    """The rungs of a policy as they would be told of an incident that begins now."""
    return [
        (f"after {show_duration(rung.due - now)}", rung.level, rung.who or "nobody", one_line(rung.note))
        for rung in tried.coming
    ]


def tried_json(tried: Tried) -> dict[str, Any]:
    """The same as data."""
    return {
        "policy": tried.policy.name,
        "revision": tried.revision,
        "rungs": [rung_json(rung) for rung in tried.coming],
    }


def rung_json(rung: RungNext) -> dict[str, Any]:
    """A rung that comes, as data."""
    return {"due": moment(rung.due), "level": rung.level, "who": rung.who, "note": rung.note or None}


def unroutable_row(found: Unroutable) -> tuple[str, ...]:
    """One line about an incident of which nobody is told."""
    incident = found.incident
    return f"#{incident.id}", incident.priority.value, one_line(found.why), one_line(incident.title)


def unroutable_json(found: Unroutable) -> dict[str, Any]:
    """The same as data."""
    return {"incident": found.incident.id, "priority": found.incident.priority.value, "why": found.why}


# Why an incident escalates as it does.


def explain_lines(
    incident: Incident, view: LadderView, clocks: Sequence[Clock], zone: ZoneInfo, now: datetime
) -> Iterator[str]:
    """Who was told when and how it arrived, who is next and why, and when promises run out."""
    state = f"{incident.priority.value} {incident.severity.value} {incident.state.value}"
    yield f"#{incident.id} {state}: {one_line(incident.title)}"
    if view.words:
        yield view.words
    if view.policy:
        times = f", begun anew {plural(view.generation - 1, 'time')}" if view.generation > 1 else ""
        yield f"policy {view.policy}, revision {view.revision}{times}"
    for rung in view.told:
        yield from _told_lines(rung, zone)
    for number, coming in enumerate(view.coming):
        yield f"{'→' if number == 0 else ' '} {show_moment(coming.due, zone)}  {_coming_words(coming)}"
    running = [next_due(clock, now) for clock in clocks]
    yield f"promises: {', '.join(running) or 'none runs'}"


def _told_lines(rung: RungTold, zone: ZoneInfo) -> Iterator[str]:
    note = f"; {one_line(rung.note)}" if rung.note else ""
    mark = "✖" if rung.failed else "✔"
    yield f"{mark} {show_moment(rung.at, zone)}  {rung.level}: {rung.who or 'nobody'}{note}"
    for each in rung.deliveries:
        yield f"    {one_line(each.words)}"


def _coming_words(rung: RungNext) -> str:
    note = f"; {one_line(rung.note)}" if rung.note else ""
    return f"{rung.level}: {rung.who or 'nobody'}{note}"


def explain_json(incident: Incident, view: LadderView, clocks: Iterable[Clock]) -> dict[str, Any]:
    """The same as data."""
    return {
        "incident": incident.id,
        "state": incident.state.value,
        "escalation": view.state.value if view.state else None,
        "words": view.words,
        "policy": view.policy or None,
        "revision": view.revision or None,
        "generation": view.generation or None,
        "told": [
            {
                "at": moment(rung.at),
                "due": moment(rung.due),
                "generation": rung.generation,
                "level": rung.level,
                "who": rung.who,
                "note": rung.note or None,
                "failed": rung.failed,
                "deliveries": [
                    {"recipient": str(each.recipient), "state": each.state.value, "words": each.words}
                    for each in rung.deliveries
                ],
            }
            for rung in view.told
        ],
        "next": [rung_json(rung) for rung in view.coming],
        "promises": [
            {"clock": clock.kind.value, "state": clock.state.value, "due": _second(clock.due)}
            for clock in clocks
        ],
    }


def _second(second: int | None) -> str | None:
    from lexops.calendars.business import moment as moment_of

    return None if second is None else moment(moment_of(second))
