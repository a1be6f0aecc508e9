"""Filters of the queue that were saved under a name."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from lexops.errors import NotFound
from lexops.incidents.model import SavedView
from lexops.incidents.query import BUILT_IN
from lexops.incidents.tables import view_table

EVERYBODY = ""
"""In place of an operator: the view is everybody's."""


def save(connection: Connection, view: SavedView) -> None:
    """Keep a filter under a name, in place of the one that had it."""
    remove(connection, view.operator, view.name)
    connection.execute(insert(view_table).values(operator=view.operator, name=view.name, query=view.query))


def remove(connection: Connection, operator: str, name: str) -> bool:
    """Forget a saved filter; False when there was none."""
    columns = view_table.c
    gone = delete(view_table).where(columns.operator == operator, columns.name == name)
    return connection.execute(gone).rowcount > 0


def views(connection: Connection, operator: str) -> tuple[SavedView, ...]:
    """The saved filters that somebody sees, by name; their own hides everybody's of the same name."""
    columns = view_table.c
    query = select(view_table).where(columns.operator.in_([EVERYBODY, operator]))
    rows = connection.execute(query.order_by(columns.operator))
    found = {row.name: SavedView(row.name, row.operator, row.query) for row in rows}
    return tuple(found[name] for name in sorted(found))


def view(connection: Connection, operator: str, name: str) -> str:
    """The filter of a view, saved or always there. Raises NotFound."""
    known = dict(BUILT_IN) | {each.name: each.query for each in views(connection, operator)}
    if name not in known:
        raise NotFound(f"there is no view {name!r}", hint=f"there are: {', '.join(known)}")
    return known[name]
