"""The links between incidents and tickets there, in their tables."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lexops.errors import LexOpsError, NotFound
from lexops.trackers.model import Link
from lexops.trackers.tables import link_table, seen_table


class Lost(LexOpsError):
    """Another worker has this link by now, or it is gone."""


def add(
    connection: Connection, incident: int, tracker: str, external: str, pushed: int, now: datetime
) -> None:
    """Link an incident with a ticket there; it is compared at once. The database refuses a second one."""
    connection.execute(
        insert(link_table).values(
            incident=incident,
            tracker=tracker,
            external=external,
            url="",
            state="",
            pushed=pushed,
            pulled="",
            error="",
            failures=0,
            due=now,
        )
    )


def remove(connection: Connection, id: int) -> None:
    """Forget a link. What was seen there stays known, so that nothing comes twice if it is linked again."""
    connection.execute(delete(link_table).where(link_table.c.id == id))


def find(connection: Connection, incident: int, tracker: str) -> Link | None:
    """The link of an incident with a tracker, if it has one."""
    columns = link_table.c
    query = select(link_table).where(columns.incident == incident, columns.tracker == tracker)
    row = connection.execute(query).first()
    return _link(row) if row else None


def get(connection: Connection, incident: int, tracker: str) -> Link:
    """So too. Raises NotFound."""
    found = find(connection, incident, tracker)
    if found is None:
        raise NotFound(f"incident #{incident} has no ticket in {tracker}", hint="see: lexops tracker list")
    return found


def holder(connection: Connection, tracker: str, external: str) -> Link | None:
    """The link that a ticket there has."""
    columns = link_table.c
    query = select(link_table).where(columns.tracker == tracker, columns.external == external)
    row = connection.execute(query).first()
    return _link(row) if row else None


def links(connection: Connection, incident: int | None = None) -> list[Link]:
    """All links, or an incident's, the newest incident first."""
    columns = link_table.c
    query = select(link_table).order_by(columns.incident.desc(), columns.tracker)
    if incident is not None:
        query = query.where(columns.incident == incident)
    return [_link(row) for row in connection.execute(query)]


def change(connection: Connection, id: int, **values: Any) -> None:
    """Change columns of a link."""
    connection.execute(update(link_table).where(link_table.c.id == id).values(**values))


def postpone(connection: Connection, tracker: str, due: datetime) -> None:
    """Leave all links of a tracker alone until then."""
    columns = link_table.c
    late = update(link_table).where(columns.tracker == tracker, columns.due < due)
    connection.execute(late.values(due=due))


def failures(connection: Connection, tracker: str, error: str) -> int:
    """Exchanges that have failed in a row with these words, of all the links of a tracker."""
    columns = link_table.c
    query = select(func.sum(columns.failures)).where(columns.tracker == tracker, columns.error == error)
    return connection.scalar(query) or 0


def latest(connection: Connection, tracker: str) -> datetime | None:
    """When a tracker was last compared with to the end, whichever link it was."""
    columns = link_table.c
    found: datetime | None = connection.scalar(
        select(func.max(columns.synced)).where(columns.tracker == tracker)
    )
    return found


# Who has it.


class Hold:
    """A worker's right to exchange a link, for a while; it ends by itself when the worker dies."""

    def __init__(self, link: Link, until: datetime, lease: timedelta) -> None:
        self.link = link
        self._until, self._lease = until, lease

    def keep(self, connection: Connection, now: datetime, **values: Any) -> None:
        """Change the link, and have it for another while. Raises Lost when somebody else has it."""
        self._change(connection, {"claimed_until": _end(now, self._lease)} | values)

    def let_go(self, connection: Connection, **values: Any) -> None:
        """Change the link, and give it back. Raises Lost."""
        self._change(connection, {"claimed_until": None} | values)

    def _change(self, connection: Connection, values: dict[str, Any]) -> None:
        columns = link_table.c
        mine = update(link_table).where(columns.id == self.link.id, columns.claimed_until == self._until)
        if connection.execute(mine.values(**values)).rowcount != 1:
            raise Lost
        self._until = values["claimed_until"]


def claim(connection: Connection, trackers: Collection[str], now: datetime, lease: timedelta) -> Hold | None:
    """Take the link that is due first and that nobody has; None when there is none.

    Of those that are due together one that always fails comes last: others show that the tracker works.
    """
    columns = link_table.c
    free = or_(columns.claimed_until.is_(None), columns.claimed_until <= now)
    query = select(link_table).where(columns.tracker.in_(trackers), columns.due <= now, free)
    row = connection.execute(
        query.order_by(columns.due, columns.failures, columns.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    until = _end(now, lease)
    change(connection, row.id, claimed_until=until)
    return Hold(_link(row), until, lease)


def _end(now: datetime, lease: timedelta) -> datetime:
    """No two leases end at the same microsecond: by that a worker knows its own."""
    return now + lease + timedelta(microseconds=secrets.randbelow(1_000_000))


# What was seen.


def seen(connection: Connection, tracker: str, external: str) -> frozenset[str]:
    """Comments of a ticket that are ours, or are here already."""
    columns = seen_table.c
    query = select(columns.comment).where(columns.tracker == tracker, columns.external == external)
    return frozenset(connection.scalars(query))


def see(connection: Connection, tracker: str, external: str, comments: Iterable[str]) -> None:
    """Remember comments."""
    making = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"tracker": tracker, "external": external, "comment": each} for each in comments]
    if rows:
        connection.execute(making(seen_table).on_conflict_do_nothing(), rows)


def _link(row: Row[Any]) -> Link:
    return Link(
        row.id,
        row.incident,
        row.tracker,
        row.external,
        row.url,
        row.state,
        row.pushed,
        datetime.fromisoformat(row.pulled) if row.pulled else None,
        row.synced,
        row.error,
        row.failures,
        row.due,
    )
