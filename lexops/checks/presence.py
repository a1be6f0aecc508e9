"""Who works on this store and on which lanes, and what could not be loaded there."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, delete, insert, select, text, update

from lexops.checks.tables import broken_table, failing_chore_table, lane_table, worker_table

DEAD_AFTER = timedelta(seconds=20)
"""A worker without a sign of life for so long counts as gone."""


def is_worker_alive(connection: Connection, at: datetime) -> bool:
    """Whether any worker has shown a sign of life lately, and its process is not known to be gone."""
    query = select(worker_table).where(worker_table.c.beat > at - DEAD_AFTER)
    return any(not _is_gone(row.name, row.pid) for row in connection.execute(query))


def last_beat(connection: Connection) -> datetime | None:
    """The newest sign of life of any worker; None where none is known."""
    return connection.scalar(select(worker_table.c.beat).order_by(worker_table.c.beat.desc()).limit(1))


def worker_name(pid: int) -> str:
    """A name for a worker process, unique also when a process number is used again."""
    return f"{socket.gethostname()[:60]}/{pid}/{uuid4().hex[:6]}"


def _is_gone(name: str, pid: int) -> bool:
    """Whether a worker of this machine has no process any more; of other machines nothing is known."""
    if name.partition("/")[0] != socket.gethostname()[:60]:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def claim_worker(connection: Connection, name: str, pid: int, at: datetime) -> bool:
    """Become the store's only worker; False while another one is alive."""
    if is_worker_alive(connection, at):
        return False
    connection.execute(delete(worker_table))
    connection.execute(delete(failing_chore_table))
    connection.execute(update(lane_table).values(worker=None))
    _add_worker(connection, name, pid, at)
    return True


def join_workers(connection: Connection, name: str, pid: int, at: datetime) -> None:
    """Become one of a PostgreSQL store's workers. Those that start at the same moment do so in turn."""
    connection.execute(text(f"LOCK TABLE {worker_table.name} IN SHARE ROW EXCLUSIVE MODE"))
    _add_worker(connection, name, pid, at)


def _add_worker(connection: Connection, name: str, pid: int, at: datetime) -> None:
    connection.execute(insert(worker_table).values(name=name, pid=pid, started=at, beat=at))


def workers(connection: Connection) -> list[str]:
    """The names of all workers, the longest there first."""
    columns = worker_table.c
    return list(connection.scalars(select(columns.name).order_by(columns.started, columns.name)))


def beat(connection: Connection, name: str, at: datetime) -> bool:
    """Show a sign of life; False when another worker has taken over."""
    done = connection.execute(update(worker_table).where(worker_table.c.name == name).values(beat=at))
    return done.rowcount == 1


def release_worker(connection: Connection, *names: str) -> None:
    """Let workers leave, by themselves or because they are dead: others may have their lanes at once."""
    connection.execute(delete(worker_table).where(worker_table.c.name.in_(names)))
    connection.execute(delete(failing_chore_table).where(failing_chore_table.c.worker.in_(names)))
    connection.execute(update(lane_table).where(lane_table.c.worker.in_(names)).values(worker=None))


def set_lanes(connection: Connection, names: Collection[str]) -> None:
    """Make the table hold exactly these lanes; who has one keeps it.

    All are locked until the transaction ends, so that nobody records results meanwhile.
    """
    known = set(connection.scalars(_in_order(select(lane_table.c.name)).with_for_update()))
    connection.execute(delete(lane_table).where(lane_table.c.name.not_in(names)))
    if new := sorted(set(names) - known):
        connection.execute(insert(lane_table), [{"name": name, "worker": None} for name in new])


def holders(connection: Connection) -> dict[str, str | None]:
    """Who has each lane."""
    return {row.name: row.worker for row in connection.execute(select(lane_table))}


def take_lanes(connection: Connection, worker: str, most: int) -> set[str]:
    """Take up to so many lanes that nobody has; answers which."""
    columns = lane_table.c
    free = select(columns.name).where(columns.worker.is_(None)).limit(most)
    names = set(connection.scalars(_in_order(free).with_for_update(skip_locked=True)))
    connection.execute(update(lane_table).where(columns.name.in_(names)).values(worker=worker))
    return names


def give_back_lanes(connection: Connection, worker: str, names: Iterable[str]) -> None:
    """Let others have lanes."""
    columns = lane_table.c
    mine = (columns.worker == worker, columns.name.in_(list(names)))
    connection.execute(update(lane_table).where(*mine).values(worker=None))


def keep_lanes(connection: Connection, worker: str, names: Iterable[str]) -> set[str]:
    """Those of the lanes that the worker still has; they stay its own until the transaction ends."""
    columns = lane_table.c
    mine = select(columns.name).where(columns.worker == worker, columns.name.in_(list(names)))
    return set(connection.scalars(_in_order(mine).with_for_update()))


def _in_order(lanes: Select[Any]) -> Select[Any]:
    """Whoever locks several lanes does so in this order: then no two wait for each other."""
    return lanes.order_by(lane_table.c.name)


def set_failing(connection: Connection, worker: str, failing: Mapping[str, str]) -> None:
    """Say which of its chores a worker cannot do now, and why."""
    connection.execute(delete(failing_chore_table).where(failing_chore_table.c.worker == worker))
    if failing:
        rows = [{"worker": worker, "name": name, "reason": reason} for name, reason in failing.items()]
        connection.execute(insert(failing_chore_table), rows)


def set_broken(connection: Connection, broken: Mapping[str, str]) -> None:
    """Say which plug-ins could not be loaded."""
    connection.execute(delete(broken_table))
    if broken:
        rows = [{"name": name[:200], "reason": reason} for name, reason in broken.items()]
        connection.execute(insert(broken_table), rows)
