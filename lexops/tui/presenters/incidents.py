"""Incidents: the list, and one with its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lexops.checks.view import CheckRow
from lexops.clock import show_moment
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.tui.ink import EMPTY, Ink, Line, Tone, fitted, line, wrapped
from lexops.tui.presenters.columns import Column, widest
from lexops.tui.presenters.status import age, badge, short_badge

_STATE_TONES = {State.OPEN: Tone.STRONG, State.ACKNOWLEDGED: Tone.PLAIN, State.RESOLVED: Tone.QUIET}


def order(incident: Incident) -> tuple[object, ...]:
    """Open ones first, the worst and oldest at the top; resolved ones newest first."""
    if incident.is_open:
        return (0, incident.state is not State.OPEN, -incident.severity.rank, incident.opened.timestamp())
    return (1, False, 0, -incident.changed.timestamp())


def haystack(incident: Incident) -> str:
    """What a filter looks through."""
    return "\n".join(
        (
            f"#{incident.id}",
            incident.title,
            f"target:{incident.target or ''}",
            f"check:{incident.check or ''}",
            f"is:{incident.severity}",
            f"is:{incident.state}",
            f"owner:{incident.owner or ''}",
        )
    )


def columns(rows: Sequence[Incident], now: datetime) -> tuple[Column[Incident], ...]:
    """Number, severity, state, title, target, owner, age."""
    return (
        Column("no.", lambda each: (Ink(f"#{each.id}"),), 6, right=True),
        Column("severity", lambda each: (_severity(each),), 10),
        Column("state", lambda each: (Ink(each.state, _STATE_TONES[each.state]),), 12),
        Column("title", lambda each: (Ink(each.title, _STATE_TONES[each.state]),), 20, grow=1),
        Column(
            "target",
            lambda each: (Ink(each.target or "", Tone.QUIET),),
            widest((each.target or "" for each in rows[:1000]), most=20),
            priority=2,
        ),
        Column("owner", lambda each: (Ink(each.owner or "", Tone.QUIET),), 10, priority=1),
        Column("opened", lambda each: (Ink(age(each.opened, now), Tone.QUIET),), 6, right=True),
    )


def _severity(incident: Incident) -> Ink:
    said = short_badge(incident.severity)
    return said if incident.is_open else Ink(said.text, Tone.QUIET)


def incident_lines(
    incident: Incident,
    timeline: Sequence[Entry],
    check: CheckRow | None,
    now: datetime,
    zone: ZoneInfo,
    width: int,
) -> list[Line]:
    """The page of an incident, its timeline oldest first."""
    lines: list[Line] = [line(" ", Ink(part, Tone.STRONG)) for part in wrapped(incident.title, width - 2)]
    lines += [
        _fact("state", Ink(incident.state), Ink(f", owner {incident.owner}" if incident.owner else "")),
        _fact("opened", Ink(f"{show_moment(incident.opened, zone)}, {age(incident.opened, now)} ago")),
    ]
    if incident.resolved:
        lines.append(_fact("resolved", Ink(show_moment(incident.resolved, zone))))
    if incident.target:
        lines.append(_fact("about", Ink(f"{incident.target} {incident.check or ''}".rstrip())))
    if check:
        lines.append(_fact("now", badge(check.status), Ink(f"  {check.summary}")))
    lines += [EMPTY, line(Ink(" TIMELINE", Tone.TITLE))]
    for entry in timeline:
        lines += _entry(entry, zone, width)
    if not timeline:
        lines.append(line(Ink(" nothing yet", Tone.QUIET)))
    return lines


def _fact(label: str, *pieces: Ink) -> Line:
    return line(Ink(f" {label:<10}", Tone.QUIET), *pieces)


def _entry(entry: Entry, zone: ZoneInfo, width: int) -> list[Line]:
    moment = entry.at.astimezone(zone).strftime("%d %b %H:%M")
    kind = Tone.PLAIN if entry.kind is EntryKind.NOTE else Tone.QUIET
    head: Line = (
        Ink(f" {moment}  ", Tone.QUIET),
        *fitted((Ink(entry.kind, kind),), 13),
        *fitted((Ink(entry.author, Tone.QUIET),), 10),
        Ink(" "),
    )
    indent = 15 + 13 + 10 + 1
    first, *rest = wrapped(entry.text, max(20, width - indent - 1))
    return [(*head, Ink(first)), *(line(" " * indent, part) for part in rest)]
