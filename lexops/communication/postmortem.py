"""The report after an incident, drafted from its timeline: what is not known is left to be filled in. Pure.

The same data give the same report. One for clients holds nobody's name, no title, no note, no name of a
machine and no other incident: only when what happened, and the words that this audience was told before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lexops.calendars.business import moment
from lexops.clock import utc_text
from lexops.communication.drafting import affected, lasted, mitigated
from lexops.communication.model import Action, Notice
from lexops.incidents.model import Entry, EntryKind, Incident, State
from lexops.sla.model import Clock, ClockKind, ClockState
from lexops.sla.view import Ticket
from lexops.text import one_line

LEXOPS = "lexops"
"""Author of what happened by itself."""
SOMEBODY = "an operator"
"""Whoever is no operator any more."""
CLIENT = "the client"
"""Whoever writes by mail."""
_MACHINES = (LEXOPS, "alertmanager")
_TRACKER = "tracker "
"""Before a tracker's name, as the author of what LexOps does because of its ticket."""
_OUTSIDE = frozenset(
    {EntryKind.OPENED, EntryKind.UPDATED, EntryKind.MITIGATED, EntryKind.RESOLVED, EntryKind.REOPENED}
)
"""What clients are told of a timeline."""
_WORDS = {
    EntryKind.MITIGATED: "it does no more harm",
    EntryKind.RESOLVED: "resolved",
    EntryKind.REOPENED: "opened again",
}
"""Instead of the words that were written for colleagues."""
_STATES = {
    ClockState.MET: "kept",
    ClockState.MISSED: "broken",
    ClockState.OVERDUE: "broken, still open",
    ClockState.RUNNING: "open",
    ClockState.PAUSED: "paused",
    ClockState.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of an incident that is reported."""

    site: str
    zone: ZoneInfo
    ticket: Ticket
    entries: Sequence[Entry]
    children: Sequence[Incident]
    actions: Sequence[Action]
    updates: Sequence[Notice]
    descriptions: Mapping[str, str]
    """What each target is, in the words of the site's file."""
    roles: Mapping[str, str]
    """Of each operator."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Metric:
    """How long something took, by the wall clock."""

    name: str
    span: timedelta | None
    """None: it has not happened."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    at: datetime
    who: str
    what: str
    text: str
    recorded: datetime | None = None
    """When it was written, if later than it happened."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one promise."""

    clock: str
    """`response`, `update 2`, `notice EU`."""
    state: str
    due: datetime | None
    ended: datetime | None
    """None: it goes on."""
    contract: str


@dataclass(frozen=True, slots=True)
class Child:
    """An incident that was listed under it."""

    incident: int
    title: str
    target: str
    opened: datetime
    resolved: datetime | None


@dataclass(frozen=True, slots=True)
class Postmortem:
    """The draft of a report."""

    site: str
    zone: ZoneInfo
    incident: int
    title: str
    audience: str | None
    """For whom outside; None: for colleagues."""
    as_of: datetime | None
    """Set while something goes on; else the report does not depend on when it is made."""
    facts: tuple[tuple[str, str], ...]
    summary: str
    """Empty: to be filled in."""
    affected: tuple[str, ...]
    children: tuple[Child, ...]
    more: int
    """So many incidents under it, where they are not listed."""
    promises: tuple[Kept, ...]
    metrics: tuple[Metric, ...]
    timeline: tuple[Line, ...]
    told: tuple[Line, ...]
    actions: tuple[Action, ...]

    @property
    def for_clients(self) -> bool:
        return self.audience is not None


def for_colleagues(source: Source) -> Postmortem:
    """The report with everything that the timeline holds."""
    incident = source.ticket.incident
    told = tuple(
        Line(each.at, _name(each.author), each.kind.value, each.text)
        for each in source.entries
        if each.kind in (EntryKind.TOLD, EntryKind.UPDATED)
    )
    targets = [each.target for each in (incident, *source.children) if each.target]
    return Postmortem(
        site=source.site,
        zone=source.zone,
        incident=incident.id,
        title=incident.title,
        audience=None,
        as_of=_as_of(source),
        facts=tuple((name, words) for name, words in _facts(source) if words),
        summary=_resolution(source.entries),
        affected=tuple(dict.fromkeys(_target(each, source.descriptions) for each in targets)),
        children=tuple(
            Child(each.id, each.title, each.target or "", each.opened, each.resolved)
            for each in source.children
        ),
        more=len(source.children),
        promises=tuple(map(_kept, source.ticket.clocks)),
        metrics=tuple(_metrics(incident, source.entries, source.updates)),
        timeline=tuple(
            Line(each.at, _name(each.author), each.kind.value, each.text, each.recorded)
            for each in source.entries
        ),
        told=told,
        actions=tuple(source.actions),
    )


def for_clients(source: Source, audience: str) -> Postmortem:
    """The report for one audience: what it was told, and when what happened."""
    incident = source.ticket.incident
    told = sorted((each for each in source.updates if each.audience == audience), key=lambda each: each.id)
    targets = [each.target for each in (incident, *source.children) if each.target]
    return Postmortem(
        site=source.site,
        zone=source.zone,
        incident=incident.id,
        title=f"Incident #{incident.id}",
        audience=audience,
        as_of=_as_of(source),
        facts=tuple(_outside_facts(source)),
        summary=told[-1].text if told else "",
        affected=(affected(targets, source.descriptions),),
        children=(),
        more=len(source.children),
        promises=tuple(
            replace(_kept(each), contract="")
            for each in source.ticket.clocks
            if each.kind is not ClockKind.NOTICE
        ),
        metrics=tuple(_metrics(incident, source.entries, told)),
        timeline=tuple(_outside(source, {str(each.id): each.text for each in told})),
        told=(),
        actions=(),
    )


def _as_of(source: Source) -> datetime | None:
    goes_on = source.ticket.incident.is_open or any(not each.state.is_over for each in source.ticket.clocks)
    return source.now if goes_on else None


def _name(author: str) -> str:
    return "LexOps" if author == LEXOPS else author


def _party(author: str) -> str:
    """Who somebody is that is no operator, as clients read it."""
    if author in _MACHINES or author.startswith(_TRACKER):
        return "LexOps"
    return CLIENT if "@" in author else SOMEBODY


def _target(name: str, descriptions: Mapping[str, str]) -> str:
    words = one_line(descriptions.get(name, ""))
    return f"{name}: {words}" if words else name


def _resolution(entries: Iterable[Entry]) -> str:
    """What was said when it ended last."""
    found = ""
    for entry in entries:
        if entry.kind in (EntryKind.RESOLVED, EntryKind.CANCELLED):
            found = entry.text
        elif entry.kind is EntryKind.REOPENED:
            found = ""
    return found


def _facts(source: Source) -> Iterator[tuple[str, str]]:
    incident = source.ticket.incident
    levels = (("impact", incident.impact), ("urgency", incident.urgency))
    yield "state", str(incident.state)
    yield "priority", str(incident.priority)
    yield "severity", str(incident.severity)
    yield from ((name, str(level)) for name, level in levels if level is not None)
    yield from _moments(source)
    yield "owner", incident.owner or ""
    yield "client", incident.client
    yield "provider", incident.provider
    yield "queue", incident.queue
    yield "found by", f"the check {incident.check}" if incident.check else ""


def _outside_facts(source: Source) -> Iterator[tuple[str, str]]:
    yield "state", "over" if not source.ticket.incident.is_open else "open"
    yield from ((name, words) for name, words in _moments(source) if words)


def _moments(source: Source) -> Iterator[tuple[str, str]]:
    incident, eased = source.ticket.incident, mitigated(source.entries)
    known = (("opened", incident.opened), ("mitigated", eased), ("resolved", incident.resolved))
    for name, at in known:
        yield name, at.astimezone(source.zone).strftime("%Y-%m-%d %H:%M:%S %Z") if at else ""


def _kept(clock: Clock) -> Kept:
    what = str(clock.kind)
    if clock.kind is ClockKind.NOTICE:
        what = f"notice {clock.policy}"
    elif clock.round > 1:
        what = f"{clock.kind} {clock.round}"
    due = moment(clock.due) if clock.due is not None else None
    return Kept(
        what, _STATES[clock.state], due, moment(clock.end) if clock.state.is_over else None, clock.contract
    )


def _metrics(incident: Incident, entries: Sequence[Entry], updates: Sequence[Notice]) -> Iterator[Metric]:
    """From the opening, by the wall clock; of what was opened again the last end."""
    taken = min((entry.at for entry in entries if entry.kind is EntryKind.ACKNOWLEDGED), default=None)
    told = min((each.at for each in updates), default=None)
    eased, end = mitigated(entries), incident.resolved
    yield _metric("to acknowledge", incident, taken, "" if taken else "nobody took it")
    yield _metric("to the first update", incident, told, "" if told else "nobody outside was told")
    unsaid = "no mitigation was recorded: the resolution counts" if end else "it still does harm"
    yield _metric("to mitigate", incident, eased or end, "" if eased else unsaid)
    again = sum(entry.kind is EntryKind.REOPENED for entry in entries)
    words = "" if end else "it is open"
    if incident.state is State.CANCELLED:
        words = "it was cancelled"
    elif end and again:
        words = f"opened again {'once' if again == 1 else f'{again} times'}; this is the last resolution"
    yield _metric("to resolve", incident, end, words)


def _metric(name: str, incident: Incident, at: datetime | None, note: str) -> Metric:
    return Metric(name, at - incident.opened if at is not None else None, note)


def _outside(source: Source, words: Mapping[str, str]) -> Iterator[Line]:
    """What clients are told of the timeline; of updates only those that this audience got."""
    for entry in source.entries:
        if entry.kind not in _OUTSIDE:
            continue
        who = source.roles.get(entry.author) or _party(entry.author)
        if entry.kind is EntryKind.UPDATED:
            text = words.get(entry.data.get("notice", ""), "")
            if not text:
                continue
        elif entry.kind is EntryKind.OPENED:
            text = f"opened as {entry.data.get('priority') or source.ticket.incident.priority}"
        else:
            text = _WORDS[entry.kind]
        yield Line(entry.at, who, entry.kind.value, text, entry.recorded)


# As data.


def as_json(found: Postmortem) -> dict[str, object]:
    """The report for programs; spans in seconds, moments in UTC."""
    return {
        "site": found.site,
        "incident": found.incident,
        "title": found.title,
        "audience": found.audience,
        "as_of": _utc(found.as_of),
        "facts": dict(found.facts),
        "summary": found.summary,
        "affected": list(found.affected),
        "incidents_under_it": found.more,
        "children": [
            {
                "incident": each.incident,
                "title": each.title,
                "target": each.target,
                "opened": _utc(each.opened),
                "resolved": _utc(each.resolved),
            }
            for each in found.children
        ],
        "promises": [
            {
                "clock": each.clock,
                "state": each.state,
                "due": _utc(each.due),
                "ended": _utc(each.ended),
                "contract": each.contract,
            }
            for each in found.promises
        ],
        "metrics": [
            {
                "name": each.name,
                "seconds": None if each.span is None else int(each.span.total_seconds()),
                "note": each.note,
            }
            for each in found.metrics
        ],
        "timeline": [_line_json(each) for each in found.timeline],
        "told": [_line_json(each) for each in found.told],
        "actions": [action_json(each) for each in found.actions],
    }


def _line_json(line: Line) -> dict[str, object]:
    return {
        "at": _utc(line.at),
        "who": line.who,
        "what": line.what,
        "text": line.text,
        "recorded": _utc(line.recorded),
    }


def action_json(action: Action) -> dict[str, object]:
    """An action for programs."""
    return {
        "incident": action.id,
        "of": action.of,
        "title": action.title,
        "state": action.state,
        "owner": action.owner or None,
        "opened": _utc(action.opened),
        "ended": _utc(action.ended),
        "due": _utc(action.due),
    }


def _utc(at: datetime | None) -> str | None:
    return utc_text(at) if at is not None else None


def span_words(metric: Metric) -> str:
    """`1 h 05`; with a note: `1 h 05 (no mitigation was recorded: the resolution counts)`."""
    took = lasted(metric.span) if metric.span is not None else "not yet"
    return f"{took} ({metric.note})" if metric.note else took
