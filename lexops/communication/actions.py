"""Things to do that came out of incidents: tickets of their own, linked with what they came out of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from lexops.communication.model import Action
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind, Incident, LinkKind, Relation

OF, DUE = "action of", "due"
"""What the entry of an action's timeline holds that says what it came out of."""


def actions(connection: Connection, of: int | None = None) -> list[Action]:
    """The actions of one incident, or of all: open ones first, of those the next due, then the oldest."""
    pairs = links.edges(connection, Relation.ACTION) if of is None else _pairs(connection, of)
    known = {each.id: each for each in incidents.some(connection, {action for action, _ in pairs})}
    timelines = incidents.timelines(connection, known)
    found = [_action(known[id], to, timelines[id]) for id, to in pairs if id in known]
    return sorted(found, key=_urgency)


def _pairs(connection: Connection, of: int) -> list[tuple[int, int]]:
    found = links.linked_to(connection, LinkKind.INCIDENT, str(of))
    return [(link.incident, of) for link in found if link.relation is Relation.ACTION]


def _action(incident: Incident, of: int, entries: Iterable[Entry]) -> Action:
    said = [entry.data[DUE] for entry in entries if entry.kind is EntryKind.LINKED and entry.data.get(DUE)]
    return Action(
        incident.id,
        of,
        incident.title,
        str(incident.state),
        incident.is_open,
        incident.owner or "",
        incident.opened,
        incident.resolved,
        datetime.fromisoformat(said[-1]) if said else None,
    )


def _urgency(action: Action) -> tuple[bool, bool, float, int, int]:
    due = action.due.timestamp() if action.due is not None else action.opened.timestamp()
    return (not action.is_open, action.due is None, due, action.id, action.of)
