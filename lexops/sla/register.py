"""The register of breaches of data: of which incident which law wants whom told, by when, and who was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from lexops.incidents import store
from lexops.incidents.model import EntryKind
from lexops.incidents.store import entry_table
from lexops.sla.duty import Duty, duties


def register(connection: Connection, now: datetime) -> list[Duty]:
    """Every duty: first those still to be done, the next due first, then the others, newest first."""
    query = select(entry_table.c.incident).where(entry_table.c.kind == EntryKind.AWARE.value).distinct()
    known = store.some(connection, connection.scalars(query))
    timelines = store.timelines(connection, [incident.id for incident in known])
    found = [duty for incident in known for duty in duties(incident, timelines[incident.id], now)]
    return sorted(found, key=_urgency)


def duty(connection: Connection, id: int, code: str, now: datetime) -> Duty | None:
    """What one law wants of an incident; None while nobody is recorded to know. Raises NotFound."""
    incident = store.get(connection, id)
    found = duties(incident, store.timeline(connection, id), now)
    return next((each for each in found if each.law.code == code), None)


def _urgency(duty: Duty) -> tuple[bool, float]:
    if duty.notified is not None:
        return True, -duty.notified.timestamp()
    return False, duty.due.timestamp() if duty.due else duty.aware.timestamp()
