"""What clocks cost: a million of them computed from what happened, and kept in the store.

Tickets of two years with promises on London office hours: taken, often asked about, paused, classified anew,
resolved, some re-opened. Ten thousand different ones are computed again and again until a million clocks are;
the same ten thousand are then kept in a store (SQLite, WAL, synchronous FULL) in pieces, as a worker does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert

from benchmarks.figures import Report, Series, report
from benchmarks.measure import by_turns, timed
from lexops.calendars import public_holidays
from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar, Period
from lexops.calendars.notation import parse_week
from lexops.config import SiteFile, load
from lexops.incidents.model import EntryKind, State
from lexops.incidents.store import entry_table, incident_table
from lexops.incidents.store import incidents as all_incidents
from lexops.sla import keeping, reading
from lexops.sla import store as policies
from lexops.sla.clock import clocks
from lexops.sla.model import Book, Policy, TicketEvent
from lexops.sla.notation import budgets
from lexops.sla.tables import clock_table, ticket_table
from lexops.store.database import Store, open_engine
from lexops.store.migrate import bring_up_to_date

CLOCKS = 1_000_000
TICKETS = 10_000
OPEN = 200
"""Tickets that still run."""
ROUNDS = 3
"""Of what is measured in the store; a million clocks are enough of a mean by themselves."""
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BUDGETS = "P1 response 15m, update 2h, resolution 4h; P2 response 1h, update 4h, resolution 8h"
SITE = '[site]\nname = "Bench"\n'


def measure(count: int = CLOCKS, tickets: int = TICKETS) -> Report:
    """A million clocks from events; ten thousand tickets kept anew, and looked at with nothing to do."""
    with TemporaryDirectory() as folder:
        store, file = _site(Path(folder), tickets)
        with store.read() as connection:
            book = policies.book(connection)
            known = all_incidents(connection, include_resolved=True)
            told = list(reading.told(connection, file, known).values())
        done = [0]
        series = [
            *by_turns({"one clock": lambda: timed(lambda: _compute(told, book, count, done), count)}, 1),
            *by_turns(
                {
                    "a ticket computed": lambda: timed(lambda: _compute_all(store, file, book), tickets),
                    "a ticket kept": lambda: timed(lambda: _keep_all(store, file), tickets),
                },
                ROUNDS,
            ),
        ]
        looks = _pieces(store, file)
        store.close()
    return report(
        "clocks",
        f"{count:,} clocks computed, {tickets:,} tickets kept",
        [*series, *looks],
        [("a ticket kept", "a ticket computed")],
        [
            f"One clock: {done[0]:,} computed, of {tickets:,} different tickets over and over.",
            "A ticket computed is read from its timeline and counted; kept is that and written.",
            f"A piece is {keeping.BATCH:,} tickets; a worker only locks the store to write it.",
            f"A look with nothing changed computes the {OPEN:,} that run.",
        ],
    )


def _compute(told: list[list[TicketEvent]], book: Book, count: int, done: list[int]) -> None:
    done[0] = 0
    for events in cycle(told):
        done[0] += len(clocks(events, book, NOW))
        if done[0] >= count:
            return


def _compute_all(store: Store, file: SiteFile, book: Book) -> None:
    with store.read() as connection:
        known = all_incidents(connection, include_resolved=True)
        reading.tickets(connection, file, known, book, NOW)


def _forget(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(delete(clock_table))
        connection.execute(delete(ticket_table))


def _keep_all(store: Store, file: SiteFile) -> None:
    _forget(store)
    while _refresh(store, file):
        pass


def _refresh(store: Store, file: SiteFile) -> int:
    with store.begin() as connection:
        return keeping.refresh(connection, file, NOW)


def _pieces(store: Store, file: SiteFile) -> list[Series]:
    """A look of a worker that has much to do, for how long it locks the store, and one with nothing to do."""
    looks, writes = [], []
    for _ in range(ROUNDS):
        _forget(store)
        with store.read() as connection:
            piece = keeping._computed(connection, file, NOW, keeping.BATCH)
        writes.append(timed(lambda made=piece: _write(store, made)))  # type: ignore[misc]
        _forget(store)
        looks.append(timed(lambda: keeping.keep(store, file, _At())))
    while _refresh(store, file):
        pass
    idle = [timed(lambda: keeping.keep(store, file, _At())) for _ in range(ROUNDS)]
    return [
        Series("a piece", tuple(looks)),
        Series("a piece written", tuple(writes)),
        Series("nothing changed", tuple(idle)),
    ]


def _write(store: Store, piece: keeping._Piece) -> None:
    with store.begin() as connection:
        keeping._write(connection, piece)


class _At:
    """The moment at which all this is."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


# The site and its tickets.


def _site(folder: Path, tickets: int) -> tuple[Store, SiteFile]:
    (folder / "lexops.toml").write_text(SITE)
    store = Store(open_engine("sqlite:///lexops.db", folder))
    bring_up_to_date(store)
    period = Period(ZoneInfo("Europe/London"), parse_week("mon-fri 09:00-12:30 13:30-17:30"))
    days = public_holidays.days(public_holidays.region("GB", "ENG"), range(2024, 2027))
    calendar = Calendar("london", (period,), {day.date: day for day in days})
    policy = Policy("standard", "london", budgets(BUDGETS))
    random = Random(1)
    with store.begin() as connection:
        calendars.add(connection, calendar, at=FIRST, operator="bench", reason="bench")
        policies.add(connection, policy, at=FIRST, operator="bench", reason="bench")
        made = [_ticket(number, number > tickets - OPEN, random) for number in range(1, tickets + 1)]
        connection.execute(insert(incident_table), [incident for incident, _ in made])
        connection.execute(insert(entry_table), [entry for _, entries in made for entry in entries])
    return store, load(folder / "lexops.toml")


def _ticket(number: int, is_open: bool, random: Random) -> tuple[dict[str, object], list[dict[str, object]]]:
    at = FIRST + timedelta(seconds=random.randrange(int((NOW - FIRST).total_seconds()) - 30 * 86_400))
    opened = NOW - timedelta(seconds=random.randrange(86_400)) if is_open else at
    entries = list(_entries(number, opened, is_open, random))
    ended = None if is_open else entries[-1]["at"]
    incident: dict[str, object] = {
        "id": number,
        "fingerprint": f"by hand/{number}",
        "open_as": f"by hand/{number}" if is_open else None,
        "title": "Portal is slow",
        "severity": "WARNING",
        "state": (State.OPEN if is_open else State.RESOLVED).value,
        "opened": opened,
        "changed": entries[-1]["at"],
        "resolved": ended,
        "priority": "P2",
        "client": "",
        "provider": "",
        "queue": "",
    }
    return incident, entries


def _entries(number: int, opened: datetime, is_open: bool, random: Random) -> Iterator[dict[str, object]]:
    steps = [EntryKind.OPENED, EntryKind.ACKNOWLEDGED]
    if random.random() < 0.5:
        steps += [EntryKind.ASKED, EntryKind.ANSWERED]
    if random.random() < 0.4:
        steps += [EntryKind.PAUSED, EntryKind.RESUMED]
    if random.random() < 0.1:
        steps += [EntryKind.CLASSIFIED]
    if not is_open:
        steps += [EntryKind.RESOLVED]
        steps += [EntryKind.REOPENED, EntryKind.RESOLVED] if random.random() < 0.05 else []
    at = opened
    for kind in steps:
        priority = {EntryKind.OPENED: "P2", EntryKind.CLASSIFIED: "P1"}.get(kind)
        facts = {"priority": priority, "client": "", "provider": "", "queue": ""} if priority else None
        row = {"incident": number, "at": at, "kind": kind.value, "author": "bench", "text": "x"}
        yield row | {"data": facts, "recorded": None}
        at += timedelta(seconds=random.randrange(60, 6 * 3600)) if not is_open else timedelta(seconds=1)
