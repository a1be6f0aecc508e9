"""When the next update was promised, and who is reminded of it when. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from lexops.communication.model import Due, Notice, Promise

EARLY = timedelta(minutes=10)
"""So long before the promised moment there is a first reminder."""


class Reminder(StrEnum):
    """Which reminder it is; a part of its message's key."""

    EARLY = "early"
    DUE = "due"


def promise(notice: Notice, now: datetime) -> Promise | None:
    """How the promise of an update stands that no newer one has kept; None where it promised nothing."""
    if notice.promised is None:
        return None
    if now >= notice.promised:
        return Promise(notice, notice.promised, Due.OVERDUE)
    soon = now >= notice.promised - EARLY
    return Promise(notice, notice.promised, Due.SOON if soon else Due.LATER)


def reminder(notice: Notice, now: datetime) -> Reminder | None:
    """The reminder that is due now for an update that no newer one has kept; None when there is none.

    Each comes once. There is no early one for what was promised at such short notice that its author cannot
    have forgotten it, and none after the moment itself when nobody looked before.
    """
    if notice.promised is None or now < notice.promised - EARLY:
        return None
    if now >= notice.promised:
        told = notice.reminded is not None and notice.reminded >= notice.promised
        return None if told else Reminder.DUE
    told = notice.reminded is not None or notice.promised - EARLY <= notice.at
    return None if told else Reminder.EARLY
