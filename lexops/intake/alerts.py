"""Alerts of another monitoring system become incidents, and end with them. In the caller's transaction.

What Alertmanager tells again and again is one episode: its fingerprint and the moment since which it fires.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from lexops.config import SiteFile
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Incident, Opening, Origin, Priority, Relation, State
from lexops.intake import store
from lexops.intake.alertmanager import target_of
from lexops.intake.model import Alert, Delivery, Source

AUTHOR = "alertmanager"
PORTION = 50
"""Alerts that are taken at once: until their transaction ends, nobody else can act on their incidents."""
_OVER = " over"
"""After an episode, in the key of the arrival that tells of its end."""


def portions(delivery: Delivery) -> Iterator[Sequence[Alert]]:
    """What one request brought, each portion for a transaction of its own.

    Always in the same order, so that two workers that are told the same do not wait for each other.
    """
    wanted = sorted(delivery.alerts, key=lambda each: (each.episode, not each.firing))
    return (wanted[start : start + PORTION] for start in range(0, len(wanted), PORTION))


def take(connection: Connection, file: SiteFile, portion: Sequence[Alert], at: datetime) -> int:
    """Take some alerts; answers how many of them were new."""
    return sum((_fires if each.firing else _is_over)(connection, file, each, at) for each in portion)


def _print(alert: Alert) -> str:
    return f"alert/{alert.fingerprint}"


def _fires(connection: Connection, file: SiteFile, alert: Alert, at: datetime) -> bool:
    """An episode has begun; one whose end was told first is over already."""
    id = store.claim(connection, Source.ALERT, alert.episode, at)
    if id is None:
        return False
    ended = store.find(connection, Source.ALERT, alert.episode + _OVER)
    incident = ended.incident if ended else _begin(connection, file, alert, at)
    store.settle(connection, id, incident=incident)
    return True


def _begin(connection: Connection, file: SiteFile, alert: Alert, at: datetime) -> int:
    """Go on with the incident of this alert where it is open or has just ended; else open one."""
    known = incidents.open_with(connection, _print(alert))
    if known is not None:
        told = "it fires anew; nobody has told that it was over"
        incidents.note(connection, known.id, at, AUTHOR, told)
        return known.id
    before = incidents.latest_with(connection, _print(alert))
    if before is not None and _ended_lately(before, file, at):
        incidents.reopen(connection, before.id, at, AUTHOR, f"it fires again: {alert.text}")
        return before.id
    number = incidents.open_(connection, _opening(file, alert, at))
    if before is not None:
        links.join(connection, number, before.id, Relation.RECURRENCE, at, AUTHOR)
        told = f"the same alert as in #{before.id}"
        incidents.add_entry(connection, number, at, EntryKind.LINKED, AUTHOR, told)
    return number


def _ended_lately(incident: Incident, file: SiteFile, at: datetime) -> bool:
    ended = incident.resolved
    within = file.settings.incidents.reopen_within
    return incident.state is State.RESOLVED and ended is not None and at - ended <= within


def _opening(file: SiteFile, alert: Alert, at: datetime) -> Opening:
    target = target_of(alert, file.settings.targets)
    known = file.settings.targets.get(target or "")
    facts = {"queue": file.settings.intake.queue, "provider": (known.provider or "") if known else ""}
    if alert.is_information:
        facts["priority"] = Priority.P4.value
    return Opening(
        _print(alert),
        alert.title,
        alert.severity,
        at,
        AUTHOR,
        alert.text,
        target,
        origin=Origin.ALERT,
        facts=facts,
    )


def _is_over(connection: Connection, file: SiteFile, alert: Alert, at: datetime) -> bool:
    """An episode has ended, and with it the incident, unless a later one or a person keeps it open."""
    id = store.claim(connection, Source.ALERT, alert.episode + _OVER, at)
    if id is None:
        return False
    begun = store.find(connection, Source.ALERT, alert.episode)
    incident = incidents.open_with(connection, _print(alert))
    if incident is not None and not _fires_since(connection, alert):
        _recover(connection, file, incident.id, at)
    store.settle(connection, id, incident=begun.incident if begun else None)
    return True


def _fires_since(connection: Connection, alert: Alert) -> bool:
    """Whether a later episode of the alert is not over; an earlier one is, though its end be late or lost."""
    keys = {each.key for each in store.episodes(connection, alert.fingerprint)}
    begun = {key for key in keys if not key.endswith(_OVER)}
    return any(key > alert.episode and key + _OVER not in keys for key in begun)


def _recover(connection: Connection, file: SiteFile, id: int, at: datetime) -> None:
    incidents.tell(connection, id, EntryKind.RECOVERED, at, AUTHOR, "it fires no longer", at)
    if file.settings.incidents.resolve_on_recovery and not _a_person_reopened(connection, id):
        incidents.resolve(connection, id, at, AUTHOR, "resolved by recovery")


def _a_person_reopened(connection: Connection, id: int) -> bool:
    """Whether the incident is open because somebody said that it is not over."""
    turns = incidents.entries_of(connection, id, (EntryKind.REOPENED, EntryKind.RESOLVED))
    return bool(turns) and turns[-1].kind is EntryKind.REOPENED and turns[-1].author != AUTHOR
