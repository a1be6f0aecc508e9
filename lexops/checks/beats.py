"""What jobs report of themselves, as kept; `heartbeat` is the check that looks at it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from lexops.checks.model import Status
from lexops.checks.tables import heartbeat_table
from lexops.config import HeartbeatSettings
from lexops.text import one_line

PREFIX = "heartbeat."
"""Begins the names of the checks."""
MESSAGE = 300
"""Characters of a job's message that are kept."""


class Report(StrEnum):
    """What a job says about itself."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


def beat(
    connection: Connection,
    name: str,
    settings: HeartbeatSettings,
    status: Status,
    message: str,
    at: datetime,
) -> datetime:
    """Keep a job's report; answers the moment by which the next one has to be there."""
    expected = at + settings.every + settings.grace
    values = {
        "beat": at,
        "expected": expected,
        "status": status.value,
        "message": one_line(message, MESSAGE),
    }
    own = update(heartbeat_table).where(heartbeat_table.c.name == name).values(values)
    if connection.execute(own).rowcount == 0:
        try:
            with connection.begin_nested():
                connection.execute(insert(heartbeat_table).values(name=name, **values))
        except IntegrityError:  # another first report came between
            connection.execute(own)
    return expected
