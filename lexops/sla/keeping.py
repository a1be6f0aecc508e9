"""Clocks as last computed, so that reports read no timelines. A cache: it does not know what is due now.

A ticket is computed anew when its timeline has grown (whenever what was told happened), when a calendar or
policy was changed that can still concern it, and while a clock of it runs. A call does a bounded piece of the
work in one transaction, so that nobody waits long for the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from lexops.calendars.business import seconds
from lexops.clock import Clock as TimeSource
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.incidents.model import Incident, State
from lexops.incidents.store import entry_table, incident_table
from lexops.sla import reading, store
from lexops.sla.clock import clocks
from lexops.sla.model import Book, Clock, ClockKind, ClockState
from lexops.sla.predict import Finished
from lexops.sla.tables import clock_table, ticket_table
from lexops.store.database import Store, batches

BATCH = 2_000
"""Tickets of one call."""
SETTLED = timedelta(minutes=1)
"""So long after its end a ticket can be of interest to a revision that was being recorded then."""
NEAR = 5_000
"""Entries whose numbers are so close may become visible in another order than that of their numbers."""
_LOCK = 0x1E40B7
"""An arbitrary number that only this locks on."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is to be written."""

    changed: int
    """How many of the tickets had changed; the others only run."""
    ids: list[int]
    """Everything that is written anew; of an incident that is gone nothing is kept."""
    tickets: list[dict[str, Any]]
    clocks: list[dict[str, Any]]


def refresh(connection: Connection, file: SiteFile, now: datetime, limit: int = BATCH) -> int:
    """Bring kept clocks up to date, at most `limit` tickets; answers how many had changed.

    0: every ticket is kept as it stands, but for the time that has passed for clocks that run. Needs a write
    transaction.
    """
    piece = _computed(connection, file, now, limit)
    _write(connection, piece)
    return piece.changed


def keep(database: Store, file: SiteFile, time: TimeSource) -> None:
    """One look of a worker: a piece is computed first, so that the store is only locked to write it.

    What changes meanwhile is seen by the next look, since it is newer than what was computed from. Raises
    StoreError.
    """
    with database.read() as connection:
        piece = _computed(connection, file, time.now(), BATCH)
    if piece.ids:
        with database.begin() as connection:
            _write(connection, piece)


def behind(connection: Connection, file: SiteFile) -> int:
    """How many tickets are not kept as they stand, because they are new or changed, or rules were."""
    return len(_outdated(connection, _Source(store.book(connection), file), None))


class _Source:
    """What clocks are computed from beside the timelines."""

    def __init__(self, book: Book, file: SiteFile) -> None:
        kinds = repr(sorted(reading.kinds(file).items())).encode()
        self.book = book
        self.stamp = sha256(store.stamp(book).encode() + kinds).hexdigest()
        self.lasting = sha256(store.lasting_stamp(book).encode() + kinds).hexdigest()


def _outdated(connection: Connection, source: _Source, limit: int | None) -> list[int]:
    """Tickets that are not kept as they stand.

    Those that grew come first, and others only beside all of them: the highest number of an entry that is
    kept tells from where to look for more.
    """
    found: dict[int, None] = {}
    for find in (_changed, _new, _restated):
        if limit is None or len(found) < limit:
            found |= dict.fromkeys(find(connection, source, None if limit is None else limit - len(found)))
    return list(found)


def _changed(connection: Connection, _source: _Source, limit: int | None) -> list[int]:
    """Kept tickets whose timeline has grown, those that grew first first."""
    entry, kept = entry_table.c, ticket_table.c
    known = connection.scalar(select(func.max(kept.entries))) or 0
    newest = func.max(entry.id)
    query = (
        select(entry.incident)
        .join(ticket_table, kept.incident == entry.incident)
        .where(entry.id > known - NEAR)
        .group_by(entry.incident, kept.entries)
        .having(newest > kept.entries)
        .order_by(newest)
        .limit(limit)
    )
    return list(connection.scalars(query))


def _new(connection: Connection, _source: _Source, limit: int | None) -> list[int]:
    """Incidents that were never kept."""
    incident, kept = incident_table.c, ticket_table.c
    known = connection.scalar(select(func.max(kept.incident))) or 0
    there = select(kept.incident).where(kept.incident == incident.id).exists()
    query = select(incident.id).where(incident.id > known - NEAR, ~there).order_by(incident.id)
    return list(connection.scalars(query.limit(limit)))


def _restated(connection: Connection, source: _Source, limit: int | None) -> list[int]:
    """Kept tickets whose rules were changed: first those that run."""
    kept = ticket_table.c
    query = select(kept.incident).where(kept.stamp.not_in([source.stamp, source.lasting]))
    return list(connection.scalars(query.order_by(kept.is_over, kept.incident.desc()).limit(limit)))


def _running(connection: Connection, limit: int) -> list[int]:
    """Kept tickets that are not over for good, those first that were looked at longest ago."""
    kept, clock = ticket_table.c, clock_table.c
    query = (
        select(kept.incident)
        .join(clock_table, clock.incident == kept.incident, isouter=True)
        .where(kept.is_over.is_(False))
        .group_by(kept.incident)
        .order_by(func.max(clock.end), kept.incident)
        .limit(limit)
    )
    return list(connection.scalars(query))


def _computed(connection: Connection, file: SiteFile, now: datetime, limit: int) -> _Piece:
    source = _Source(store.book(connection), file)
    changed = _outdated(connection, source, limit)
    ids = {*changed, *(_running(connection, limit - len(changed)) if len(changed) < limit else ())}
    # First of all up to where timelines are read: what comes between is then found to be newer.
    newest = _newest(connection, ids)
    known = incidents.some(connection, ids)
    told = reading.told(connection, file, known)
    tickets, rows = list[dict[str, Any]](), list[dict[str, Any]]()
    for incident in known:
        found = clocks(told[incident.id], source.book, now)
        settled = _is_settled(incident, found, now)
        is_over = settled or (incident.is_open and all(clock.state.is_over for clock in found))
        tickets.append(
            {
                "incident": incident.id,
                "entries": newest.get(incident.id, 0),
                "stamp": source.lasting if settled else source.stamp,
                "is_over": is_over,
            }
        )
        rows += [_row(incident, clock) for clock in found]
    return _Piece(len(changed), sorted(ids), tickets, rows)


def _write(connection: Connection, piece: _Piece) -> None:
    if not piece.ids:
        return
    if connection.dialect.name == "postgresql":
        # Two workers would keep the same tickets at once; on SQLite the transaction itself is the lock.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    for part in batches(piece.ids):
        connection.execute(delete(ticket_table).where(ticket_table.c.incident.in_(part)))
        connection.execute(delete(clock_table).where(clock_table.c.incident.in_(part)))
    if piece.tickets:
        connection.execute(insert(ticket_table), piece.tickets)
    if piece.clocks:
        connection.execute(insert(clock_table), piece.clocks)


def _newest(connection: Connection, ids: Iterable[int]) -> Mapping[int, int]:
    """The number of the newest entry of each incident."""
    entry, found = entry_table.c, dict[int, int]()
    for some in batches(ids):
        part = entry.incident.in_(some)
        query = select(entry.incident, func.max(entry.id)).where(part).group_by(entry.incident)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _is_settled(incident: Incident, found: Iterable[Clock], now: datetime) -> bool:
    """Whether nothing but a correction, or one more entry, can still change its clocks."""
    if incident.is_open or incident.changed > now - SETTLED:
        return False
    return all(clock.state.is_over for clock in found)


def _row(incident: Incident, clock: Clock) -> dict[str, Any]:
    cancelled = incident.state is State.CANCELLED and clock.kind is not ClockKind.NOTICE
    return {
        "incident": incident.id,
        "kind": clock.kind.value,
        "round": clock.round,
        "state": (ClockState.CANCELLED if cancelled else clock.state).value,
        "priority": clock.facts.priority,
        "client": clock.facts.client,
        "provider": clock.facts.provider,
        "queue": clock.facts.queue,
        "target_kind": clock.facts.kind,
        "start": clock.start,
        "end": clock.end,
        "due": clock.due,
        "budget": clock.budget,
        "worked": clock.worked,
        "paused": clock.paused,
        "pauses": [[pause.start, pause.end, pause.why] for pause in clock.pauses],
        "policy": clock.policy,
        "policy_revision": clock.policy_revision,
        "calendar": clock.calendar,
        "calendar_revision": clock.calendar_revision,
        "reopened": clock.reopened,
    }


def finished(connection: Connection, since: datetime, limit: int) -> list[Finished]:
    """Kept clocks that were met or missed since a moment, the newest first, at most `limit`."""
    columns = clock_table.c
    ended = columns.state.in_([ClockState.MET.value, ClockState.MISSED.value])
    query = (
        select(columns.kind, columns.priority, columns.client, columns.queue, columns.worked)
        .where(ended, columns.end >= seconds(since), columns.kind != ClockKind.NOTICE.value)
        .order_by(columns.end.desc())
        .limit(limit)
    )
    return [
        Finished(_KINDS[row.kind], row.priority, row.client, row.queue, row.worked)
        for row in connection.execute(query)
    ]


_KINDS = {kind.value: kind for kind in ClockKind}
