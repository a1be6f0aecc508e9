"""Who watches an incident: operators who want to be told of it, though it is not theirs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from lexops.incidents.tables import watcher_table


def watch(connection: Connection, incident: int, operator: str) -> bool:
    """Tell an operator of what happens to it; False when they watch it already."""
    if operator in watchers(connection, incident):
        return False
    connection.execute(insert(watcher_table).values(incident=incident, operator=operator))
    return True


def unwatch(connection: Connection, incident: int, operator: str) -> bool:
    """Tell them no more; False when they did not watch it."""
    columns = watcher_table.c
    gone = delete(watcher_table).where(columns.incident == incident, columns.operator == operator)
    return connection.execute(gone).rowcount > 0


def watchers(connection: Connection, incident: int) -> tuple[str, ...]:
    """The operators who watch an incident, by name."""
    columns = watcher_table.c
    query = select(columns.operator).where(columns.incident == incident).order_by(columns.operator)
    return tuple(connection.scalars(query))


def watched(connection: Connection, operator: str | None = None) -> dict[int, frozenset[str]]:
    """Who watches which incident, or only what one operator watches."""
    columns = watcher_table.c
    query = select(columns.incident, columns.operator)
    if operator is not None:
        query = query.where(columns.operator == operator)
    found: dict[int, frozenset[str]] = {}
    for row in connection.execute(query):
        found[row.incident] = found.get(row.incident, frozenset()) | {row.operator}
    return found


def add_all(connection: Connection, incident: int, operators: Iterable[str]) -> None:
    """Tell several operators of what happens to it."""
    for operator in operators:
        watch(connection, incident, operator)
