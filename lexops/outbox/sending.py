"""Queries of the dispatcher: what is due, who takes it, what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from lexops.outbox import backoff
from lexops.outbox.bundling import Send
from lexops.outbox.model import Attempt, Message, State, Urgency
from lexops.outbox.store import DELIVERED, FAILED, MANY, attempts, message_of
from lexops.outbox.tables import attempt_table, message_table
from lexops.store import event

MOST = 2000
"""Messages that are looked at in one turn."""
SLACK = timedelta(minutes=5)
"""A moment further away than it can be by this much was written before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now."""

    message: Message
    together: str
    """Those with the same mark were tried in one message, and are tried again in one; empty: never tried."""


def due(connection: Connection, now: datetime, lease: timedelta) -> list[Due]:
    """What is to be sent now, pages first, then the oldest; also what a worker took and did not finish.

    `lease` is the longest that a worker may have. A moment that is too far away to be true was written before
    the clock was set back, and does not make anything wait.
    """
    columns = message_table.c
    query = select(message_table).where(_is_due(now, lease))
    rows = connection.execute(query.order_by(columns.urgency.desc(), columns.id).limit(MOST))
    return [Due(message_of(row), row.claimed_by or "" if row.attempts else "") for row in rows]


def _is_due(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    columns = message_table.c
    return or_(
        and_(
            columns.state == State.WAITING.value,
            or_(
                columns.due <= now,
                and_(columns.created > now, columns.due <= columns.created),
                and_(columns.attempts > 0, columns.due > now + 2 * backoff.LONGEST),
            ),
        ),
        and_(
            columns.state == State.SENDING.value,
            or_(columns.claimed_until <= now, columns.claimed_until > now + lease + SLACK),
        ),
    )


def claim(
    connection: Connection, wanted: Sequence[Message], token: str, now: datetime, lease: timedelta
) -> list[Message]:
    """Take messages for sending; answers those that were still there to be taken, as they are now.

    An attempt counts from here on: a message that kills whoever sends it is not sent for ever. `token` names
    this one sending; `lease` is how long nobody else takes them.
    """
    columns = message_table.c
    known = {each.id: (each.rank, each.attempts) for each in wanted}
    query = select(message_table).where(columns.id.in_(known), _is_due(now, lease)).order_by(columns.id)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    ids = [row.id for row in rows if (row.rank, row.attempts) == known[row.id]]
    if not ids:
        return []
    values = {"state": State.SENDING.value, "claimed_by": token, "claimed_until": now + lease}
    statement = update(message_table).where(columns.id.in_(ids))
    connection.execute(statement.values(attempts=columns.attempts + 1, **values))
    taken = select(message_table).where(columns.id.in_(ids)).order_by(columns.id)
    return [message_of(row) for row in connection.execute(taken)]


def still_wanted(connection: Connection, ids: Collection[int], token: str) -> set[int]:
    """Which of the messages taken under a token nobody has cancelled since."""
    columns = message_table.c
    mine = (columns.id.in_(ids), columns.claimed_by == token, columns.state == State.SENDING.value)
    return set(connection.scalars(select(columns.id).where(*mine)))


def hold(connection: Connection, until: Mapping[int, datetime]) -> None:
    """Let messages wait, unless somebody has taken them meanwhile."""
    columns = message_table.c
    for id, moment in sorted(until.items()):
        waits = (columns.id == id, columns.state == State.WAITING.value)
        connection.execute(update(message_table).where(*waits).values(due=moment))


def note(connection: Connection, after: Message, attempt: Attempt | None, token: str) -> None:
    """Write down what came of a sending: the try, and the message as it is from now on.

    What was cancelled meanwhile stays cancelled; the try is written all the same.
    """
    columns = message_table.c
    if attempt is not None:
        connection.execute(
            insert(attempt_table).values(
                message=attempt.message,
                at=attempt.at,
                channel=attempt.channel,
                address=attempt.address,
                delivered=attempt.delivered,
                detail=attempt.detail,
            )
        )
    mine = (columns.id == after.id, columns.claimed_by == token, columns.state == State.SENDING.value)
    changed = connection.execute(
        update(message_table)
        .where(*mine)
        .values(
            state=after.state.value,
            rank=after.rank,
            attempts=after.attempts,
            due=after.due,
            ended=after.ended,
            proof=after.proof,
            error=after.error,
            claimed_by=token if after.attempts and not after.state.is_over else None,
            claimed_until=None,
        )
    )
    if changed.rowcount and after.state.is_over and after.ended is not None:
        kind = FAILED if after.state is State.FAILED else DELIVERED
        data = {"message": after.id, "recipient": str(after.recipient), "urgency": after.urgency.value}
        event.append(connection, after.ended, kind, after.subject, data)


def done(connection: Connection, id: int) -> set[tuple[str, str]]:
    """By which channels and addresses a message has been delivered."""
    return {(each.channel, each.address) for each in attempts(connection, id) if each.delivered}


def carried(connection: Connection, message: Message) -> list[tuple[str, str]]:
    """By which channels and addresses pages about a message's subject have reached its recipient."""
    columns, tries = message_table.c, attempt_table.c
    query = (
        select(tries.channel, tries.address)
        .join(message_table, columns.id == tries.message)
        .where(
            columns.subject == message.subject,
            columns.recipient == str(message.recipient),
            columns.urgency == Urgency.PAGE.value,
            tries.delivered,
        )
        .distinct()
        .order_by(tries.channel, tries.address)
    )
    return [(row.channel, row.address) for row in connection.execute(query)]


def sends(connection: Connection, since: datetime, until: datetime) -> list[Send]:
    """What was sent in a span; a bundle counts once."""
    tries = attempt_table.c
    query = (
        select(tries.at, tries.channel, tries.address, message_table.c.recipient)
        .join(message_table, message_table.c.id == tries.message)
        .where(tries.at > since, tries.at <= until)
        .distinct()
    )
    return [Send(row.at, row.channel, row.address, row.recipient) for row in connection.execute(query)]


def forget(connection: Connection, before: datetime) -> int:
    """Delete some of what ended before a moment, with its attempts; answers how many messages."""
    columns = message_table.c
    query = select(columns.id).where(columns.ended < before).order_by(columns.id).limit(MANY)
    ids = list(connection.scalars(query))
    connection.execute(delete(attempt_table).where(attempt_table.c.message.in_(ids)))
    connection.execute(delete(message_table).where(columns.id.in_(ids)))
    return len(ids)
