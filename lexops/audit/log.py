"""The record for screens: entries by what is asked for, and how well they are sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection

from lexops.audit import store
from lexops.audit.model import Checkpoint, Entry, WitnessState
from lexops.audit.tables import entry_table
from lexops.clock import Clock


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None means any. `kind` takes the kinds below it too: `request.*`."""

    kind: str | None = None
    actor: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How the record stands. `age` is the time since the newest seal."""

    entries: int
    unsealed: int
    newest: Checkpoint | None
    age: timedelta | None
    witnesses: tuple[WitnessState, ...]


def entries(
    connection: Connection,
    wanted: Filter | None = None,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Entries, newest first; `before` and `after` are identifiers of entries, to go on from there.

    With `after` they are the next `limit` behind it, still newest first. Raises StoreError.
    """
    conditions = _conditions(connection, wanted or Filter())
    columns = entry_table.c
    if before is not None:
        conditions.append(columns.id < store.arrival(before))
    if after is not None:
        conditions.append(columns.id > store.arrival(after))
        return store.find_entries(connection, conditions, limit, oldest_first=True)[::-1]
    return store.find_entries(connection, conditions, limit, oldest_first=False)


def entry(connection: Connection, entry_id: str) -> Entry | None:
    """The entry with this identifier, or at this place (`#12`)."""
    place = entry_id.removeprefix("#")
    if place.isdecimal() and len(place) < 10:
        return store.entry_by_index(connection, int(place))
    return store.entry_by_id(connection, entry_id)


def state(connection: Connection, clock: Clock) -> State:
    """How the record stands now."""
    every, unsealed = store.count_entries(connection)
    newest = store.newest_checkpoint(connection)
    age = None if newest is None else max(clock.now() - newest.at, timedelta(0))
    return State(every, unsealed, newest, age, tuple(store.witnesses(connection)))


def _conditions(connection: Connection, wanted: Filter) -> list[ColumnElement[bool]]:
    columns = entry_table.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.kind is not None:
        conditions.append(
            (columns.kind == wanted.kind) | columns.kind.startswith(f"{wanted.kind}.", autoescape=True)
        )
    if wanted.actor is not None:
        conditions.append(columns.actor == wanted.actor)
    if wanted.text is not None:
        conditions.append(store.body_text(connection).icontains(wanted.text, autoescape=True))
    if wanted.since is not None:
        conditions.append(columns.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(columns.at < wanted.until)
    return conditions
