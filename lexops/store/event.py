"""The append-only event table: live screens, replay and timelines feed on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, delete, func, insert, select

from lexops.store.database import Moment, metadata

event_table = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("kind", String(80), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,  # an id is never used again, so that "after id" is always right
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    id: int
    at: datetime
    kind: str
    subject: str
    data: Mapping[str, object]


def append(
    connection: Connection, at: datetime, kind: str, subject: str, data: Mapping[str, object] | None = None
) -> None:
    """Record that something happened, in the transaction in which it did."""
    connection.execute(insert(event_table).values(at=at, kind=kind, subject=subject, data=dict(data or {})))


def newest(connection: Connection) -> int:
    """Id of the newest event; grows whenever something a screen shows has changed."""
    return connection.scalar(select(func.coalesce(func.max(event_table.c.id), 0))) or 0


def after(connection: Connection, id: int, limit: int = 1000) -> list[Event]:
    """The events after `id`, oldest first."""
    columns = event_table.c
    query = select(event_table).where(columns.id > id).order_by(columns.id).limit(limit)
    return [Event(row.id, row.at, row.kind, row.subject, row.data) for row in connection.execute(query)]


def forget(connection: Connection, before: datetime) -> None:
    """Delete the events before a moment; the newest one stays, so that ids go on growing."""
    columns = event_table.c
    connection.execute(delete(event_table).where(columns.at < before, columns.id < newest(connection)))
