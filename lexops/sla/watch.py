"""Tells of every promise that is close to being broken, or is: once, in order, with its true time.

Any number of workers may look; what was reached while none of them did is told when one looks again. What a
clock that runs has not reached any more, because its priority, its rules or its past were changed, is
forgotten: it is told anew when it is reached anew. What is told are events: whoever escalates, shows or mails
them follows those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from lexops.audit.store import hold_snapshot
from lexops.calendars.business import moment, seconds
from lexops.clock import Clock as TimeSource
from lexops.clock import utc_text
from lexops.config import SiteFile
from lexops.incidents import store as incidents
from lexops.sla import keeping, reading, store
from lexops.sla.clock import signals
from lexops.sla.model import Book, Clock, ClockKind, ClockState
from lexops.sla.predict import LIKELY, History, HitRate, Outcome, hit_rate
from lexops.sla.tables import clock_table, prediction_table, signal_table
from lexops.sla.view import Forecast, Ticket
from lexops.store import event
from lexops.store.database import Store, batches

BREACH = 100
"""The percentage at which a promise is broken."""
LATELY = timedelta(days=7)
"""A promise broken and ended while nobody looked is still told for so long."""
MEMORY = timedelta(days=365)
"""How far back similar clocks are looked for."""
MOST = 20_000
"""Finished clocks that are looked at, the newest."""

_Key = tuple[int, str, int, int]
"""Incident, clock, round, percent."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A percentage of a budget that was reached."""

    incident: int
    clock: Clock
    percent: int
    at: datetime

    @property
    def key(self) -> _Key:
        return (self.incident, self.clock.kind.value, self.clock.round, self.percent)


def watch(database: Store, file: SiteFile, time: TimeSource) -> None:
    """Look once at every ticket of which a clock runs, and tell what was not told. Raises StoreError."""
    now = time.now()
    with database.read() as connection:
        hold_snapshot(connection)  # what was told belongs to the tickets as they are read
        book = store.book(connection)
        seen = [
            *reading.open_tickets(connection, file, now),
            *_ended_unseen(connection, file, book, now),
        ]
        found = list({each.incident.id: each for each in seen}.values())
        reached = sorted(_reached(found, book), key=lambda each: (each.at, each.key))
        told = _told(connection, {each.incident.id for each in found})
    untold = [each for each in reached if each.key not in told]
    undone = _undone(found, {each.key for each in reached}, told, now)
    if untold or undone:
        with database.begin() as connection:
            _forget(connection, undone)
            for each in untold:
                _tell(connection, each, now)


def _reached(tickets: Iterable[Ticket], book: Book) -> Iterator[Signal]:
    for ticket in tickets:
        for clock in ticket.clocks:
            for percent, at in signals(clock, book):
                if percent == BREACH or not clock.state.is_over:
                    yield Signal(ticket.incident.id, clock, percent, at)


def _ended_unseen(connection: Connection, file: SiteFile, book: Book, now: datetime) -> list[Ticket]:
    """Tickets that broke a promise and ended before anybody was told of it."""
    clock, signal = clock_table.c, signal_table.c
    told = (
        select(signal.id)
        .where(
            signal.incident == clock.incident,
            signal.kind == clock.kind,
            signal.round == clock.round,
            signal.percent == BREACH,
        )
        .exists()
    )
    missed = (clock.state == ClockState.MISSED.value, clock.end >= seconds(now - LATELY))
    ids = connection.scalars(select(clock.incident).where(*missed, ~told).distinct())
    known = [each for each in incidents.some(connection, ids) if not each.is_open]
    return reading.tickets(connection, file, known, book, now)


def _told(connection: Connection, ids: Iterable[int]) -> dict[_Key, tuple[int, datetime]]:
    """What was told of some incidents: the number of its row, and when it was reached."""
    columns, found = signal_table.c, dict[_Key, tuple[int, datetime]]()
    for some in batches(ids):
        for row in connection.execute(select(signal_table).where(columns.incident.in_(some))):
            found[row.incident, row.kind, row.round, row.percent] = (row.id, row.at)
    return found


def _undone(
    tickets: Iterable[Ticket], reached: Set[_Key], told: Mapping[_Key, tuple[int, datetime]], now: datetime
) -> list[int]:
    """The rows of what was told of clocks that run and have not come so far any more.

    What lies ahead was told by a worker whose clock is before this one's.
    """
    running = {
        (ticket.incident.id, clock.kind.value, clock.round)
        for ticket in tickets
        for clock in ticket.clocks
        if not clock.state.is_over
    }
    return [id for key, (id, at) in told.items() if key[:3] in running and key not in reached and at <= now]


def _forget(connection: Connection, ids: Iterable[int]) -> None:
    for some in batches(ids):
        connection.execute(delete(signal_table).where(signal_table.c.id.in_(some)))


def _tell(connection: Connection, signal: Signal, now: datetime) -> None:
    """Tell it, unless another worker has since."""
    incident, kind, round, percent = signal.key
    values = {"incident": incident, "kind": kind, "round": round, "percent": percent}
    adding = _insert(connection, signal_table).values(values | {"at": signal.at, "told": now})
    if connection.execute(adding.on_conflict_do_nothing()).rowcount != 1:
        return
    due = signal.clock.due
    data: dict[str, object] = {
        "percent": percent,
        "round": round,
        "due": utc_text(moment(due)) if due is not None else "",
        "at": utc_text(signal.at),
    }
    name = "sla.breach" if percent == BREACH else "sla.warning"
    event.append(connection, now, name, f"#{incident} {kind}", data)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens when the row is there already, and tells whether it was."""
    making = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return making(table).execution_options(preserve_rowcount=True)


# What is foreseen.


def history(connection: Connection, now: datetime) -> History:
    """The finished clocks from which is concluded what becomes of those that run."""
    return History(keeping.finished(connection, now - MEMORY, MOST))


def foresee(database: Store, file: SiteFile, time: TimeSource) -> None:
    """Keep the first prediction that a clock breaks its promise. Raises StoreError."""
    now = time.now()
    with database.read() as connection:
        known = history(connection, now)
        likely = [
            (ticket.incident.id, running, forecast)
            for ticket, running in reading.running(reading.open_tickets(connection, file, now))
            if (forecast := known.forecast(running)) is not None and forecast.permille >= LIKELY
        ]
        kept = _predicted(connection, {incident for incident, _, _ in likely})
    new = [each for each in likely if (each[0], each[1].kind, each[1].round) not in kept]
    if new:
        with database.begin() as connection:
            for incident, clock, forecast in new:
                _keep(connection, incident, clock, forecast, now)


def _predicted(connection: Connection, ids: Iterable[int]) -> set[tuple[int, ClockKind, int]]:
    columns, found = prediction_table.c, set[tuple[int, ClockKind, int]]()
    wanted = select(columns.incident, columns.kind, columns.round)
    for some in batches(ids):
        rows = connection.execute(wanted.where(columns.incident.in_(some)))
        found |= {(row.incident, ClockKind(row.kind), row.round) for row in rows}
    return found


def _keep(connection: Connection, incident: int, clock: Clock, forecast: Forecast, now: datetime) -> None:
    values = {
        "incident": incident,
        "kind": clock.kind.value,
        "round": clock.round,
        "at": now,
        "permille": forecast.permille,
        "similar": forecast.similar,
    }
    adding = _insert(connection, prediction_table).values(values)
    connection.execute(adding.on_conflict_do_nothing())


def rate(connection: Connection) -> HitRate:
    """How often predictions were right, of the clocks that ended since the first was kept."""
    return hit_rate(_outcomes(connection))


def _outcomes(connection: Connection) -> Iterator[Outcome]:
    clock, prediction = clock_table.c, prediction_table.c
    first = connection.scalar(select(prediction.at).order_by(prediction.at).limit(1))
    if first is None:
        return
    same = (
        (prediction.incident == clock.incident)
        & (prediction.kind == clock.kind)
        & (prediction.round == clock.round)
    )
    known = (ClockState.MET.value, ClockState.MISSED.value, ClockState.OVERDUE.value)
    query = (
        select(clock.worked, clock.budget, prediction.permille)
        .join(prediction_table, same, isouter=True)
        .where(clock.state.in_(known), clock.end >= seconds(first), clock.kind != ClockKind.NOTICE.value)
    )
    for row in connection.execute(query):
        breached = row.worked > row.budget
        if breached or row.permille is not None:
            yield Outcome(row.permille, breached)
