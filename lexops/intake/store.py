"""What arrived, in its table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lexops.errors import NotFound
from lexops.intake.mail import known_as
from lexops.intake.model import Arrival, Source
from lexops.intake.tables import arrival_table


def claim(connection: Connection, source: Source, key: str, at: datetime) -> int | None:
    """Note that something arrived; answers its number, None when it had before.

    Whoever does the same at the same time waits until this transaction has ended, and then sees it.
    """
    making = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    adding = making(arrival_table).values(source=source.value, key=key, at=at, refused="")
    done = connection.execute(adding.on_conflict_do_nothing().returning(arrival_table.c.id)).first()
    return int(done.id) if done is not None else None


def settle(connection: Connection, id: int, *, incident: int | None = None, refused: str = "") -> None:
    """Say what became of an arrival: the incident, or why there is none."""
    values: dict[str, Any] = {"incident": incident, "refused": refused}
    connection.execute(update(arrival_table).where(arrival_table.c.id == id).values(**values))


def find(connection: Connection, source: Source, key: str) -> Arrival | None:
    """What arrived under a key."""
    columns = arrival_table.c
    query = select(arrival_table).where(columns.source == source.value, columns.key == key)
    row = connection.execute(query).first()
    return _arrival(row) if row else None


def get(connection: Connection, id: int) -> Arrival:
    """The arrival with this number. Raises NotFound."""
    row = connection.execute(select(arrival_table).where(arrival_table.c.id == id)).first()
    if row is None:
        raise NotFound(f"nothing arrived under {id}", hint="see: lexops intake list")
    return _arrival(row)


def arrivals(
    connection: Connection, since: datetime | None = None, *, refused_only: bool = False
) -> list[Arrival]:
    """What arrived, the newest first."""
    columns = arrival_table.c
    query = select(arrival_table).order_by(columns.at.desc(), columns.id.desc())
    if since is not None:
        query = query.where(columns.at >= since)
    if refused_only:
        query = query.where(columns.refused != "")
    return [_arrival(row) for row in connection.execute(query)]


def answered(connection: Connection, message_ids: Collection[str]) -> int | None:
    """The incident that the newest of these mails was about; None when none of them is known."""
    columns = arrival_table.c
    if not message_ids:
        return None
    known = or_(*(columns.key.startswith(known_as(each), autoescape=True) for each in message_ids))
    query = select(columns.incident).where(
        columns.source == Source.MAIL.value, columns.incident.is_not(None), known
    )
    return connection.scalars(query.order_by(columns.id.desc()).limit(1)).first()


def episodes(connection: Connection, fingerprint: str) -> list[Arrival]:
    """What was told of an alert, the first first."""
    columns = arrival_table.c
    of_it = columns.key.startswith(f"{fingerprint} ", autoescape=True)
    query = select(arrival_table).where(columns.source == Source.ALERT.value, of_it).order_by(columns.id)
    return [_arrival(row) for row in connection.execute(query)]


def _arrival(row: Row[Any]) -> Arrival:
    return Arrival(row.id, Source(row.source), row.key, row.at, row.incident, row.refused)
