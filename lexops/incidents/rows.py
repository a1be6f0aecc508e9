"""Reading incidents and their timelines, and the plainest writes; what the writes mean is `store`'s."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select, update

from lexops.checks.model import Status
from lexops.checks.view import Happened, Mark
from lexops.errors import NotFound
from lexops.incidents.grouping import BILLING
from lexops.incidents.model import Entry, EntryKind, Incident, Level, Opening, Origin, Priority, State
from lexops.incidents.tables import entry_table, incident_table
from lexops.store import event
from lexops.store.database import added, batches

LATEST = 500
"""Entries among which those that watchers are told of are looked for."""


# One incident.


def get(connection: Connection, id: int, *, lock: bool = False) -> Incident:
    """The incident with this number; with `lock` nobody else changes it meanwhile. Raises NotFound."""
    query = select(incident_table).where(incident_table.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no incident #{id}", hint="see: lexops incident list --all")
    return _incident(row)


def spelling(connection: Connection, client: str) -> str:
    """A client's code as the latest incident has it: reports would count HALDEN and halden as two."""
    if not client:
        return client
    column = incident_table.c.client
    query = select(column).where(func.lower(column) == client.lower()).order_by(incident_table.c.id.desc())
    return connection.execute(query.limit(1)).scalar() or client


def open_with(connection: Connection, fingerprint: str) -> Incident | None:
    """The open incident of a fingerprint, locked; there is one at most."""
    query = select(incident_table).where(incident_table.c.open_as == fingerprint)
    row = connection.execute(query.with_for_update()).first()
    return _incident(row) if row else None


def latest_with(connection: Connection, fingerprint: str) -> Incident | None:
    """The newest incident of a fingerprint, whatever became of it."""
    return latest_of(connection, [fingerprint]).get(fingerprint)


def latest_of(connection: Connection, fingerprints: Iterable[str]) -> dict[str, Incident]:
    """The newest incident of each fingerprint, whatever became of it; those that have none are left out."""
    columns = incident_table.c
    found = dict[str, Incident]()
    for some in batches(fingerprints):
        newest = (
            select(func.max(columns.id)).where(columns.fingerprint.in_(some)).group_by(columns.fingerprint)
        )
        rows = connection.execute(select(incident_table).where(columns.id.in_(newest)))
        found |= {row.fingerprint: _incident(row) for row in rows}
    return found


def timeline(connection: Connection, id: int) -> tuple[Entry, ...]:
    """What happened, oldest first."""
    columns = entry_table.c
    rows = connection.execute(
        select(entry_table).where(columns.incident == id).order_by(columns.at, columns.id)
    )
    return tuple(map(_entry, rows))


def entries_of(
    connection: Connection, id: int, kinds: Collection[EntryKind], since: datetime | None = None
) -> list[Entry]:
    """The entries of some kinds in the order in which they were written, from a moment on if one is given."""
    columns = entry_table.c
    wanted = [columns.incident == id, columns.kind.in_([kind.value for kind in kinds])]
    if since is not None:
        wanted.append(columns.at >= since)
    return [
        _entry(row) for row in connection.execute(select(entry_table).where(*wanted).order_by(columns.id))
    ]


# Many of them.


def last_of(connection: Connection, ids: Iterable[int], kind: EntryKind) -> dict[int, Entry]:
    """The newest entry of a kind of several incidents; those without one are left out."""
    columns = entry_table.c
    found = dict[int, Entry]()
    for some in batches(ids):
        wanted = (columns.incident.in_(some), columns.kind == kind.value)
        query = select(entry_table).where(*wanted).order_by(columns.id)
        found |= {row.incident: _entry(row) for row in connection.execute(query)}
    return found


def timelines(connection: Connection, ids: Iterable[int]) -> dict[int, list[Entry]]:
    """What happened to several incidents, oldest first."""
    columns = entry_table.c
    found = dict[int, list[Entry]]()
    for some in batches(ids):
        found |= {id: [] for id in some}
        query = select(entry_table).where(columns.incident.in_(some)).order_by(columns.at, columns.id)
        for row in connection.execute(query):
            found[row.incident].append(_entry(row))
    return found


def incidents(connection: Connection, include_resolved: bool = False) -> tuple[Incident, ...]:
    """The worst open ones first, then the newest."""
    query = select(incident_table)
    if not include_resolved:
        query = query.where(_is_open())
    found = [_incident(row) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda i: (not i.is_open, -i.severity.rank, -i.opened.timestamp(), i.id)))


def between(connection: Connection, since: datetime, until: datetime) -> list[Incident]:
    """The incidents that were open at some moment from `since` to before `until`, in the order of opening."""
    columns = incident_table.c
    there = (columns.opened < until) & (columns.resolved.is_(None) | (columns.resolved >= since))
    query = select(incident_table).where(there).order_by(columns.opened, columns.id)
    return [_incident(row) for row in connection.execute(query)]


def some(connection: Connection, ids: Iterable[int]) -> list[Incident]:
    """The incidents with these numbers, in their order; those that are not there are left out."""
    found = list[Incident]()
    for some in batches(ids):
        query = select(incident_table).where(incident_table.c.id.in_(some))
        found += [_incident(row) for row in connection.execute(query.order_by(incident_table.c.id))]
    return found


def children(connection: Connection, parent: int) -> list[Incident]:
    """The incidents that are or were listed under another one to their end, in the order of opening."""
    columns = incident_table.c
    query = select(incident_table).where(columns.parent == parent).order_by(columns.opened, columns.id)
    return [_incident(row) for row in connection.execute(query)]


def open_children(connection: Connection) -> list[Incident]:
    """Every open incident that is listed under another one, in the order of opening."""
    columns = incident_table.c
    query = select(incident_table).where(_is_open(), columns.parent.is_not(None))
    return [_incident(row) for row in connection.execute(query.order_by(columns.opened, columns.id))]


def open_parents(connection: Connection) -> set[int]:
    """Numbers of the incidents that have open ones under them."""
    column = incident_table.c.parent
    return set(connection.scalars(select(column).where(_is_open(), column.is_not(None)).distinct()))


def fresh(connection: Connection, since: datetime) -> list[tuple[Incident, datetime]]:
    """The open incidents that are under no other and began, or began again, since a moment: with when.

    The one that began first comes first.
    """
    columns = incident_table.c
    # Most incidents have no parent: the index on the state is the one that helps.
    alone = func.coalesce(columns.parent, 0) == 0
    query = select(incident_table).where(_is_open(), alone, columns.changed >= since)
    known = [_incident(row) for row in connection.execute(query)]
    older = [each.id for each in known if each.opened < since]
    again = last_of(connection, older, EntryKind.REOPENED)
    began = {id: entry.at for id, entry in again.items() if entry.at >= since}
    found = [(each, began.get(each.id, each.opened)) for each in known]
    return sorted(((each, at) for each, at in found if at >= since), key=lambda each: (each[1], each[0].id))


def open_having(connection: Connection, kind: EntryKind, before: datetime) -> list[int]:
    """Numbers of the open incidents that have an entry of a kind from before a moment."""
    columns, entry = incident_table.c, entry_table.c
    query = select(columns.id).join(entry_table, entry.incident == columns.id).distinct()
    return list(connection.scalars(query.where(_is_open(), entry.kind == kind.value, entry.at <= before)))


def news(connection: Connection, kinds: Collection[EntryKind], since: datetime) -> list[tuple[int, Entry]]:
    """The entries of some kinds that were written since a moment, among the newest of all, oldest first.

    With the number of the incident of each.
    """
    newest = select(entry_table).order_by(entry_table.c.id.desc()).limit(LATEST)
    found = [(row.incident, _entry(row)) for row in connection.execute(newest)]
    found.reverse()
    return [(id, e) for id, e in found if e.kind in kinds and (e.recorded or e.at) >= since]


def begun(connection: Connection, since: datetime) -> list[tuple[str | None, str]]:
    """Target and origin of every symptom that is open and was opened since a moment."""
    columns = incident_table.c
    symptom = columns.check.is_(None) | ~columns.check.startswith(BILLING)
    query = select(columns.target, columns.origin).where(_is_open(), symptom, columns.opened >= since)
    return [(row.target, row.origin) for row in connection.execute(query)]


def similar(
    connection: Connection, target: str, check: str, title: str, but: int | None = None, limit: int = 5
) -> list[tuple[Incident, Entry | None]]:
    """Other incidents about the check on any target, or called the same on this one, newest first; with how
    each ended, None while it is open.
    """
    columns = incident_table.c
    alike = (columns.check == check) | ((columns.target == target) & (columns.title == title))
    query = select(incident_table).where(alike, columns.id != (but or 0))
    found = [_incident(row) for row in connection.execute(query.order_by(columns.id.desc()).limit(limit))]
    return [(each, _ending(connection, each)) for each in found]


def _ending(connection: Connection, incident: Incident) -> Entry | None:
    """What was said when it was resolved."""
    if incident.is_open:
        return None
    ended = [entry for entry in timeline(connection, incident.id) if entry.kind is EntryKind.RESOLVED]
    return ended[-1] if ended else None


def marks(connection: Connection, target: str, since: datetime) -> list[Mark]:
    """When incidents of a target were opened and resolved."""
    columns = incident_table.c
    recent = or_(columns.opened >= since, columns.resolved >= since)
    rows = connection.execute(select(incident_table).where(columns.target == target, recent)).all()
    opened = [Mark(r.opened, Happened.OPENED, f"#{r.id} {r.title}") for r in rows if r.opened >= since]
    return opened + [Mark(r.resolved, Happened.RESOLVED, f"#{r.id} {r.title}") for r in rows if r.resolved]


def open_by_check(connection: Connection) -> dict[tuple[str, str], int]:
    """Numbers of the open incidents by the target and check they follow."""
    columns = incident_table.c
    rows = connection.execute(
        select(columns.id, columns.target, columns.check).where(_is_open(), columns.check.is_not(None))
    )
    return {(row.target, row.check): row.id for row in rows}


def _is_open() -> ColumnElement[bool]:
    """By the state, which has an index: of a hundred thousand incidents few are open."""
    return incident_table.c.state.in_([state.value for state in State if state.is_open])


# Writing.


def add_incident(connection: Connection, opening: Opening, facts: Mapping[str, str]) -> int:
    """Write a new incident; answers its number. The database refuses a second open one of a fingerprint."""
    return added(
        connection,
        insert(incident_table).values(
            fingerprint=opening.fingerprint,
            open_as=opening.fingerprint,
            title=opening.title,
            severity=opening.severity.value,
            state=State.OPEN.value,
            target=opening.target,
            check=opening.check,
            opened=opening.at,
            changed=opening.at,
            impact=opening.impact.value if opening.impact else None,
            urgency=opening.urgency.value if opening.urgency else None,
            origin=opening.origin.value,
            **facts,
        ),
    )


def change(connection: Connection, id: int, at: datetime, **values: Any) -> None:
    """Change columns of an incident."""
    connection.execute(update(incident_table).where(incident_table.c.id == id).values(changed=at, **values))


def add_entry(
    connection: Connection,
    id: int,
    at: datetime,
    kind: EntryKind,
    author: str,
    words: str,
    data: Mapping[str, str] | None = None,
    recorded: datetime | None = None,
) -> int:
    """One more line of the timeline, and an event for live screens; `recorded` where it arrives late.

    Answers the number of the entry.
    """
    late = recorded if recorded is not None and recorded > at else None
    values = {"incident": id, "at": at, "kind": kind.value, "author": author, "text": words}
    number = added(
        connection, insert(entry_table).values(**values, data=dict(data) if data else None, recorded=late)
    )
    event.append(connection, recorded or at, f"incident.{kind.value}", f"#{id}", {"text": words})
    return number


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.at, EntryKind(row.kind), row.author, row.text, row.data or {}, row.id, row.recorded)


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        row.id,
        row.fingerprint,
        row.title,
        Status(row.severity),
        State(row.state),
        row.target,
        row.check,
        row.opened,
        row.changed,
        row.owner,
        row.resolved,
        Priority(row.priority),
        row.client,
        row.provider,
        row.queue,
        Level(row.impact) if row.impact else None,
        Level(row.urgency) if row.urgency else None,
        row.parent,
        Origin(row.origin),
    )
