"""Incidents that are one, and one that is two: duplicates, merging, splitting."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from lexops.errors import Refused
from lexops.incidents import links, rows, store, watchers
from lexops.incidents.grouping import OWN
from lexops.incidents.model import EntryKind, Incident, Opening, Relation, State
from lexops.incidents.transitions import Act


def duplicate(
    connection: Connection, id: int, of: int, at: datetime, author: str, words: str, *, merge: bool = False
) -> None:
    """End an incident that is the same as another one, which goes on for both. Raises NotFound or Refused.

    Its timeline stays where it is. Whoever watched or had it watches the other one, what was listed under it
    is listed there, and what its check finds is written there. Merged, the other one has its links as well.
    """
    if id == of:
        raise Refused(f"incident #{id} is no duplicate of itself")
    _check_original(connection, of)
    original, _ = store.moved(connection, of, Act.TAKE_IN)
    known = rows.get(connection, id, lock=True)
    how = "merged into" if merge else "a duplicate of"
    store.cancel(connection, id, at, author, f"{how} #{of}{_because(words)}", {"into": str(of)})
    links.join(connection, id, of, Relation.DUPLICATE, at, author)
    rows.change(connection, of, at)
    rows.add_entry(
        connection, of, at, EntryKind.MERGED, author, f"#{id} is the same{_because(words)}", {"from": str(id)}
    )
    _move_people(connection, known, original)
    _move_children(connection, known, original, at)
    if merge:
        for link in links.links(connection, id):
            if link.relation is not Relation.DUPLICATE:
                links.add(connection, replace(link, incident=of))


def _because(words: str) -> str:
    return f": {words}" if words else ""


def _check_original(connection: Connection, of: int) -> None:
    """What is a duplicate itself takes nothing in: the one that goes on is named instead."""
    wanted = rows.get(connection, of)
    if wanted.state is State.CANCELLED:
        known = original(connection, wanted)
        hint = f"it is a duplicate of #{known.id}" if known else "name one that counts"
        raise Refused(f"incident #{of} is cancelled", hint=hint)


def _move_people(connection: Connection, known: Incident, to: Incident) -> None:
    people = {*watchers.watchers(connection, known.id), *([known.owner] if known.owner else [])}
    watchers.add_all(connection, to.id, sorted(people - {to.owner}))


def _move_children(connection: Connection, known: Incident, to: Incident, at: datetime) -> None:
    """What was listed under the one is listed under the other, or beside it under what that stands under."""
    head = to.parent if to.parent not in (None, known.id) else to.id
    for child in rows.children(connection, known.id):
        parent = None if child.id == head else head
        rows.change(connection, child.id, at, parent=parent)
        if child.is_open:
            where = f"listed under #{parent}" if parent else "on its own"
            text = f"{where}: #{known.id} is the same as #{to.id}"
            data = {"parent": str(parent or "")}
            rows.add_entry(connection, child.id, at, EntryKind.GROUPED, OWN, text, data)


def original(connection: Connection, incident: Incident) -> Incident | None:
    """The incident of which this one turned out to be a duplicate, at the end of the chain; None for none."""
    found, seen, known = None, set[int](), incident
    while known.state is State.CANCELLED:
        seen.add(known.id)
        same = [link for link in links.links(connection, known.id) if link.relation is Relation.DUPLICATE]
        if not same or int(same[-1].ref) in seen:
            return None
        found = known = rows.get(connection, int(same[-1].ref))
    return found


def split(
    connection: Connection, id: int, key: str, title: str, at: datetime, author: str, entry: int | None = None
) -> int:
    """Make a second incident of a part of one; answers its number. Raises NotFound or Refused.

    It has the facts and the severity of the first; its clocks begin now. The check stays with the first.
    """
    known, _ = store.moved(connection, id, Act.SPLIT)
    told = next((each for each in rows.timeline(connection, id) if each.id == entry), None)
    if entry is not None and told is None:
        raise Refused(f"incident #{id} has no entry {entry}", hint=f"see: lexops incident show {id} --json")
    why = f"split from #{id}: {told.text}" if told else f"split from #{id}"
    facts = {name: str(getattr(known, name)) for name in store.FACTS}
    number = store.open_(
        connection,
        Opening(
            f"by hand/{key}",
            title,
            known.severity,
            at,
            author,
            why,
            known.target,
            impact=known.impact,
            urgency=known.urgency,
            facts=facts,
        ),
    )
    links.join(connection, number, id, Relation.SPLIT, at, author)
    rows.change(connection, id, at)
    rows.add_entry(connection, id, at, EntryKind.SPLIT, author, f"#{number}: {title}", {"into": str(number)})
    return number
