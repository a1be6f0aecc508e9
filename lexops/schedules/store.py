"""The schedules' table: what was due last, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Integer, String, Table, Text, insert, select, update

from lexops.clock import show_duration
from lexops.schedules.cron import next_due
from lexops.schedules.model import Memory, Schedule, ScheduleView
from lexops.schedules.plan import Plan
from lexops.store.database import Moment, metadata

schedule_table = Table(
    "schedule_state",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("timing", String(200), nullable=False),
    Column("last_due", Moment),
    Column("last_key", String(120)),
    Column("last_outcome", Text),
    Column("claimed", Moment),
    Column("next_due", Moment, nullable=False),
    Column("missed", Integer, nullable=False),
)


def recall(connection: Connection, schedule: Schedule) -> Memory | None:
    """What is known of a schedule; None when it is new, changed, or rested until now."""
    row = connection.execute(select(schedule_table).where(schedule_table.c.name == schedule.name)).first()
    if row is None or row.timing != schedule.timing:
        return None
    return Memory(row.next_due, row.last_due, row.last_key, row.last_outcome, row.missed)


def begin(connection: Connection, schedule: Schedule, now: datetime) -> None:
    """Plan a new or changed schedule from now on: it has missed nothing before."""
    same = schedule_table.c.name == schedule.name
    values = {"timing": schedule.timing, "next_due": next_due(schedule.cron, schedule.zone, now)}
    if connection.execute(update(schedule_table).where(same).values(values)).rowcount == 0:
        connection.execute(insert(schedule_table).values(values | {"name": schedule.name, "missed": 0}))


def rest(connection: Connection, schedule: Schedule) -> None:
    """Make a disabled schedule be planned anew when it is enabled."""
    same = schedule_table.c.name == schedule.name
    connection.execute(update(schedule_table).where(same).values(timing=""))


def claim(connection: Connection, schedule: Schedule, seen: datetime, plan: Plan, at: datetime) -> bool:
    """Take what a plan found due, so that no other worker does; False when one has."""
    columns = schedule_table.c
    values = {"next_due": plan.next_due, "missed": columns.missed + plan.missed}
    if plan.fire is not None:
        key = schedule.key(plan.fire)
        values |= {"last_due": plan.fire, "last_key": key, "last_outcome": None, "claimed": at}
    done = connection.execute(
        update(schedule_table)
        .where(columns.name == schedule.name, columns.next_due == seen, columns.timing == schedule.timing)
        .values(values)
    )
    return done.rowcount == 1


def abandoned(connection: Connection, schedule: Schedule, before: datetime) -> str | None:
    """The key that somebody claimed before a moment and then did not hand over."""
    columns = schedule_table.c
    query = select(columns.last_key).where(
        columns.name == schedule.name,
        columns.last_key.is_not(None),
        columns.last_outcome.is_(None),
        columns.claimed < before,
    )
    return connection.scalar(query)


def tell(connection: Connection, schedule: Schedule, key: str, outcome: str) -> None:
    """Keep what came of a due time."""
    columns = schedule_table.c
    same = (columns.name == schedule.name, columns.last_key == key)
    connection.execute(update(schedule_table).where(*same).values(last_outcome=outcome))


def views(connection: Connection, schedules: Iterable[Schedule], now: datetime) -> list[ScheduleView]:
    """The schedules as they stand, in the order given."""
    rows = {row.name: row for row in connection.execute(select(schedule_table))}
    return [_view(schedule, rows.get(schedule.name), now) for schedule in schedules]


LATE = timedelta(minutes=2)
"""A time that passed so long ago without a run was missed."""


def late(connection: Connection, schedules: Iterable[Schedule], now: datetime) -> list[str]:
    """The enabled schedules whose time has passed without a run, as sentences."""
    return [
        f"{view.name} was due {show_duration(now - view.next_due)} ago"
        for view in views(connection, schedules, now)
        if view.next_due is not None and view.next_due < now - LATE
    ]


def _view(schedule: Schedule, row: object, now: datetime) -> ScheduleView:
    planned = getattr(row, "next_due", None) if getattr(row, "timing", "") == schedule.timing else None
    due = planned or next_due(schedule.cron, schedule.zone, now)
    return ScheduleView(
        schedule.name,
        schedule.cron,
        schedule.zone.key,
        schedule.operation,
        schedule.operator,
        schedule.enabled,
        getattr(row, "last_due", None),
        getattr(row, "last_key", None),
        getattr(row, "last_outcome", None),
        due if schedule.enabled else None,
        getattr(row, "missed", 0),
    )
