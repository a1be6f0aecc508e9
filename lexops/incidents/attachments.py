"""Files that belong to incidents. Their content is kept as it came and never looked into."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from lexops.errors import NotFound
from lexops.incidents.model import Attachment
from lexops.incidents.tables import attachment_table
from lexops.store.database import added

_FACTS = [column for column in attachment_table.c if column.name != "content"]
"""What a list needs: contents are read one at a time."""


def add(connection: Connection, attachment: Attachment, content: bytes) -> int:
    """Keep a file; answers its number."""
    return added(
        connection,
        insert(attachment_table).values(
            incident=attachment.incident,
            name=attachment.name,
            type=attachment.type,
            size=attachment.size,
            sha256=attachment.sha256,
            content=content,
            at=attachment.at,
            operator=attachment.operator,
        ),
    )


def attachments(connection: Connection, incident: int) -> tuple[Attachment, ...]:
    """The files of an incident, in the order in which they came."""
    columns = attachment_table.c
    query = select(*_FACTS).where(columns.incident == incident).order_by(columns.id)
    return tuple(_attachment(row) for row in connection.execute(query))


def get(connection: Connection, id: int) -> tuple[Attachment, bytes]:
    """A file with its content. Raises NotFound."""
    query = select(attachment_table).where(attachment_table.c.id == id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no attachment {id}", hint="see: lexops incident show NUMBER")
    return _attachment(row), bytes(row.content)


def kept(connection: Connection, incident: int) -> int:
    """Bytes of all files of an incident."""
    columns = attachment_table.c
    query = select(func.coalesce(func.sum(columns.size), 0)).where(columns.incident == incident)
    return int(connection.scalar(query) or 0)


def same(connection: Connection, incident: int, sha256: str, name: str, at: datetime) -> Attachment | None:
    """A file of an incident with this content and name, if it has come before a moment."""
    columns = attachment_table.c
    query = select(*_FACTS).where(
        columns.incident == incident, columns.sha256 == sha256, columns.name == name, columns.at <= at
    )
    row = connection.execute(query).first()
    return _attachment(row) if row else None


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(row.id, row.incident, row.name, row.type, row.size, row.sha256, row.at, row.operator)
