"""Reminds of updates that were promised and have not come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from lexops.auth import store as people
from lexops.clock import Clock, show_duration, utc_text
from lexops.communication import store
from lexops.communication.drafting import minute
from lexops.communication.model import Notice
from lexops.communication.promises import Reminder, reminder
from lexops.config import SiteFile
from lexops.errors import LexOpsError
from lexops.incidents import store as incidents
from lexops.outbox import store as outbox
from lexops.outbox.facts import incident_values
from lexops.outbox.model import Message, Recipient, RecipientKind, Urgency
from lexops.store import event
from lexops.store.database import Store

DUE = "notice.due"
"""The event of a promised update whose moment has come; its subject is the incident."""


def remind(database: Store, file: SiteFile, time: Clock) -> None:
    """Tell who promised an update that it is due, once.

    Each in its own transaction: one of which nobody can be reminded keeps no other from it. Raises
    LexOpsError, after the others.
    """
    now, failed = time.now(), list[LexOpsError]()
    with database.read() as connection:
        found = [each for each in store.standing_updates(connection) if reminder(each, now) is not None]
    for each in found:
        try:
            with database.begin() as connection:
                _remind(connection, file, each.id, now)
        except LexOpsError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _remind(connection: Connection, file: SiteFile, id: int, now: datetime) -> None:
    """Remind, unless another worker has, or the update has come in between."""
    known = store.lock_update(connection, id)
    wanted = reminder(known, now) if known is not None else None
    if known is None or known.incident is None or known.promised is None or wanted is None:
        return
    store.set_reminded(connection, known.id, now)
    data = {"audience": known.audience, "promised": utc_text(known.promised), "reminder": wanted.value}
    event.append(connection, now, DUE, f"#{known.incident}", data)
    if file.settings.channels:
        for person in _people(connection, known, now):
            outbox.put(connection, _message(connection, file, known, wanted, person, now))


def _people(connection: Connection, notice: Notice, now: datetime) -> list[str]:
    """Who has to write it: its author and the incident's owner, as far as they are still here."""
    assert notice.incident is not None
    owner = incidents.get(connection, notice.incident).owner
    names = dict.fromkeys(name for name in (notice.operator, owner) if name)
    known = {name: people.by_name(connection, name) for name in names}
    here = [name for name, person in known.items() if person is not None and person.is_active(now)]
    return here or [notice.operator]  # whom the outbox cannot reach, it gives to the last resort


def _message(
    connection: Connection, file: SiteFile, notice: Notice, wanted: Reminder, person: str, now: datetime
) -> Message:
    """A page when the moment has come, before that a notice."""
    assert notice.incident is not None and notice.promised is not None
    incident = incidents.get(connection, notice.incident)
    by = minute(notice.promised, file.zone)
    why = f"{notice.audience} wait for an update that was promised by {by}"
    values = incident_values(incident, zone=file.zone, titles=file.settings.notify.titles, why=why)
    values |= {
        "audience": notice.audience,
        "clock": f"update to {notice.audience}",
        "due": by,
        "left": show_duration(notice.promised - now),
        "text": f"Write it with: lexops notice update {incident.id} {notice.audience} …",
    }
    return Message(
        key=f"{notice.promise}/{wanted}/{person}",
        subject=notice.promise,
        recipient=Recipient(RecipientKind.OPERATOR, person),
        template="breach" if wanted is Reminder.DUE else "warning",
        values=values,
        urgency=Urgency.PAGE if wanted is Reminder.DUE else Urgency.NOTICE,
        created=now,
        due=now,
        priority=str(incident.priority),
    )
