"""Which requests were carried out; the key makes an act happen once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Integer, String, Table, Text, insert, select

from lexops.operations.model import Request
from lexops.store.database import Moment, metadata

request_table = Table(
    "request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("operation", String(80), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("operator", String(80), nullable=False),
    Column("door", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("answer", Text, nullable=False),
)


def answer_of(connection: Connection, key: str) -> str | None:
    """What was answered when the request with this key was carried out; None if it was not."""
    return connection.scalar(select(request_table.c.answer).where(request_table.c.key == key))


def record(connection: Connection, request: Request, at: datetime, answer: str) -> None:
    """Keep a carried-out request, in the act's own transaction."""
    connection.execute(
        insert(request_table).values(
            key=request.key,
            operation=request.operation,
            arguments={name: str(value) for name, value in request.arguments.items()},
            operator=request.operator,
            door=request.door,
            at=at,
            answer=answer,
        )
    )
