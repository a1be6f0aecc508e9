"""When a message is late. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from lexops.outbox.model import Message, State, Urgency

LATE = {Urgency.PAGE: timedelta(minutes=5), Urgency.NOTICE: timedelta(hours=1)}
"""Messages that are due for so long are not being sent at all."""


def is_overdue(message: Message, now: datetime) -> bool:
    """Whether it waits and should have gone long ago."""
    return message.state is State.WAITING and message.due <= now - LATE[message.urgency]
