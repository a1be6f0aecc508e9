"""Incidents as lines of text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment, next_due
from lexops.clock import show_duration, show_moment
from lexops.incidents.model import Attachment, Entry, Incident, Link, SavedView
from lexops.incidents.query import Line
from lexops.sla.model import Clock
from lexops.text import one_line, plural

CHILD = "└ "


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about one incident."""

    incident: Incident
    entries: Sequence[Entry]
    parent: Incident | None = None
    children: Sequence[Incident] = ()
    links: Sequence[Link] = ()
    linked: Sequence[Link] = ()
    """What leads here from other incidents."""
    watchers: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()


# The list.


def families(lines: Sequence[Line]) -> Iterator[tuple[Line, bool]]:
    """Incidents in their order, each followed by those listed under it; and whether it is one of those."""
    here = {line.incident.id for line in lines}
    under: dict[int, list[Line]] = {}
    for line in lines:
        if line.incident.parent in here:
            under.setdefault(line.incident.parent or 0, []).append(line)
    for line in lines:
        if line.incident.parent not in here:
            yield line, False
            yield from ((child, True) for child in under.get(line.incident.id, ()))


def incident_row(
    incident: Incident,
    now: datetime,
    following: Clock | None = None,
    children: int = 0,
    *,
    under: bool = False,
) -> tuple[str, ...]:
    """One line of a list of incidents; `following` is the clock that runs out next."""
    return (
        f"{CHILD if under else ''}#{incident.id}",
        incident.priority.value,
        incident.severity.value,
        incident.state.value,
        incident.owner or "",
        show_duration(now - incident.opened),
        incident.client,
        incident.target or "",
        next_due(following, now) if following else "",
        f"+{children}" if children else "",
        one_line(incident.title) + (f" (under #{incident.parent})" if incident.parent and not under else ""),
    )


def view_rows(saved: Iterable[SavedView], built_in: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """One line for each view: name, whose, filter."""
    yield from ((name, "always there", query) for name, query in built_in.items())
    for view in saved:
        yield view.name, view.operator or "everybody's", view.query


def views_json(saved: Iterable[SavedView], built_in: Mapping[str, str]) -> list[dict[str, Any]]:
    """The views as data."""
    there = [{"name": name, "operator": None, "built_in": True, "filter": q} for name, q in built_in.items()]
    mine = [
        {"name": view.name, "operator": view.operator or None, "built_in": False, "filter": view.query}
        for view in saved
    ]
    return [*there, *mine]


# One of them.


def page_lines(page: Page, zone: ZoneInfo) -> Iterator[str]:
    """What is known of an incident, but its timeline."""
    incident = page.incident
    yield f"#{incident.id} {incident.severity.value} {incident.state.value}: {one_line(incident.title)}"
    yield ", ".join(f"{name} {value}" for name, value in _facts(incident) if value)
    if page.parent is not None:
        yield f"listed under {_brief(page.parent)}"
    for child in page.children:
        yield f"with {_brief(child)}"
    for link in page.links:
        yield f"{link.relation} {_other(link)}"
    for link in page.linked:
        yield f"#{link.incident} is {link.relation} this"
    if page.watchers:
        yield f"watched by {', '.join(page.watchers)}"
    for file in page.attachments:
        when = show_moment(file.at, zone)
        size = plural(file.size, "byte")
        yield f"file {file.id}: {one_line(file.name)}, {size}, {file.operator}, {when}, sha256 {file.sha256}"


def _facts(incident: Incident) -> list[tuple[str, str | None]]:
    return [
        ("owner", incident.owner),
        ("priority", incident.priority.value),
        ("impact", incident.impact),
        ("urgency", incident.urgency),
        ("client", incident.client),
        ("provider", incident.provider),
        ("queue", incident.queue),
        ("target", incident.target),
        ("check", incident.check),
    ]


def _brief(incident: Incident) -> str:
    state = f"{incident.severity.value} {incident.state.value}"
    return f"#{incident.id} {state}: {one_line(incident.title)}"


def _other(link: Link) -> str:
    return f"#{link.ref}" if link.kind.value == "incident" else f"{link.kind} {one_line(link.ref)}"


def entry_row(entry: Entry, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of a timeline."""
    late = f" (written {show_moment(entry.recorded, zone)})" if entry.recorded else ""
    return (show_moment(entry.at, zone), entry.kind.value, entry.author, f"{entry.text}{late}")


# As data.


def incident_json(incident: Incident) -> dict[str, Any]:
    """An incident as data."""
    return {
        "incident": incident.id,
        "title": incident.title,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "priority": incident.priority.value,
        "impact": incident.impact,
        "urgency": incident.urgency,
        "client": incident.client or None,
        "provider": incident.provider or None,
        "queue": incident.queue or None,
        "target": incident.target,
        "check": incident.check,
        "origin": incident.origin.value,
        "parent": incident.parent,
        "owner": incident.owner,
        "opened": moment(incident.opened),
        "changed": moment(incident.changed),
        "resolved": moment(incident.resolved),
    }


def listed_json(line: Line, children: int, following: Clock | None) -> dict[str, Any]:
    """An incident of a list as data, with its next promise."""
    clock = following.kind.value if following else None
    return incident_json(line.incident) | {
        "children": children,
        "next": {"clock": clock, "due": moment(line.due)} if clock else None,
    }


def page_json(page: Page) -> dict[str, Any]:
    """An incident as data, with everything about it."""
    return incident_json(page.incident) | {
        "children": [child.id for child in page.children],
        "links": [_link_json(link) for link in page.links],
        "linked_from": [_link_json(link) | {"incident": link.incident} for link in page.linked],
        "watchers": list(page.watchers),
        "attachments": [_file_json(file) for file in page.attachments],
        "timeline": [_entry_json(entry) for entry in page.entries],
    }


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "kind": link.kind.value,
        "ref": link.ref,
        "relation": link.relation.value,
        "at": moment(link.at),
        "operator": link.operator,
    }


def _file_json(file: Attachment) -> dict[str, Any]:
    return {
        "attachment": file.id,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "sha256": file.sha256,
        "at": moment(file.at),
        "operator": file.operator,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry.id,
        "at": moment(entry.at),
        "recorded": moment(entry.recorded),
        "kind": entry.kind.value,
        "author": entry.author,
        "text": entry.text,
        "data": dict(entry.data),
    }
