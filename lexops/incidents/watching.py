"""Tells those who watch an incident what happened to it, and whoever it was given to that it was.

What is told is what kind of thing happened, in words of ours: notes stay inside the firm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.incidents import rows, watchers
from lexops.incidents.model import Entry, EntryKind, Incident
from lexops.outbox import store as outbox
from lexops.outbox.facts import incident_values, subject
from lexops.outbox.model import Message, Recipient, RecipientKind, Urgency
from lexops.store.database import Store

LATE = timedelta(minutes=15)
"""What happened longer ago is no news: it stands in the timeline."""
NEWS: Mapping[EntryKind, str] = {
    EntryKind.ACKNOWLEDGED: "somebody has taken it",
    EntryKind.ASSIGNED: "it was given to somebody",
    EntryKind.RELEASED: "nobody has it any more",
    EntryKind.SEVERITY: "its severity has changed",
    EntryKind.CLASSIFIED: "it was classified anew",
    EntryKind.PAUSED: "it waits for somebody outside",
    EntryKind.RESUMED: "it goes on",
    EntryKind.MITIGATED: "it no longer hurts",
    EntryKind.RESOLVED: "it is resolved",
    EntryKind.REOPENED: "it is open again",
    EntryKind.CANCELLED: "it was cancelled",
    EntryKind.MERGED: "another one is the same",
}
"""What watchers are told of."""


@dataclass(frozen=True, slots=True)
class _News:
    incident: Incident
    entry: Entry
    to: str
    template: str
    why: str


def tell_watchers(database: Store, file: SiteFile, time: Clock) -> None:
    """Put a notice for each who watches what happened lately; each is put once. Raises StoreError.

    Whoever did it is not told, nor who cannot be reached: watching is a favour, and nobody has to act.
    """
    if not file.settings.channels:
        return
    now = time.now()
    with database.read() as connection:
        found = list(_news(connection, now - LATE))
        known = {
            message.key
            for id in {each.incident.id for each in found}
            for message in outbox.messages(connection, subject=subject(id), limit=None)
        }
        reachable = {
            to: not outbox.reachable(connection, file, _who(to), now) for to in {each.to for each in found}
        }
    due = [each for each in found if reachable[each.to] and _key(each) not in known]
    if due:
        with database.begin() as connection:
            for each in due:
                outbox.put(connection, _message(each, file, now))


def _news(connection: Connection, since: datetime) -> Iterator[_News]:
    told = rows.news(connection, list(NEWS), since)
    if not told:
        return
    watched = watchers.watched(connection)
    incidents = {each.id: each for each in rows.some(connection, {id for id, _ in told})}
    for id, entry in told:
        owner = entry.data.get("owner", "") if entry.kind is EntryKind.ASSIGNED else ""
        if owner and owner != entry.author:
            yield _News(incidents[id], entry, owner, "mention", "it was given to you")
        for name in sorted(watched.get(id, frozenset()) - {entry.author, owner}):
            yield _News(incidents[id], entry, name, "watch", NEWS[entry.kind])


def _who(name: str) -> Recipient:
    return Recipient(RecipientKind.OPERATOR, name)


def _key(news: _News) -> str:
    return f"watch/{news.entry.id}/{news.to}"


def _message(news: _News, file: SiteFile, now: datetime) -> Message:
    titles = file.settings.notify.titles
    values = incident_values(news.incident, zone=file.zone, titles=titles, why=news.why)
    return Message(
        _key(news),
        subject(news.incident.id),
        _who(news.to),
        news.template,
        values | {"by": news.entry.author},
        Urgency.NOTICE,
        now,
        now,
        news.incident.priority.value,
    )
