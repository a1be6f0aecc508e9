"""Who works on this store, and what could not be loaded there."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from lexops.checks.tables import broken_table, worker_table

DEAD_AFTER = timedelta(seconds=20)
"""A worker without a sign of life for so long counts as gone."""


def is_worker_alive(connection: Connection, at: datetime) -> bool:
    """Whether a worker has shown a sign of life lately, and its process is not known to be gone."""
    query = select(worker_table).where(worker_table.c.beat > at - DEAD_AFTER)
    return any(not _is_gone(row.name, row.pid) for row in connection.execute(query))


def worker_name(pid: int) -> str:
    """A name for a worker process, unique also when a process number is used again."""
    return f"{socket.gethostname()}/{pid}/{uuid4().hex[:6]}"


def _is_gone(name: str, pid: int) -> bool:
    """Whether a worker of this machine has no process any more; of other machines nothing is known."""
    if name.partition("/")[0] != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def claim_worker(connection: Connection, name: str, pid: int, at: datetime) -> bool:
    """Become the site's worker; False while another one is alive."""
    if is_worker_alive(connection, at):
        return False
    connection.execute(delete(worker_table))
    connection.execute(insert(worker_table).values(name=name, pid=pid, started=at, beat=at))
    return True


def beat(connection: Connection, name: str, at: datetime) -> bool:
    """Show a sign of life; False when another worker has taken over."""
    done = connection.execute(update(worker_table).where(worker_table.c.name == name).values(beat=at))
    return done.rowcount == 1


def release_worker(connection: Connection, name: str) -> None:
    """Leave, so that the next worker may start at once."""
    connection.execute(delete(worker_table).where(worker_table.c.name == name))


def set_broken(connection: Connection, broken: Mapping[str, str]) -> None:
    """Say which plug-ins could not be loaded."""
    connection.execute(delete(broken_table))
    if broken:
        rows = [{"name": name[:200], "reason": reason} for name, reason in broken.items()]
        connection.execute(insert(broken_table), rows)
