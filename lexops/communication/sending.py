"""Puts what is told into the outbox, and takes back what is no longer needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from lexops.communication.model import Notice
from lexops.config import SiteFile
from lexops.outbox import store as outbox
from lexops.outbox.model import Message, Recipient, RecipientKind, State, Urgency
from lexops.text import clean, one_line


def unreachable(connection: Connection, file: SiteFile, audience: str) -> str:
    """Why nobody in an audience can be reached; empty when somebody can."""
    return outbox.reachable(connection, file, Recipient(RecipientKind.AUDIENCE, audience))


def send(
    connection: Connection,
    file: SiteFile,
    notice: Notice,
    template: str,
    values: Mapping[str, str],
    at: datetime,
    part: str = "",
) -> None:
    """Have an audience told a notice.

    What goes out are the words that were written for it, and no more: no code of a client, no title of an
    incident, nobody's name. `part` tells a second message about the same notice from the first.
    """
    known = {
        "title": one_line(notice.title),
        "text": clean(notice.text),
        "audience": notice.audience,
        "site": one_line(file.settings.site.name),
    }
    outbox.put(
        connection,
        Message(
            key=f"{notice.subject}/{part}" if part else notice.subject,
            subject=notice.subject,
            recipient=Recipient(RecipientKind.AUDIENCE, notice.audience),
            template=template,
            values=known | dict(values),
            urgency=Urgency.NOTICE,
            created=at,
            due=at,
        ),
    )


def stop(connection: Connection, notice: Notice, at: datetime, why: str) -> bool:
    """Send nothing more of what waits about a notice.

    Answers whether it may have reached somebody: only they need to hear that it no longer holds.
    """
    before = outbox.messages(connection, subject=notice.subject)
    outbox.cancel(connection, notice.subject, at, why, Urgency.NOTICE)
    return any(not _is_untouched(each) for each in before)


def _is_untouched(message: Message) -> bool:
    return message.state is State.WAITING and message.attempts == 0 and message.rank == 0


def keep_promise(connection: Connection, update: Notice, at: datetime) -> None:
    """Remind nobody any more of an update that has come."""
    for urgency in Urgency:
        outbox.cancel(connection, update.promise, at, "the promised update has come", urgency)
