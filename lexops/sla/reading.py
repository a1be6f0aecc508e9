"""Incidents as the tracker sees them: their timelines as events, and where their clocks stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.sla import store
from lexops.sla.clock import clocks
from lexops.sla.model import Book, Clock, ClockState, Facts, Happening, TicketEvent
from lexops.sla.tables import clock_table, ticket_table
from lexops.sla.view import Ticket, urgency
from lexops.targets.model import Kind

HAPPENINGS: Mapping[EntryKind, Happening] = {
    EntryKind.OPENED: Happening.OPENED,
    EntryKind.CLASSIFIED: Happening.CLASSIFIED,
    EntryKind.ACKNOWLEDGED: Happening.TAKEN,
    EntryKind.ASKED: Happening.ASKED,
    EntryKind.ANSWERED: Happening.ANSWERED,
    EntryKind.PAUSED: Happening.PAUSED,
    EntryKind.RESUMED: Happening.RESUMED,
    EntryKind.RESOLVED: Happening.RESOLVED,
    EntryKind.REOPENED: Happening.REOPENED,
    EntryKind.CANCELLED: Happening.CANCELLED,
    EntryKind.AWARE: Happening.AWARE,
    EntryKind.NOTIFIED: Happening.NOTIFIED,
}
"""What of a timeline matters to clocks; the other entries do not."""
_LEGAL = frozenset({EntryKind.AWARE, EntryKind.NOTIFIED})
_WAS = re.compile(r"(?:[a-z]+ \S+, was \S+, )*priority \S+, was (P\d)")
"""How an entry tells the priority before it; see lexops.incidents.store.classify."""


def events(incident: Incident, entries: Sequence[Entry], kind: str = "") -> list[TicketEvent]:
    """What happened to an incident, as far as clocks care; `kind` is that of its target. Pure."""
    return list(_events(incident, entries, kind))


def _events(incident: Incident, entries: Sequence[Entry], kind: str) -> Iterator[TicketEvent]:
    for entry in entries:
        happening = HAPPENINGS.get(entry.kind)
        if happening is None:
            continue
        facts = None
        if happening is Happening.OPENED:
            facts = _facts(entry.data or _before(incident, entries), kind)
        elif happening is Happening.CLASSIFIED:
            facts = _facts(entry.data, kind)
        text = entry.data.get("jurisdiction", "") if entry.kind in _LEGAL else entry.text
        yield TicketEvent(entry.at, happening, entry.id, facts, text)


def _facts(data: Mapping[str, str], kind: str) -> Facts:
    return Facts(
        data.get("priority", ""),
        data.get("client", ""),
        data.get("provider", ""),
        data.get("queue", ""),
        kind,
    )


def _before(incident: Incident, entries: Sequence[Entry]) -> Mapping[str, str]:
    """The facts with which an incident began that was opened before timelines held them.

    They are those of its row; once it was classified, what it was before: it had no client, provider or
    queue, and the priority that the entry tells.
    """
    first = next((entry for entry in entries if entry.kind is EntryKind.CLASSIFIED), None)
    if first is None:
        return {name: str(getattr(incident, name)) for name in incidents.FACTS}
    was = _WAS.match(first.text)
    return {"priority": was[1] if was else first.data.get("priority", "")}


def kinds(file: SiteFile) -> dict[str, str]:
    """The kind of each target of a site, and of LexOps itself."""
    own = {Kind.LEXOPS.value: Kind.LEXOPS.value}
    return own | {name: str(target.kind) for name, target in file.settings.targets.items()}


def told(connection: Connection, file: SiteFile, known: Sequence[Incident]) -> dict[int, list[TicketEvent]]:
    """What happened to each of some incidents, by its number."""
    timelines = incidents.timelines(connection, (incident.id for incident in known))
    of = kinds(file)
    return {
        incident.id: events(incident, timelines[incident.id], of.get(incident.target or "", ""))
        for incident in known
    }


def ticket(connection: Connection, file: SiteFile, id: int, now: datetime) -> Ticket:
    """An incident with its clocks. Raises NotFound, or StoreError for a damaged calendar or policy."""
    return tickets(connection, file, [incidents.get(connection, id)], store.book(connection), now)[0]


def ticket_events(connection: Connection, file: SiteFile, id: int) -> list[TicketEvent]:
    """What happened to an incident, as far as clocks care. Raises NotFound."""
    return told(connection, file, [incidents.get(connection, id)])[id]


def open_tickets(connection: Connection, file: SiteFile, now: datetime) -> list[Ticket]:
    """Every incident that is open or has a clock that runs: overdue ones first, then what is due next.

    A notice that the law wants and a question about a resolved ticket outlive their ticket.
    """
    book, opened = store.book(connection), incidents.incidents(connection)
    ids = _with_running_clocks(connection) - {each.id for each in opened}
    ended = tickets(connection, file, incidents.some(connection, ids), book, now)
    found = [*tickets(connection, file, opened, book, now), *(each for each in ended if each.next)]
    return sorted(found, key=_urgency)


def _with_running_clocks(connection: Connection) -> set[int]:
    """The incidents of which a kept clock runs; what ended is not looked through for them."""
    clock, kept = clock_table.c, ticket_table.c
    over = [state.value for state in ClockState if state.is_over]
    query = select(clock.incident).join(ticket_table, kept.incident == clock.incident)
    return set(connection.scalars(query.where(kept.is_over.is_(False), clock.state.not_in(over))))


def tickets(
    connection: Connection, file: SiteFile, known: Sequence[Incident], book: Book, now: datetime
) -> list[Ticket]:
    """Some incidents with their clocks, in their order."""
    happened = told(connection, file, known)
    return [Ticket(incident, clocks(happened[incident.id], book, now)) for incident in known]


def _urgency(ticket: Ticket) -> tuple[bool, tuple[bool, bool, int], int]:
    following = ticket.next
    return (following is None, urgency(following) if following else (True, True, 0), ticket.incident.id)


def running(found: Iterable[Ticket]) -> Iterator[tuple[Ticket, Clock]]:
    """The clocks that run, most urgent first."""
    pairs = [(ticket, clock) for ticket in found for clock in ticket.clocks if not clock.state.is_over]
    return iter(sorted(pairs, key=lambda pair: (urgency(pair[1]), pair[0].incident.id)))
