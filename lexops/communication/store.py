"""Queries of what was told, and what is promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from lexops.communication.model import Notice, NoticeKind, Promise
from lexops.communication.promises import promise
from lexops.communication.tables import notice_table
from lexops.errors import NotFound
from lexops.store.database import added


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices; what is None does not matter."""

    kind: NoticeKind | None = None
    audience: str | None = None
    incident: int | None = None


ALL = Wanted()


def add(connection: Connection, notice: Notice) -> Notice:
    """Keep what is told; answers it with its number."""
    number = added(
        connection,
        insert(notice_table).values(
            kind=notice.kind.value,
            audience=notice.audience,
            title=notice.title,
            text=notice.text,
            at=notice.at,
            operator=notice.operator,
            incident=notice.incident,
            promised=notice.promised,
            starts=notice.starts,
            ends=notice.ends,
        ),
    )
    return get(connection, number)


def get(connection: Connection, id: int) -> Notice:
    """A notice by its number. Raises NotFound."""
    row = connection.execute(select(notice_table).where(notice_table.c.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no notice {id}", hint="see: lexops notice list")
    return _notice(row)


def notices(connection: Connection, wanted: Wanted = ALL) -> list[Notice]:
    """What was told, the newest first."""
    columns = notice_table.c
    query = select(notice_table).order_by(columns.at.desc(), columns.id.desc())
    if wanted.kind is not None:
        query = query.where(columns.kind == wanted.kind.value)
    if wanted.audience is not None:
        query = query.where(columns.audience == wanted.audience)
    if wanted.incident is not None:
        query = query.where(columns.incident == wanted.incident)
    return [_notice(row) for row in connection.execute(query)]


def standing_updates(connection: Connection, incident: int | None = None) -> list[Notice]:
    """The newest update of each incident to each audience that promises another one, the next due first."""
    columns = notice_table.c
    query = select(notice_table).where(
        columns.kind == NoticeKind.UPDATE.value, columns.promised.is_not(None), ~_is_superseded()
    )
    if incident is not None:
        query = query.where(columns.incident == incident)
    return [_notice(row) for row in connection.execute(query.order_by(columns.promised, columns.id))]


def promises(connection: Connection, now: datetime, incident: int | None = None) -> list[Promise]:
    """The updates that were promised and have not come, the next due first; of one incident, or of all."""
    found = (promise(each, now) for each in standing_updates(connection, incident))
    return [each for each in found if each is not None]


def lock_update(connection: Connection, id: int) -> Notice | None:
    """An update as it is now, kept from others until the commit; None when a newer one has come.

    Whoever writes a newer one locks it too (:func:`supersede`): either the reminder is put before, and
    cancelled by the newer update, or it is not put at all.
    """
    row = connection.execute(
        select(notice_table).where(notice_table.c.id == id).with_for_update()
    ).one_or_none()
    newer = connection.scalar(select(notice_table.c.id).where(notice_table.c.id == id, _is_superseded()))
    return _notice(row) if row is not None and newer is None else None


def supersede(connection: Connection, incident: int, audience: str) -> list[Notice]:
    """The updates whose promise a new one keeps, kept from others until the commit."""
    columns = notice_table.c
    query = select(notice_table).where(
        columns.kind == NoticeKind.UPDATE.value,
        columns.incident == incident,
        columns.audience == audience,
        columns.promised.is_not(None),
        ~_is_superseded(),
    )
    return [_notice(row) for row in connection.execute(query.with_for_update())]


def set_reminded(connection: Connection, id: int, at: datetime) -> None:
    """Those who have to write the promised update were reminded."""
    connection.execute(update(notice_table).where(notice_table.c.id == id).values(reminded=at))


def withdraw(connection: Connection, id: int, at: datetime) -> bool:
    """Take an announcement back; False when that was done before."""
    columns = notice_table.c
    statement = update(notice_table).where(columns.id == id, columns.withdrawn.is_(None))
    return connection.execute(statement.values(withdrawn=at)).rowcount == 1


def _is_superseded() -> ColumnElement[bool]:
    """Whether a newer update of the same incident went to the same audience."""
    newer, columns = notice_table.alias("newer"), notice_table.c
    return (
        select(newer.c.id)
        .where(
            newer.c.kind == NoticeKind.UPDATE.value,
            newer.c.incident == columns.incident,
            newer.c.audience == columns.audience,
            newer.c.id > columns.id,
        )
        .correlate(notice_table)
        .exists()
    )


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        row.id,
        NoticeKind(row.kind),
        row.audience,
        row.title,
        row.text,
        row.at,
        row.operator,
        row.incident,
        row.promised,
        row.starts,
        row.ends,
        row.withdrawn,
        row.reminded,
    )
