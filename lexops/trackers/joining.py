"""Which tickets an incident has had in a tracker, and the new one of an incident that came back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from lexops.clock import utc_text
from lexops.config import SiteFile
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident, LinkKind, Relation
from lexops.incidents.model import Link as IncidentLink
from lexops.store.database import Store
from lexops.trackers import marks, store
from lexops.trackers.model import NEW
from lexops.trackers.plan import author


def tickets(connection: Connection, incident: int, tracker: str) -> list[str]:
    """The tickets there that an incident has or had, `OPS-12`, the first first."""
    prefix = f"{tracker}/"
    refs = [each.ref for each in links.links(connection, incident) if each.kind is LinkKind.TRACKER]
    return [ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)]


def joined(
    connection: Connection, incident: int, tracker: str, external: str, at: datetime, who: str
) -> None:
    """Write down that an incident has a ticket there."""
    ref = f"{tracker}/{external}"
    links.add(connection, IncidentLink(incident, LinkKind.TRACKER, ref, Relation.RELATED, at, who))
    told(connection, incident, tracker, f"kept in step with {ref}", at, who)


def told(connection: Connection, incident: int, tracker: str, words: str, at: datetime, who: str) -> None:
    """Write into the timeline what became of the link with a tracker."""
    incidents.tell(connection, incident, EntryKind.LINKED, at, who, words, at, {"tracker": tracker})


def make(connection: Connection, known: Incident, tracker: str, now: datetime) -> None:
    """Have a new ticket made for an incident; of what happened before, only that it is open is told."""
    key = marks.key_of(known.id, known.fingerprint, known.opened, tracker)
    mark = marks.mark_of(key, len(tickets(connection, known.id, tracker)))
    store.add(connection, known.id, tracker, f"{NEW}{mark}", newest(connection, known.id), now)


def newest(connection: Connection, incident: int) -> int:
    """The newest entry of an incident's timeline."""
    return max((entry.id for entry in incidents.timeline(connection, incident)), default=0)


def before(connection: Connection, incident: int, tracker: str) -> str:
    """The ticket that a new one follows: the incident's own, or that of the one that has come back."""
    own = tickets(connection, incident, tracker)
    if own:
        return own[-1]
    for link in links.links(connection, incident):
        if link.kind is LinkKind.INCIDENT and link.relation is Relation.RECURRENCE:
            others = tickets(connection, int(link.ref), tracker)
            if others:
                return others[-1]
    return ""


def describe(known: Incident, follows: str) -> str:
    """What a ticket is made of: only what was declared, no word of a person and no client's code."""
    lines = [
        f"Incident #{known.id}, {known.priority}, {known.severity}, since {utc_text(known.opened)}.",
        f"Target: {known.target}" if known.target else "",
        f"Check: {known.check}" if known.check else "",
        f"It follows {follows}." if follows else "",
        "What is written here as a comment is read by those who work on it.",
    ]
    return "\n".join(line for line in lines if line)


def follow_recurrences(database: Store, file: SiteFile, now: datetime) -> None:
    """What comes back as a new incident has a ticket again wherever the one before had one.

    Once only: who takes the link away again is not overruled.
    """
    with database.read() as connection:
        tracked = {(each.incident, each.tracker) for each in store.links(connection)}
        edges = links.edges(connection, Relation.RECURRENCE) if tracked else []
        wanted = [
            (incident, tracker)
            for incident, other in edges
            for tracker in file.settings.trackers
            if (other, tracker) in tracked and (incident, tracker) not in tracked
        ]
        new = [each for each in wanted if _is_untouched(connection, *each)]
    if not new:
        return
    with database.begin() as connection:
        for incident, tracker in new:
            known = incidents.get(connection, incident, lock=True)
            if store.find(connection, incident, tracker) is None and known.is_open:
                make(connection, known, tracker, now)
                words = f"a ticket in {tracker} is made, as for the incident that has come back"
                told(connection, incident, tracker, words, now, author(tracker))


def _is_untouched(connection: Connection, incident: int, tracker: str) -> bool:
    if not incidents.get(connection, incident).is_open:
        return False
    entries = incidents.entries_of(connection, incident, (EntryKind.LINKED,))
    return not any(entry.data.get("tracker") == tracker for entry in entries)
