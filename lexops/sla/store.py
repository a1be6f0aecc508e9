"""Every revision of every policy, and why promises were broken; with the calendars they make up the book."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Text, cast, insert, select

from lexops.calendars import store as calendars
from lexops.calendars.model import Revision
from lexops.calendars.revisions import Revisions
from lexops.calendars.store import calendar_table
from lexops.sla.document import from_document, to_document
from lexops.sla.model import Book, ClockKind
from lexops.sla.tables import policy_table, reason_table
from lexops.sla.view import Responsibility
from lexops.store.database import batches

_policies = Revisions(
    policy_table, "policy", "lexops sla policy", "lexops sla policy set", from_document, to_document
)
policies = _policies.all
history = _policies.history
add = _policies.add


_books: WeakKeyDictionary[Engine, tuple[str, Book]] = WeakKeyDictionary()
"""The last book of each store: unrolling calendars takes far longer than seeing that none has changed."""


def book(connection: Connection) -> Book:
    """Every revision of every policy and calendar. Raises StoreError when one is damaged."""
    written = _written(connection)
    last = _books.get(connection.engine)
    if last is not None and last[0] == written:
        return last[1]
    made = Book(calendars.revisions(connection), policies(connection))
    _books[connection.engine] = (written, made)
    return made


def _written(connection: Connection) -> str:
    """A hash of everything that a book is made of."""
    digest = sha256()
    for table in (calendar_table, policy_table):
        columns = table.c
        query = select(
            columns.name, columns.number, columns.recorded, columns.correction, cast(columns.document, Text)
        )
        for row in connection.execute(query.order_by(columns.name, columns.number)):
            digest.update(repr(tuple(row)).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def stamp(book: Book) -> str:
    """What clocks were computed from, as a hash: changes with every revision of a policy or calendar."""
    return _hash(book, lasting=False)


def lasting_stamp(book: Book) -> str:
    """The same for tickets that are over: only what may still change their clocks.

    What was finished keeps what was known then. New are to it corrections, and what was entered only after
    everything (see :func:`lexops.calendars.model.known`).
    """
    return _hash(book, lasting=True)


def _hash(book: Book, *, lasting: bool) -> str:
    # A calendar that no policy has ever named counts nothing, however it is changed.
    named = {each.value.calendar for revisions in book.policies.values() for each in revisions}
    rooms: dict[str, Mapping[str, Sequence[Revision[Any]]]] = {
        "calendar": {name: found for name, found in book.calendars.items() if name in named},
        "policy": book.policies,
    }
    told = [
        [room, name, each.number, each.correction]
        for room, kept in rooms.items()
        for name, revisions in sorted(kept.items())
        for each in revisions
        if not lasting or each.correction or each.number == 1
    ]
    return sha256(json.dumps([lasting, told]).encode()).hexdigest()


# Why promises were broken.


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a promise was broken, as somebody recorded it."""

    incident: int
    kind: ClockKind
    round: int
    responsibility: Responsibility
    reason: str
    operator: str
    at: datetime


def add_reason(connection: Connection, reason: Reason) -> None:
    """Record why a promise was broken; what was recorded before stays and is shown with it."""
    values = {
        "incident": reason.incident,
        "kind": reason.kind.value,
        "round": reason.round,
        "responsibility": reason.responsibility.value,
        "reason": reason.reason,
        "operator": reason.operator,
        "at": reason.at,
    }
    connection.execute(insert(reason_table).values(values))


def reasons(connection: Connection, incidents: Iterable[int]) -> list[Reason]:
    """All that was recorded about the broken promises of some incidents, in order."""
    columns = reason_table.c
    found = []
    for some in batches(incidents):
        query = select(reason_table).where(columns.incident.in_(some)).order_by(columns.id)
        for row in connection.execute(query):
            found.append(
                Reason(
                    row.incident,
                    ClockKind(row.kind),
                    row.round,
                    Responsibility(row.responsibility),
                    row.reason,
                    row.operator,
                    row.at,
                )
            )
    return found
