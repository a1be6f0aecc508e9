"""Every revision of every rota, and all overrides; the only SQL on these tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from lexops.auth import store as people
from lexops.calendars import store as calendars
from lexops.calendars.model import Calendar, Revision
from lexops.calendars.revisions import Revisions
from lexops.errors import NotFound
from lexops.oncall.document import from_document, to_document
from lexops.oncall.model import Book, Override, Rota
from lexops.oncall.tables import override_table, rota_table
from lexops.store.database import added

_rotas = Revisions(rota_table, "rota", "lexops oncall", "lexops oncall layer", from_document, to_document)
history = _rotas.history
add = _rotas.add


def book(connection: Connection, since: datetime | None = None) -> Book:
    """All that says who is on call; with `since` without the overrides that ended by then.

    Raises StoreError.
    """
    rotas = _rotas.all(connection)
    entries = (each.value for revisions in rotas.values() for each in revisions)
    return Book(rotas, tuple(overrides(connection, since=since)), holidays(connection, entries))


def overrides(
    connection: Connection, rota: str | None = None, since: datetime | None = None
) -> list[Override]:
    """Overrides as they were recorded, also removed ones; with `since` those that end after it."""
    columns = override_table.c
    query = select(override_table).order_by(columns.recorded, columns.id)
    if rota is not None:
        query = query.where(columns.rota == rota)
    if since is not None:
        query = query.where(columns.ends > since)
    return [_override(row) for row in connection.execute(query)]


def override(connection: Connection, id: int) -> Override:
    """One override. Raises NotFound."""
    row = connection.execute(select(override_table).where(override_table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no override {id}", hint="see: lexops oncall history ROTA")
    return _override(row)


def able(connection: Connection, at: datetime) -> dict[str, datetime | None]:
    """The operators who may act at a moment, with when that ends."""
    return {each.name: each.expires for each in people.operators(connection) if each.is_active(at)}


def add_override(connection: Connection, wanted: Override) -> Override:
    """Enter an override; the number it has then is the store's."""
    values = {
        "rota": wanted.rota,
        "starts": wanted.starts,
        "ends": wanted.ends,
        "person": wanted.person,
        "instead_of": wanted.instead_of,
        "reason": wanted.reason,
        "operator": wanted.operator,
        "recorded": wanted.recorded,
    }
    return replace(wanted, id=added(connection, insert(override_table).values(values)))


def remove_override(connection: Connection, id: int, at: datetime) -> bool:
    """Take an override back from a moment on; False when it was taken back already."""
    columns = override_table.c
    query = update(override_table).where(columns.id == id, columns.removed.is_(None)).values(removed=at)
    return connection.execute(query).rowcount == 1


def holidays(connection: Connection, rotas: Iterable[Rota]) -> dict[str, list[Revision[frozenset[int]]]]:
    """The days off of the calendars that layers of rotas name, as they were known when.

    Raises NotFound or StoreError.
    """
    names = {layer.holidays[1:] for rota in rotas for layer in rota.layers if layer.holidays}
    return {name: [_days_off(each) for each in calendars.history(connection, name)] for name in sorted(names)}


def _days_off(known: Revision[Calendar]) -> Revision[frozenset[int]]:
    """Of a calendar its dates that differ and have no hours: holidays and closures, not weekends."""
    days = (on.toordinal() for on, day in known.value.days.items() if not day.hours)
    return Revision(
        frozenset(days), known.number, known.recorded, known.correction, known.operator, known.reason
    )


def _override(row: Row[Any]) -> Override:
    return Override(
        row.id,
        row.rota,
        row.starts,
        row.ends,
        row.person,
        row.instead_of,
        row.reason,
        row.operator,
        row.recorded,
        row.removed,
    )
