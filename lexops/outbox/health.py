"""Does telling people work? What has failed and is nobody's business yet, what should have gone long ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lexops.outbox import store
from lexops.outbox.lateness import LATE, is_overdue
from lexops.outbox.model import Message, State, Urgency

LOOKED_BACK = timedelta(days=1)
"""An older failure is history: what it was about has been escalated, or is over."""


@dataclass(frozen=True, slots=True)
class Health:
    """The messages that somebody should look at."""

    failed: Sequence[Message]
    overdue: Sequence[Message]

    def of(self, urgency: Urgency) -> Health:
        """Only pages, or only notices."""
        failed = [each for each in self.failed if each.urgency is urgency]
        return Health(failed, [each for each in self.overdue if each.urgency is urgency])


def health(connection: Connection, now: datetime) -> Health:
    """How the outbox stands now."""
    late = store.overdue(connection, now - min(LATE.values()))
    overdue = [each for each in late if each.state is State.SENDING or is_overdue(each, now)]
    return Health(store.unanswered(connection, now - LOOKED_BACK), overdue)
