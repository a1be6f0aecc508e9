"""What the checks of LexOps itself ask of its store; each question is one short read."""

from __future__ import annotations

import errno
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from lexops.audit.tables import entry_table
from lexops.checks import asked
from lexops.checks.history import LEXOPS
from lexops.checks.model import Status
from lexops.checks.presence import DEAD_AFTER, workers
from lexops.checks.schedule import is_stale
from lexops.checks.sight import Count, Glance, count
from lexops.checks.tables import broken_table, check_table, failing_chore_table, lane_table, worker_table

_IN_USE = os.strerror(errno.EADDRINUSE)
_PROBLEMS = [status.value for status in Status if status.is_problem]
STALE_PARTS = 2.5
"""A result is stale after about so many intervals (`lexops.checks.schedule.stale_after`)."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Checks without an answer, of all that have been asked."""

    unknown: int
    stale: int
    asked: int


@dataclass(frozen=True, slots=True)
class Size:
    """The store's size in bytes, and what it could become; None where its disk is not ours to see."""

    taken: int
    limit: int | None


def blindness(connection: Connection, now: datetime, lanes: Mapping[str, str]) -> Count:
    """How many independent targets fail at once, as the worker sees it that sees the least."""
    columns = check_table.c
    down = {target for target, check in asked.in_downtime(connection, now) if check is None}
    workers = {row.name: row.worker for row in connection.execute(select(lane_table))}
    rows = connection.execute(
        select(columns.target, columns.status, columns.told, columns.checked).where(
            columns.availability, columns.status.is_not(None), columns.target != LEXOPS
        )
    )
    glances: dict[str | None, list[Glance]] = defaultdict(list)
    for row in rows:
        if row.target not in down:
            lane = lanes.get(row.target, row.target)
            glance = Glance(lane, row.status in _PROBLEMS, row.told in _PROBLEMS, row.checked)
            glances[workers.get(lane)].append(glance)
    counts = [count(seen) for seen in glances.values()]
    return max(counts, key=lambda c: (c.is_blind, c.failing, c.lanes), default=Count(0, 0))


def lateness(connection: Connection, now: datetime) -> list[float]:
    """By what share of its interval each check is overdue now, in percent, in order."""
    columns = check_table.c
    rows = connection.execute(
        select(columns.due, columns.stale_after).where(columns.status.is_not(None), columns.target != LEXOPS)
    )
    return sorted(
        100 * max(0.0, (now - row.due).total_seconds()) / (row.stale_after / STALE_PARTS) for row in rows
    )


def unseen(connection: Connection, now: datetime) -> Unseen:
    """How many checks say nothing. What is unreachable is its target's failure, and not counted twice."""
    columns = check_table.c
    rows = connection.execute(
        select(columns.status, columns.checked, columns.stale_after).where(
            columns.status.is_not(None), ~columns.unreachable, columns.target != LEXOPS
        )
    ).all()
    stale = sum(is_stale(row.checked, timedelta(seconds=row.stale_after), now) for row in rows)
    return Unseen(sum(row.status == Status.UNKNOWN.value for row in rows), stale, len(rows))


def broken(connection: Connection, _now: datetime) -> dict[str, str]:
    """The plug-ins that could not be loaded, with the reason."""
    return {row.name: row.reason for row in connection.execute(select(broken_table))}


def silent_workers(connection: Connection, now: datetime) -> dict[str, float]:
    """Workers without a sign of life, with the seconds since their last."""
    rows = connection.execute(select(worker_table).where(worker_table.c.beat <= now - DEAD_AFTER))
    return {row.name: (now - row.beat).total_seconds() for row in rows}


def failing_chores(connection: Connection, _now: datetime) -> dict[str, str]:
    """What workers do again and again and cannot do now, with the reason.

    An address is one worker's on its machine: that others find it in use is well while one of them serves.
    """
    query = select(failing_chore_table).order_by(failing_chore_table.c.name)
    rows = connection.execute(query).all()
    failing = {(row.worker, row.name) for row in rows}
    others = workers(connection)

    def is_served(worker: str, chore: str) -> bool:
        machine = worker.partition("/")[0]
        return any(other.partition("/")[0] == machine and (other, chore) not in failing for other in others)

    return {
        row.name: row.reason
        for row in rows
        if not (row.reason.endswith(_IN_USE) and is_served(row.worker, row.name))
    }


def idle_lanes(connection: Connection, _now: datetime) -> tuple[int, int]:
    """How many lanes nobody looks after, and of how many."""
    columns = lane_table.c
    row = connection.execute(select(func.count(), func.count(columns.worker)).select_from(lane_table)).one()
    return row[0] - row[1], row[0]


def unsealed(connection: Connection, now: datetime) -> tuple[int, float]:
    """How many entries of the record wait for their seal, and for how many seconds the oldest does."""
    columns = entry_table.c
    row = connection.execute(
        select(func.count(), func.min(columns.at)).where(columns.leaf_index.is_(None))
    ).one()
    return row[0], (now - row[1]).total_seconds() if row[1] else 0.0


def size(connection: Connection, _now: datetime, folder: Path | None) -> Size:
    """What the store takes; its limit is that and what is free on its disk."""
    if connection.dialect.name != "sqlite":
        taken = connection.scalar(text("SELECT pg_database_size(current_database())"))
        return Size(int(taken or 0), None)
    pages = connection.scalar(text("PRAGMA page_count")) or 0
    taken = int(pages * (connection.scalar(text("PRAGMA page_size")) or 0))
    if folder is None:
        return Size(taken, None)
    disk = os.statvfs(folder)
    return Size(taken, taken + disk.f_bavail * disk.f_frsize)
