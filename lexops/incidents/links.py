"""What incidents are linked with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from lexops.incidents.model import Link, LinkKind, Relation
from lexops.incidents.tables import link_table


def add(connection: Connection, link: Link) -> bool:
    """Link an incident with something; False when it is so already."""
    if link_of(connection, link.incident, link.kind, link.ref, link.relation) is not None:
        return False
    connection.execute(
        insert(link_table).values(
            incident=link.incident,
            kind=link.kind.value,
            ref=link.ref,
            relation=link.relation.value,
            at=link.at,
            operator=link.operator,
        )
    )
    return True


def join(
    connection: Connection, incident: int, other: int, relation: Relation, at: datetime, author: str
) -> None:
    """Link two incidents: the first is `relation` the other."""
    add(connection, Link(incident, LinkKind.INCIDENT, str(other), relation, at, author))


def remove(
    connection: Connection, incident: int, kind: LinkKind, ref: str, relation: Relation | None = None
) -> int:
    """Take links away, all of them or those of one relation; answers how many."""
    columns = link_table.c
    gone = delete(link_table).where(
        columns.incident == incident, columns.kind == kind.value, columns.ref == ref
    )
    if relation is not None:
        gone = gone.where(columns.relation == relation.value)
    return connection.execute(gone).rowcount


def link_of(
    connection: Connection, incident: int, kind: LinkKind, ref: str, relation: Relation
) -> Link | None:
    """One link, if it is there."""
    columns = link_table.c
    row = connection.execute(
        select(link_table).where(
            columns.incident == incident,
            columns.kind == kind.value,
            columns.ref == ref,
            columns.relation == relation.value,
        )
    ).first()
    return _link(row) if row else None


def links(connection: Connection, incident: int) -> tuple[Link, ...]:
    """What an incident is linked with, in the order in which it was."""
    query = select(link_table).where(link_table.c.incident == incident).order_by(link_table.c.id)
    return tuple(_link(row) for row in connection.execute(query))


def linked_to(connection: Connection, kind: LinkKind, ref: str) -> tuple[Link, ...]:
    """The links of incidents that lead to something: to another incident, an article, a check."""
    columns = link_table.c
    query = select(link_table).where(columns.kind == kind.value, columns.ref == ref)
    return tuple(_link(row) for row in connection.execute(query.order_by(columns.id)))


def edges(connection: Connection, relation: Relation) -> list[tuple[int, int]]:
    """Which incident is `relation` which, as pairs."""
    columns = link_table.c
    query = select(columns.incident, columns.ref).where(
        columns.kind == LinkKind.INCIDENT.value, columns.relation == relation.value
    )
    return [(row.incident, int(row.ref)) for row in connection.execute(query)]


def _link(row: Row[Any]) -> Link:
    return Link(row.incident, LinkKind(row.kind), row.ref, Relation(row.relation), row.at, row.operator)
